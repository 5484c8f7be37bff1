"""What devices of one desk give each other: to whom it may be sealed, and what counts of it."""

from dataclasses import replace
from itertools import chain

import pytest

from crypto.attest.directory import Directory
from crypto.attest.encoding import Value, encode
from crypto.attest.header import PriorityClass, parse_envelope
from crypto.attest.padding import LARGEST, pad
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Reason, RevocationPayload, SuccessionPayload, sign_entry
from crypto.seal.ceremony import revoke, state_grant_key, state_succession
from crypto.seal.content import Content, Kind, ReaderRole
from crypto.seal.envelope import (
    NoLiveWindowError,
    Opened,
    Outside,
    SignerError,
    WrapError,
    open_envelope,
    open_with_key,
)
from crypto.seal.grants import (
    HISTORY_BYTES,
    Grant,
    GrantError,
    Remembered,
    can_be_told,
    grant_from_value,
    grant_to_value,
    history_from_value,
    history_to_value,
    in_parts,
    open_windows,
)
from crypto.seal.primitives import OpeningKey
from crypto.seal.readers import Reader, ReadersError, with_readers
from crypto.seal.windows import OwnGrantKey, make_grant_key
from tests.support.forge import KEY, Forgery
from tests.support.world import (
    HERE,
    NOW,
    SECOND,
    SECONDS_GRANT_KEY,
    THERE,
    Post,
    content,
    directory,
    outside,
    readers,
    second_device,
)
from tests.vectors.succession_cases import OTHER

GRANT_KEY = SECONDS_GRANT_KEY
OTHERS_GRANT_KEY = make_grant_key()
OTHERS_GRANT_KEY_STATED = state_grant_key(
    OTHER.agency, OTHERS_GRANT_KEY.key, device=OTHER.device, after=None
)


def office() -> Directory:
    """Return the directory with a second device of the first desk, and its grant key."""
    replica = directory()
    for entry in second_device():
        replica.append(entry)
    return replica


def followed(*, threads: tuple[bytes, ...] | None = None) -> Directory:
    """Return the directory in which another agency's desk follows the one that gives."""
    replica = Directory(frozenset({HERE.pin, THERE.pin, OTHER.pin}))
    for entry in (*HERE.entries, *THERE.entries, *OTHER.entries, OTHERS_GRANT_KEY_STATED):
        replica.append(entry)
    payload = SuccessionPayload(OTHER.desk, NOW, threads)
    statement = state_succession(HERE.agency, HERE.desk, payload)
    replica.append(sign_entry(statement, (*HERE.roots[:2], *OTHER.roots[:2])))
    return replica


def given(
    *wrapped: Reader,
    kind: Kind = Kind.GRANT,
    signer: SigningKey = HERE.device,
    dst: Post = HERE,
) -> Forgery:
    """Return what the first device gives the second, or somebody else."""
    chosen = list(wrapped) or [Reader(GRANT_KEY.key, ReaderRole.DEVICE)]
    said: Content = replace(content(dst, sender=signer), kind=kind, form=[[], []])
    to = Outside(HERE.desk, (dst.desk,), PriorityClass.ROUTINE, None, (), NOW + 86_400)
    return Forgery(with_readers(said, chosen), to, [r.window for r in chosen], signer)


def opened_at_other(forgery: Forgery, replica: Directory) -> Opened:
    """Return it opened at the other agency's desk."""
    return open_envelope(
        parse_envelope(forgery.build()),
        desk=OTHER.desk,
        windows={OTHERS_GRANT_KEY.key.kid: OpeningKey.from_seed(OTHERS_GRANT_KEY.seed)},
        directory=replica,
        at=NOW,
    )


def opened(forgery: Forgery, key: OwnGrantKey = GRANT_KEY) -> Opened:
    """Return it opened at the second device."""
    return open_envelope(
        parse_envelope(forgery.build()),
        desk=HERE.desk,
        windows={key.key.kid: OpeningKey.from_seed(key.seed)},
        directory=office(),
        at=NOW,
    )


def test_a_device_gives_another_of_its_desk() -> None:
    found = opened(given())

    assert (found.content.kind, found.signer.kid) == (Kind.GRANT, HERE.device.kid)


@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.HISTORY])
def test_an_officer_gives_devices_nothing(kind: Kind) -> None:
    with pytest.raises(SignerError, match="may not sign"):
        opened(given(kind=kind, signer=HERE.officer))


def test_a_device_says_nothing_that_officers_say() -> None:
    with pytest.raises(ReadersError, match="a device reads only"):
        opened(given(kind=Kind.STEP))


def test_what_is_given_stays_within_the_desk() -> None:
    with pytest.raises(ReadersError, match="within their desk"):
        opened(given(dst=THERE))


def test_what_is_given_is_for_devices_in_their_own_role() -> None:
    with pytest.raises(ReadersError, match="no device"):
        opened(given(Reader(GRANT_KEY.key, ReaderRole.DESK)))


def test_a_window_gets_no_seed() -> None:
    device = Reader(GRANT_KEY.key, ReaderRole.DEVICE)

    with pytest.raises(ReadersError, match="no_grant_key"):
        opened(given(device, Reader(HERE.window, ReaderRole.DEVICE)))


def test_another_desks_device_gets_no_seed() -> None:
    theirs = make_grant_key()
    replica = office()
    replica.append(state_grant_key(THERE.agency, theirs.key, device=THERE.device, after=None))
    device = Reader(GRANT_KEY.key, ReaderRole.DEVICE)
    forgery = given(device, Reader(theirs.key, ReaderRole.DEVICE))

    with pytest.raises(ReadersError, match="no device of the desk"):
        open_envelope(
            parse_envelope(forgery.build()),
            desk=HERE.desk,
            windows={GRANT_KEY.key.kid: OpeningKey.from_seed(GRANT_KEY.seed)},
            directory=replica,
            at=NOW,
        )


