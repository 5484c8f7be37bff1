"""That an alarm was seen is an officer's word over this alarm, and nobody else's."""

from dataclasses import replace

import pytest

from crypto.attest.signing import SigningKey
from crypto.seal.seen import SeenAlarm, SeenError, sign_seen, verify_seen
from tests.support.world import HERE, NOW, THERE, directory

ALARM = SeenAlarm(HERE.desk, "lane.gap", "a lane", NOW - 60, NOW)


def test_an_officer_of_the_desk_has_seen_the_alarm_that_they_signed() -> None:
    signature = sign_seen(ALARM, HERE.officer)

    found = verify_seen(ALARM, HERE.officer.kid, signature, directory())

    assert found.kid == HERE.officer.kid


@pytest.mark.parametrize(
    "other",
    [
        replace(ALARM, code="lane.fork"),
        replace(ALARM, subject="another lane"),
        replace(ALARM, raised=NOW - 61),
        replace(ALARM, seen=NOW + 1),
    ],
)
def test_a_signature_says_nothing_of_another_alarm(other: SeenAlarm) -> None:
    signature = sign_seen(ALARM, HERE.officer)

    with pytest.raises(SeenError):
        verify_seen(other, HERE.officer.kid, signature, directory())


@pytest.mark.parametrize(
    "key", [HERE.device, THERE.officer], ids=["a device", "an officer of another desk"]
)
def test_nobody_but_an_officer_of_the_desk_has_seen_its_alarm(key: SigningKey) -> None:
    with pytest.raises(SeenError, match="an officer of the desk"):
        verify_seen(ALARM, key.kid, sign_seen(ALARM, key), directory())
