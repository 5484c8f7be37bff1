"""What a directory answers; what it refuses stands, entry by entry, in tests/vectors/directory."""

from hashlib import blake2b

import pytest

from crypto.attest.directory import (
    GENESIS,
    GRACE,
    MAIL_WAITS,
    Directory,
    DirectoryError,
    Head,
    NotAuthorisedError,
    NotPinnedError,
    NoWindowError,
    RefusedEntryError,
    UnknownDeskError,
    UnknownSignerError,
)
from crypto.attest.header import DeskId
from crypto.attest.pin import PinError, read_pin
from crypto.attest.signing import KeyId
from crypto.attest.statement import AgencyId, InfraKind, Role, What
from crypto.seal.ceremony import (
    VALIDITY,
    grant_key,
    name_desk,
    parse_request,
    publish_windows,
    request_key,
)
from crypto.seal.windows import WEEK, make_window
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    broker_entry,
    desk_payload,
    directory,
    key_payload,
    window,
)

ALL = (*HERE.entries, *THERE.entries, *THIRD.entries)
PINS = (HERE.pin, THERE.pin, THIRD.pin)


def again(begins: int, ends: int) -> Directory:
    """Return the directory after the first agency's officer was admitted anew for that time."""
    replica = directory()
    payload = key_payload(HERE.officer, HERE.desk, Role.OFFICER, "VN-07", begins=begins, ends=ends)
    request = parse_request(request_key(HERE.agency, payload, HERE.officer))
    last = replica.last(What.DEVICE, HERE.agency, HERE.officer.kid)
    replica.append(grant_key(request, HERE.registrar, after=last))
    return replica


def counts(replica: Directory, at: int) -> bool:
    """Say whether the first agency's officer counts at that time."""
    try:
        replica.signer(HERE.officer.kid, at=at)
    except UnknownSignerError:
        return False
    return True


def test_an_empty_directory_has_the_genesis_head() -> None:
    assert Directory(frozenset()).head == Head(0, GENESIS)
    assert bytes(32) == GENESIS


def test_the_head_is_the_hash_over_head_and_entry_again_and_again() -> None:
    head = bytes(32)
    for entry in ALL:
        head = blake2b(head + entry, digest_size=32, person=b"lz1-log").digest()

    assert directory().head == Head(len(ALL), head)


def test_another_order_of_the_same_entries_has_another_head() -> None:
    swapped = (*THERE.entries, *HERE.entries, *THIRD.entries)

    assert Directory.replay(PINS, swapped).head.hash != directory().head.hash


def test_a_replay_refuses_what_an_append_refuses() -> None:
    with pytest.raises(NotPinnedError) as caught:
        Directory.replay(PINS[1:], ALL)

    assert caught.value.code == "directory.not_pinned"


def test_nothing_is_trusted_on_first_use() -> None:
    replica = Directory(frozenset())

    for entry in ALL:
        with pytest.raises(DirectoryError):
            replica.append(entry)
    assert replica == Directory(frozenset())


def test_bytes_that_are_no_entry_are_refused() -> None:
    with pytest.raises(RefusedEntryError, match=r"directory\.malformed"):
        directory().append(b"\x80")


@pytest.mark.parametrize("typed", [HERE.pin, HERE.pin.replace(" ", ""), f"  {HERE.pin}\n"])
def test_a_fingerprint_is_read_however_its_digits_are_spaced(typed: str) -> None:
    assert read_pin(typed) == HERE.pin


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param(HERE.pin[:-1], id="a digit less"),
        pytest.param(HERE.pin + "0", id="a digit more"),
        pytest.param("x" + HERE.pin[1:], id="a letter"),
        pytest.param("٣" + HERE.pin[1:], id="a digit of another script"),
        pytest.param(HERE.pin.replace(" ", "-"), id="hyphens between"),
    ],
)
def test_what_is_no_fingerprint_is_refused(typed: str) -> None:
    with pytest.raises(PinError):
        read_pin(typed)


def test_an_officer_does_not_publish_windows() -> None:
    replica = directory()
    last = replica.last(What.WINDOWS, HERE.agency, HERE.desk)
    entry = publish_windows(
        HERE.agency,
        HERE.desk,
        [window("by an officer", MONDAY + 2 * WEEK).window],
        device=HERE.officer,
        after=last,
    )

    with pytest.raises(NotAuthorisedError):
        replica.append(entry)


def test_a_desk_is_found_by_id_and_by_name() -> None:
    replica = directory()

    assert replica.desk(THERE.desk) == replica.desk_named("cn-dongxing")
    assert [desk.payload.slug for desk in replica.desks()] == [
        "vn-mongcai-1",
        "cn-dongxing",
        "la-third",
    ]
    assert replica.root(THERE.agency).country == "CN"


def test_who_asks_for_an_unknown_desk_is_told_the_known_ones() -> None:
    with pytest.raises(UnknownDeskError, match="vn-mongcai-1, cn-dongxing, la-third"):
        directory().desk_named("vn-mongcai-2")
    with pytest.raises(UnknownDeskError, match="none"):
        Directory(frozenset()).desk_named("vn-mongcai-1")
    with pytest.raises(UnknownDeskError):
        directory().desk(DeskId(bytes(16)))


def test_an_agency_that_nobody_founded_has_no_root() -> None:
    with pytest.raises(NotPinnedError):
        directory().root(AgencyId(bytes(16)))