def test_a_device_reads_nothing_that_is_sent_to_desks() -> None:
    wrapped = [*readers(THERE), Reader(GRANT_KEY.key, ReaderRole.DEVICE)]
    said = content(THERE, wrapped=wrapped)
    forgery = Forgery(said, outside(THERE), [r.window for r in wrapped], HERE.officer)

    with pytest.raises(ReadersError, match="a device reads only"):
        open_envelope(
            parse_envelope(forgery.build()),
            desk=THERE.desk,
            windows=THERE.opening,
            directory=office(),
            at=NOW,
        )


def test_without_its_grant_key_a_device_opens_nothing() -> None:
    with pytest.raises(NoLiveWindowError):
        opened(given(), key=make_grant_key())


def test_a_message_opens_with_the_key_that_a_colleague_gives() -> None:
    sealed = parse_envelope(given().build())

    found = open_with_key(sealed, KEY, desk=HERE.desk, directory=office(), at=NOW)

    assert found.content == opened(given()).content


def test_a_key_to_which_the_header_does_not_commit_is_refused() -> None:
    sealed = parse_envelope(given().build())

    with pytest.raises(WrapError, match="another key"):
        open_with_key(sealed, bytes(32), desk=HERE.desk, directory=office(), at=NOW)


def test_the_seeds_of_published_windows_open_them() -> None:
    seeds = tuple((own.window.kid, own.seed) for own in HERE.windows)

    found = open_windows(Grant(seeds, ()), office(), HERE.desk)

    assert found == list(HERE.windows)


def test_a_seed_that_opens_no_window_of_the_desk_is_refused() -> None:
    kid, seed = HERE.window.kid, HERE.windows[0].seed
    theirs = (THERE.window.kid, THERE.windows[0].seed)

    for wrong in ((kid, bytes(32)), (GRANT_KEY.key.kid, seed), theirs):
        with pytest.raises(GrantError):
            open_windows(Grant((wrong,), ()), office(), HERE.desk)


def test_a_grant_and_a_history_are_read_as_they_were_written() -> None:
    grant = Grant(((HERE.window.kid, bytes(32)),), (HERE.device.kid, SECOND.kid))
    told = [Remembered(b"envelope", b"receipt", bytes(32))]

    assert grant_from_value(grant_to_value(grant)) == grant
    assert history_from_value(history_to_value(told)) == told


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [[], [], []],
        [[[b"short", bytes(32)]], []],
        [[[bytes(16), bytes(31)]], []],
        [[[bytes(16)]], []],
        [[], [bytes(15)]],
        [[], ["text"]],
    ],
)
def test_what_is_no_grant_is_refused(value: Value) -> None:
    with pytest.raises(GrantError):
        grant_from_value(value)


@pytest.mark.parametrize(
    "value", [None, [b"envelope"], [[b"envelope", b"receipt"]], [[b"e", b"r", bytes(31)]]]
)
def test_what_is_no_history_is_refused(value: Value) -> None:
    with pytest.raises(GrantError):
        history_from_value(value)


def test_a_history_is_given_in_parts_that_fit_with_nothing_left_out() -> None:
    told = [Remembered(bytes(size), bytes(200), bytes(32)) for size in (5_000, 890_000) * 40]

    parts = list(in_parts(told))

    assert list(chain(*parts)) == told
    assert all(map(can_be_told, told))
    for part in parts:
        assert sum(one.size for one in part) <= HISTORY_BYTES
        assert len(pad(encode(history_to_value(part)))) <= LARGEST


def test_a_message_as_large_as_can_be_is_not_told() -> None:
    assert not can_be_told(Remembered(bytes(1_048_592), bytes(200), bytes(32)))


def test_a_followed_desk_gives_to_devices_of_the_desk_that_follows() -> None:
    grant = given(Reader(OTHERS_GRANT_KEY.key, ReaderRole.DEVICE), dst=OTHER)

    found = opened_at_other(grant, followed())

    assert (found.content.kind, found.own_copy) == (Kind.GRANT, False)


def test_a_desk_that_nobody_follows_gives_nothing_to_another() -> None:
    grant = given(Reader(OTHERS_GRANT_KEY.key, ReaderRole.DEVICE), dst=OTHER)
    replica = Directory(frozenset({HERE.pin, OTHER.pin}))
    for entry in (*HERE.entries, *OTHER.entries, OTHERS_GRANT_KEY_STATED):
        replica.append(entry)

    with pytest.raises(ReadersError, match="its successor"):
        opened_at_other(grant, replica)


def test_windows_of_a_followed_desk_are_taken_by_who_follows_it_in_all() -> None:
    grant = Grant(((HERE.window.kid, HERE.windows[0].seed),), ())

    [taken] = open_windows(grant, followed(), OTHER.desk)

    assert taken.window == HERE.window
    with pytest.raises(GrantError, match="no window of the desk"):
        open_windows(grant, followed(threads=(bytes(16),)), OTHER.desk)


def test_a_lost_computer_of_who_follows_exposes_the_windows_of_the_desk_before_it() -> None:
    replica = followed()
    revocation = RevocationPayload(NOW, Reason.LOST)
    replica.append(revoke(OTHER.agency, OTHER.device.kid, revocation, signers=[OTHER.registrar]))

    assert replica.is_exposed(HERE.window.kid)
    assert not replica.is_exposed(THERE.window.kid)
