"""What a revocation takes away and what it leaves, by time and by the ledger's order."""

import pytest

from crypto.attest.directory import (
    GRACE,
    Directory,
    Doubt,
    NotAuthorisedError,
    RevokedError,
    UnknownSignerError,
)
from crypto.attest.signing import KeyId
from crypto.attest.statement import InfraKind, Reason, RevocationPayload, Role, What
from crypto.seal.ceremony import VALIDITY, publish_windows
from crypto.seal.windows import WEEK
from tests.support.world import (
    BROKER,
    FIRSTS_GRANT_KEY,
    HERE,
    MONDAY,
    NOW,
    SECOND,
    THERE,
    broker_entry,
    second_device,
    window,
)
from tests.vectors.revocation_cases import ROOTS, revoked

PINS = (HERE.pin, THERE.pin)
WORKING = (*HERE.entries, *THERE.entries, *second_device(), broker_entry(HERE))
#: The ledger's leaf of the revocation in these tests.
PLACE = 40
#: When the certificates of HERE and THERE end.
ENDS = MONDAY + VALIDITY


def after(*entries: bytes, place: int | None = PLACE) -> Directory:
    """Return the working directory with more entries; the first of them stands at ``place``."""
    directory = Directory.replay(PINS, (*WORKING, *entries))
    if place is not None:
        directory.place(len(WORKING) + 1, place)
    return directory


def told(effective: int, reason: Reason = Reason.LEFT) -> RevocationPayload:
    """Return what is said of a key that was not to be trusted since then (ts)."""
    return RevocationPayload(effective, reason)


@pytest.mark.parametrize("effective", [0, MONDAY, NOW, NOW + WEEK, 2**53])
def test_what_stands_before_a_revocation_counts_whatever_day_it_names(effective: int) -> None:
    directory = after(revoked(HERE.officer.kid, payload=told(effective)))

    signer = directory.signer(HERE.officer.kid, at=NOW, index=PLACE - 1)

    assert signer.payload.pseudonym == "VN-07"


@pytest.mark.parametrize("effective", [0, MONDAY, NOW, NOW + WEEK, 2**53])
@pytest.mark.parametrize("index", [PLACE, PLACE + 1, None])
def test_what_comes_after_a_revocation_does_not_count(effective: int, index: int | None) -> None:
    directory = after(revoked(HERE.officer.kid, payload=told(effective)))

    with pytest.raises(RevokedError):
        directory.signer(HERE.officer.kid, at=NOW, index=index)


def test_what_was_signed_after_the_day_that_a_later_revocation_names_brings_a_doubt() -> None:
    directory = after(revoked(HERE.officer.kid, payload=told(NOW)))

    before, since = (
        directory.signer(HERE.officer.kid, at=at, index=PLACE - 1).doubts for at in (NOW - 1, NOW)
    )

    assert before == ()
    assert since == (Doubt.BACKDATED,)


def test_a_corrected_revocation_moves_the_doubt_and_not_the_place() -> None:
    first = revoked(HERE.officer.kid, payload=told(NOW))
    earlier = revoked(HERE.officer.kid, payload=told(MONDAY, Reason.COMPROMISED), after=first)
    directory = after(first, earlier)
    directory.place(len(WORKING) + 2, PLACE + 5)

    doubted = directory.signer(HERE.officer.kid, at=NOW - 1, index=PLACE - 1)

    assert doubted.doubts == (Doubt.BACKDATED,)
    with pytest.raises(RevokedError):
        directory.signer(HERE.officer.kid, at=NOW - 1, index=PLACE + 1)


def test_until_a_revocation_has_its_place_nothing_is_known_to_stand_before_it() -> None:
    directory = after(revoked(HERE.officer.kid), place=None)

    with pytest.raises(RevokedError):
        directory.signer(HERE.officer.kid, at=NOW, index=0)

    [waiting] = directory.unplaced()
    directory.place(waiting.size, PLACE)

    assert directory.signer(HERE.officer.kid, at=NOW, index=0).kid == HERE.officer.kid
    assert directory.unplaced() == []


def test_a_revocation_names_its_entry_and_its_subject() -> None:
    directory = after(revoked(HERE.officer.kid))

    [revocation] = directory.revocations()

    assert revocation.size == directory.head.size
    assert revocation.subject[2] == HERE.officer.kid


def test_a_desks_keys_end_with_it() -> None:
    directory = after(revoked(HERE.desk, *ROOTS))

    assert directory.signer(HERE.officer.kid, at=NOW, index=PLACE - 1).kid == HERE.officer.kid
    with pytest.raises(RevokedError):
        directory.signer(HERE.officer.kid, at=NOW, index=PLACE + 1)
    assert directory.signers(HERE.desk, Role.DEVICE) == []