def test_keys_are_listed_by_desk_and_role() -> None:
    replica = directory()

    assert [s.kid for s in replica.signers(HERE.desk, Role.DEVICE)] == [HERE.device.kid]
    assert [s.kid for s in replica.signers(HERE.desk, Role.APPROVER)] == [HERE.approver.kid]
    assert replica.signers(HERE.desk, Role.SUPERVISOR) == []


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownSignerError):
        directory().signer(KeyId(bytes(16)), at=NOW)


@pytest.mark.parametrize(
    "at, expected",
    [
        (MONDAY - 1, False),
        (MONDAY, True),
        (MONDAY + VALIDITY + GRACE - 1, True),
        (MONDAY + VALIDITY + GRACE, False),
    ],
)
def test_a_key_counts_in_its_time_only(at: int, *, expected: bool) -> None:
    assert counts(directory(), at) == expected


def test_a_renewal_takes_nothing_back() -> None:
    """Mail that was signed before the renewal began, and waits, still opens."""
    renewed = again(NOW + 60, NOW + VALIDITY)

    assert counts(renewed, NOW)
    assert counts(renewed, NOW + 60)


def test_a_key_that_is_ended_sooner_counts_no_more_after_but_did_before() -> None:
    ended = again(NOW, NOW + 60)

    assert counts(ended, NOW - 1)
    assert counts(ended, NOW + 59 + GRACE)
    assert not counts(ended, NOW + 60 + GRACE)
    assert not counts(ended, MONDAY + VALIDITY - 1)


def test_a_key_does_not_count_while_its_desk_does_not() -> None:
    replica = directory()
    payload = desk_payload(HERE.slug, HERE.registrar, begins=NOW, ends=NOW + 60)
    last = replica.last(What.DESK, HERE.agency, HERE.desk)
    replica.append(name_desk(HERE.agency, HERE.desk, payload, signers=HERE.roots[:2], after=last))

    assert counts(replica, NOW - 1)
    assert counts(replica, NOW + 59 + GRACE)
    assert not counts(replica, NOW + 60 + GRACE)


def test_the_window_of_the_week_is_open() -> None:
    replica = directory()

    assert replica.open_window(HERE.desk, at=MONDAY) == HERE.windows[0].window
    assert replica.open_window(HERE.desk, at=MONDAY + WEEK - 1) == HERE.windows[0].window
    assert replica.open_window(HERE.desk, at=MONDAY + WEEK) == HERE.windows[1].window


def test_mail_waits_fourteen_days_after_the_earliest_window_ends() -> None:
    kids = [HERE.windows[0].window.kid, THERE.windows[1].window.kid]

    latest = directory().latest_expiry(kids, at=MONDAY)

    assert latest == MONDAY + WEEK + MAIL_WAITS


def test_mail_to_an_office_closed_for_weeks_waits_from_now_on() -> None:
    late = MONDAY + 9 * WEEK

    latest = directory().latest_expiry([HERE.windows[1].window.kid], at=late)

    assert latest == late + MAIL_WAITS


def test_a_window_far_ahead_takes_nothing_from_mail_to_an_office_closed_for_weeks() -> None:
    late = MONDAY + 9 * WEEK
    ahead = make_window(MONDAY + 12 * WEEK)
    replica = directory()
    last = replica.last(What.WINDOWS, HERE.agency, HERE.desk)
    replica.append(
        publish_windows(HERE.agency, HERE.desk, [ahead.window], device=HERE.device, after=last)
    )

    window = replica.open_window(HERE.desk, at=late)

    assert window == HERE.windows[1].window
    assert replica.latest_expiry([window.kid], at=late) == late + MAIL_WAITS


def test_a_window_that_was_followed_by_another_is_not_kept_alive() -> None:
    late = MONDAY + 9 * WEEK

    latest = directory().latest_expiry([HERE.windows[0].window.kid], at=late)

    assert latest == MONDAY + WEEK + MAIL_WAITS


def test_a_closed_office_receives_under_its_last_window() -> None:
    assert directory().open_window(HERE.desk, at=MONDAY + 9 * WEEK) == HERE.windows[1].window


def test_a_desk_without_a_window_that_has_begun_receives_nothing() -> None:
    with pytest.raises(NoWindowError, match="vn-mongcai-1"):
        directory().open_window(HERE.desk, at=MONDAY - 1)


def test_a_window_is_found_with_its_desk() -> None:
    assert directory().window(THERE.window.kid) == (THERE.desk, THERE.window)
    assert directory().windows(THERE.desk) == [own.window for own in THERE.windows]
    with pytest.raises(NoWindowError):
        directory().window(KeyId(bytes(16)))


def test_infrastructure_is_listed_by_kind_and_agency() -> None:
    replica = directory()
    for post in (HERE, THERE):
        replica.append(broker_entry(post))

    assert [item.agency for item in replica.infra(InfraKind.BROKER)] == [HERE.agency, THERE.agency]
    assert [i.kid for i in replica.infra(InfraKind.BROKER, agency=THERE.agency)] == [BROKER.kid]
    assert replica.infra(InfraKind.BROKER, agency=THIRD.agency) == []
    assert replica.infra(InfraKind.WITNESS) == []


def test_the_last_statement_of_a_subject_is_known() -> None:
    replica = directory()
    last = replica.last(What.DESK, HERE.agency, HERE.desk)

    assert last is not None
    assert last.serial == 1
    assert replica.last(What.DESK, THERE.agency, HERE.desk) is None
