"""The keys to which devices of one desk give each other seeds: who may state which."""

import pytest

from crypto.attest.directory import (
    Directory,
    NoGrantKeyError,
    NotAuthorisedError,
    ReboundError,
    RefusedEntryError,
)
from crypto.attest.payload import encode_payload
from crypto.attest.pin import DeviceNumberError, device_number, read_device_number
from crypto.attest.signing import SigningKey
from crypto.attest.statement import AgencyId, GrantKey, What, make_statement, sign_entry
from crypto.seal.ceremony import publish_windows, state_grant_key
from crypto.seal.windows import OwnWindow, make_grant_key
from tests.support.world import HERE, THERE, directory, window


def stated(
    replica: Directory,
    key: GrantKey,
    *,
    device: SigningKey = HERE.device,
    agency: AgencyId = HERE.agency,
) -> None:
    """Append the statement by which ``device`` states ``key``."""
    last = replica.last(What.GRANT_KEY, agency, device.kid)
    replica.append(state_grant_key(agency, key, device=device, after=last))


def test_a_device_states_its_grant_key() -> None:
    replica, key = directory(), make_grant_key().key

    stated(replica, key)

    assert replica.grant_key(HERE.device.kid) == key
    assert replica.grantee(key.kid).kid == HERE.device.kid


def test_the_last_grant_key_counts_and_the_one_before_is_still_the_devices() -> None:
    replica, first, second = directory(), make_grant_key().key, make_grant_key().key

    stated(replica, first)
    stated(replica, second)

    assert replica.grant_key(HERE.device.kid) == second
    assert replica.grantee(first.kid).kid == HERE.device.kid


def test_a_device_that_has_stated_none_has_none() -> None:
    with pytest.raises(NoGrantKeyError):
        directory().grant_key(HERE.device.kid)
    with pytest.raises(NoGrantKeyError):
        directory().grantee(make_grant_key().key.kid)


def test_an_officer_states_no_grant_key() -> None:
    with pytest.raises(NotAuthorisedError, match="a device's"):
        stated(directory(), make_grant_key().key, device=HERE.officer)


def test_nobody_states_another_devices_grant_key() -> None:
    payload = encode_payload(make_grant_key().key)
    statement = make_statement(
        What.GRANT_KEY, agency=HERE.agency, subject=HERE.device.kid, payload=payload
    )

    for signer in (HERE.registrar, HERE.officer, THERE.device):
        with pytest.raises(NotAuthorisedError, match="1 signatures"):
            directory().append(sign_entry(statement, [signer]))


def test_an_agency_speaks_only_of_its_own_devices_grant_keys() -> None:
    with pytest.raises(NotAuthorisedError, match="own devices"):
        stated(directory(), make_grant_key().key, agency=THERE.agency)


def test_a_grant_key_that_was_replaced_never_counts_again() -> None:
    replica, first = directory(), make_grant_key().key
    stated(replica, first)
    stated(replica, make_grant_key().key)

    with pytest.raises(ReboundError, match="before"):
        stated(replica, first)


def test_two_devices_never_have_one_grant_key() -> None:
    replica, key = directory(), make_grant_key().key
    stated(replica, key)

    with pytest.raises(ReboundError, match="before"):
        stated(replica, key, device=THERE.device, agency=THERE.agency)


def test_a_window_is_no_grant_key_and_a_grant_key_no_window() -> None:
    replica, own = directory(), make_grant_key()
    stated(replica, own.key)
    shared = OwnWindow(window(HERE.slug).window, b"").window

    with pytest.raises(ReboundError):
        stated(replica, GrantKey(shared.kid, shared.public))
    begins = window(HERE.slug, 1_773_014_400).window
    as_window = type(begins)(own.key.kid, own.key.public, begins.not_before, begins.not_after)
    last = replica.last(What.WINDOWS, HERE.agency, HERE.desk)
    with pytest.raises(ReboundError, match="use"):
        replica.append(
            publish_windows(HERE.agency, HERE.desk, [as_window], device=HERE.device, after=last)
        )


def test_a_grant_key_under_another_id_is_refused() -> None:
    key = GrantKey(window(HERE.slug).window.kid, make_grant_key().key.public)

    with pytest.raises(RefusedEntryError, match="own id"):
        stated(directory(), key)


def test_a_devices_number_is_thirty_digits_of_its_key() -> None:
    number = device_number(HERE.device.verify_key.raw)

    assert [len(group) for group in number.split(" ")] == [5] * 6
    assert number != device_number(THERE.device.verify_key.raw)
    assert read_device_number(number.replace(" ", "")) == number


@pytest.mark.parametrize("typed", ["", "12345", "1" * 29, "1" * 31, "1" * 29 + "x", "²" * 30])
def test_what_is_no_number_of_a_device_is_refused(typed: str) -> None:
    with pytest.raises(DeviceNumberError, match="30 digits expected"):
        read_device_number(typed)