def test_nobody_writes_to_a_revoked_desk() -> None:
    with pytest.raises(RevokedError, match="nobody writes"):
        after(revoked(HERE.desk, *ROOTS)).open_window(HERE.desk, at=NOW)


def test_another_desks_keys_are_untouched() -> None:
    directory = after(revoked(HERE.desk, *ROOTS))

    assert directory.signer(THERE.officer.kid, at=NOW).doubts == ()


def test_a_revoked_broker_is_relied_on_no_more() -> None:
    assert [one.kid for one in after().infra(InfraKind.BROKER)] == [BROKER.kid]
    assert after(revoked(BROKER.kid, *ROOTS)).infra(InfraKind.BROKER) == []


def test_whose_a_revoked_key_was_is_still_known() -> None:
    directory = after(revoked(HERE.officer.kid))

    assert directory.whose(HERE.officer.kid).payload.pseudonym == "VN-07"
    with pytest.raises(UnknownSignerError):
        directory.whose(KeyId(bytes(16)))


def test_nothing_is_given_to_a_revoked_device() -> None:
    directory = after(revoked(HERE.device.kid))

    with pytest.raises(RevokedError, match="nothing is given"):
        directory.grant_key(HERE.device.kid)
    assert directory.grantee(FIRSTS_GRANT_KEY.key.kid).kid == HERE.device.kid


def test_a_device_that_is_left_publishes_and_the_revoked_one_does_not() -> None:
    directory = after(revoked(HERE.device.kid))
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)
    fresh = window("fresh").window
    by = {
        device.kid: publish_windows(HERE.agency, HERE.desk, [fresh], device=device, after=last)
        for device in (HERE.device, SECOND)
    }

    with pytest.raises(NotAuthorisedError):
        directory.append(by[HERE.device.kid])
    directory.append(by[SECOND.kid])

    assert directory.open_window(HERE.desk, at=NOW) == fresh


def test_senders_leave_the_windows_of_a_revoked_key_once_there_is_another() -> None:
    directory = after(revoked(HERE.officer.kid))
    fresh = window("fresh").window
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)

    closed = directory.open_window(HERE.desk, at=NOW)
    directory.append(
        publish_windows(HERE.agency, HERE.desk, [fresh], device=HERE.device, after=last)
    )

    assert closed == HERE.window
    assert directory.is_exposed(closed.kid)
    assert directory.open_window(HERE.desk, at=NOW) == fresh
    assert directory.fresh_windows(HERE.desk) == [fresh]
    assert not directory.is_exposed(fresh.kid)


def test_a_window_published_once_more_after_a_revocation_is_no_other() -> None:
    directory = after(revoked(HERE.device.kid))
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)

    directory.append(
        publish_windows(HERE.agency, HERE.desk, [HERE.window], device=SECOND, after=last)
    )

    assert directory.fresh_windows(HERE.desk) == []


def test_of_two_windows_for_one_week_the_later_published_is_taken() -> None:
    directory = after()
    fresh = window("fresh").window
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)

    directory.append(publish_windows(HERE.agency, HERE.desk, [fresh], device=SECOND, after=last))

    assert directory.open_window(HERE.desk, at=NOW) == fresh


@pytest.mark.parametrize(
    "at, doubts",
    [(ENDS - 1, ()), (ENDS, (Doubt.GRACE,)), (ENDS + GRACE - 1, (Doubt.GRACE,))],
)
def test_a_certificate_has_thirty_days_of_grace(at: int, doubts: tuple[Doubt, ...]) -> None:
    assert after().signer(HERE.officer.kid, at=at).doubts == doubts


def test_the_grace_ends() -> None:
    assert GRACE == 30 * 86_400
    with pytest.raises(UnknownSignerError):
        after().signer(HERE.officer.kid, at=ENDS + GRACE)


def test_a_revoked_key_has_no_grace() -> None:
    directory = after(revoked(HERE.officer.kid))

    with pytest.raises(RevokedError):
        directory.signer(HERE.officer.kid, at=ENDS, index=PLACE + 1)


def test_a_window_of_last_week_goes_before_one_of_this_week_that_a_revoked_key_may_open() -> None:
    directory = after(revoked(HERE.officer.kid))
    fresh = window("fresh").window
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)
    entry = publish_windows(HERE.agency, HERE.desk, [fresh], device=HERE.device, after=last)

    directory.append(entry)

    assert directory.open_window(HERE.desk, at=MONDAY + WEEK) == fresh
