"""What desks tell each other of their lanes is read as it was written, or not at all."""

import pytest

from crypto.attest.encoding import Value
from crypto.attest.header import MessageId
from crypto.attest.signing import KeyId
from crypto.seal.grants import Remembered
from crypto.seal.resends import (
    MOST_WANTED,
    ResendError,
    Stretch,
    Void,
    Wanted,
    resend_from_value,
    resend_to_value,
    voids_from_value,
    voids_to_value,
    wanted_from_value,
    wanted_to_value,
)

KID, MID = KeyId(bytes(16)), MessageId(bytes(32))
NO_ID = bytes(15)


def test_what_is_missing_reads_back() -> None:
    wanted = Wanted((Stretch(KID, 5, 6, 99), Stretch(KID, 9, 9, 100)), (MID,))

    assert wanted_from_value(wanted_to_value(wanted)) == wanted


def test_places_at_which_nothing_will_come_read_back() -> None:
    voids = (Void(KID, 5, MID), Void(KID, 7, MID))

    assert voids_from_value(voids_to_value(voids)) == voids


def test_a_message_that_is_sent_again_reads_back_and_shows_no_key() -> None:
    message = Remembered(b"envelope", b"took", bytes(32))

    assert resend_from_value(resend_to_value(message)) == message
    assert "content_key" not in repr(message)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {1: [], 2: []},
        {1: [[KID, 5, 6, 99]]},
        {1: [[KID, 5, 6, 99]], 2: [], 3: 0},
        {1: [[KID, 6, 5, 99]], 2: []},
        {1: [[KID, 0, 5, 99]], 2: []},
        {1: [[NO_ID, 5, 6, 99]], 2: []},
        {1: [[KID, 5, 6]], 2: []},
        {1: [], 2: [KID]},
        {1: [], 2: [MID] * (MOST_WANTED + 1)},
        {1: [[KID, 5, 6, 99]] * (MOST_WANTED + 1), 2: []},
    ],
)
def test_another_form_of_what_is_missing_is_refused(value: Value) -> None:
    with pytest.raises(ResendError):
        wanted_from_value(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [[KID, 0, MID]],
        [[KID, 5, KID]],
        [[NO_ID, 5, MID]],
        [[KID, 5]],
        [[KID, 5, MID]] * (MOST_WANTED + 1),
    ],
)
def test_another_form_of_a_void_is_refused(value: Value) -> None:
    with pytest.raises(ResendError):
        voids_from_value(value)


@pytest.mark.parametrize(
    "value", [None, [], [b"", b""], [b"", b"", bytes(31)], [b"", b"", bytes(32), b""], [1, 2, 3]]
)
def test_another_form_of_a_message_sent_again_is_refused(value: Value) -> None:
    with pytest.raises(ResendError):
        resend_from_value(value)
