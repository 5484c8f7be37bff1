"""One supervisor of each panel, together, open one case; nobody alone opens anything."""

from dataclasses import replace
from itertools import combinations, product

import pytest

from crypto.attest.encoding import encode
from crypto.attest.signing import KeyId
from crypto.attest.statement import ArchiveKey, Oversight
from crypto.seal.archive import RecordKind, WrongCaseKeyError, make_case_key, shut_in, take_out
from crypto.seal.content import ThreadId
from crypto.seal.oversight import (
    MalformedOversightError,
    NoSupervisorError,
    OnePanelError,
    WrongHalvesError,
    join_halves,
    new_token,
    open_half,
    open_token,
    pack_halves,
    parse_halves,
    seal_halves,
)
from crypto.seal.primitives import OpeningKey
from crypto.seal.vault import WeakPassphraseError, WrongPassphraseError
from tests.support.world import HERE, THERE, own_grant_key, seed

WORDS = "cá sông trâu đồng"
TOKEN, PUBLIC = new_token(WORDS)


def supervisor(name: str) -> tuple[OpeningKey, ArchiveKey]:
    """Return the two halves of a supervisor's key of this name."""
    key = own_grant_key(name)
    return OpeningKey.from_seed(key.seed), ArchiveKey(key.key.kid, key.key.public)


FIRST = [supervisor(name) for name in ("A1", "A2")]
SECOND = [supervisor(name) for name in ("B1", "B2", "B3")]
OVERSIGHT = Oversight(tuple(key for _, key in FIRST), tuple(key for _, key in SECOND))
THREADS = [ThreadId(seed(f"case {number}")[:16]) for number in range(3)]
CASES = {thread: make_case_key() for thread in THREADS}
HALVES = {
    thread: parse_halves(pack_halves(seal_halves(key, OVERSIGHT, desk=HERE.desk, thread=thread)))
    for thread, key in CASES.items()
}
RECORDS = {t: shut_in(key, RecordKind.MESSAGE, b"mid", t) for t, key in CASES.items()}


def test_any_pair_of_one_from_each_panel_opens_exactly_that_case() -> None:
    for (one, _), (other, _), thread in product(FIRST, SECOND, THREADS):
        halves = HALVES[thread]
        key = join_halves(halves, open_half(halves, one), open_half(halves, other))

        assert key == CASES[thread]
        opened = [t for t in THREADS if opens(key.raw, t)]
        assert opened == [thread]


def opens(raw: bytes, thread: ThreadId) -> bool:
    """Say whether this key opens the record of a case."""
    try:
        take_out(replace(CASES[thread], raw=raw), RecordKind.MESSAGE, b"mid", RECORDS[thread])
    except WrongCaseKeyError:
        return False
    return True


def test_one_supervisor_opens_no_case() -> None:
    for (token, _), thread in product([*FIRST, *SECOND], THREADS):
        half = open_half(HALVES[thread], token)

        assert [t for t in THREADS if opens(half.raw, t)] == []
        with pytest.raises(OnePanelError):
            join_halves(HALVES[thread], half, half)


def test_two_supervisors_of_one_panel_open_nothing() -> None:
    halves = HALVES[THREADS[0]]
    for panel in (FIRST, SECOND):
        for (one, _), (other, _) in combinations(panel, 2):
            with pytest.raises(OnePanelError, match="one of each"):
                join_halves(halves, open_half(halves, one), open_half(halves, other))


def test_a_lost_token_of_each_panel_ends_nothing() -> None:
    halves = HALVES[THREADS[0]]
    (left, _), (right, _) = FIRST[1], SECOND[1]

    assert join_halves(halves, open_half(halves, left), open_half(halves, right)) in CASES.values()


def test_halves_of_two_cases_open_neither() -> None:
    first, second = HALVES[THREADS[0]], HALVES[THREADS[1]]
    (one, _), (other, _) = FIRST[0], SECOND[0]

    for halves in (first, second):
        with pytest.raises(WrongHalvesError):
            join_halves(halves, open_half(first, one), open_half(second, other))


def test_halves_that_were_sealed_anew_do_not_fit_older_ones() -> None:
    thread = THREADS[0]
    old = HALVES[thread]
    new = seal_halves(CASES[thread], OVERSIGHT, desk=HERE.desk, thread=thread)
    (one, _), (other, _) = FIRST[0], SECOND[0]

    assert open_half(old, one).raw != open_half(new, one).raw
    with pytest.raises(WrongHalvesError):
        join_halves(new, open_half(old, one), open_half(new, other))


def test_a_half_is_of_one_desk_one_case_one_panel_and_one_supervisor() -> None:
    halves, (token, key) = HALVES[THREADS[0]], FIRST[0]
    (_, other), moved = FIRST[1], dict(HALVES[THREADS[0]].panels[0])
    moved[key.kid] = moved[other.kid]
    elsewhere = [
        replace(halves, desk=THERE.desk),
        replace(halves, thread=THREADS[1]),
        replace(halves, panels=(halves.panels[1], halves.panels[0])),
        replace(halves, panels=(moved, halves.panels[1])),
    ]

    for wrong in elsewhere:
        with pytest.raises(NoSupervisorError):
            open_half(wrong, token)


def test_a_token_of_nobody_opens_no_half() -> None:
    with pytest.raises(NoSupervisorError, match="no half"):
        open_half(HALVES[THREADS[0]], open_token(TOKEN, WORDS))


def test_a_supervisors_passphrase_opens_their_token() -> None:
    opened = open_token(TOKEN, WORDS)

    assert opened.public == PUBLIC.public
    with pytest.raises(WrongPassphraseError):
        open_token(TOKEN, "not the passphrase")


def test_a_token_has_a_passphrase_of_twelve_characters() -> None:
    with pytest.raises(WeakPassphraseError):
        new_token("x" * 11)


def test_a_public_key_that_was_put_into_a_token_does_not_open() -> None:
    other, _ = new_token(WORDS)
    spoilt = other.replace(other[5:1221], TOKEN[5:1221])

    with pytest.raises(WrongPassphraseError):
        open_token(spoilt, WORDS)


def test_halves_say_for_whom_they_are() -> None:
    halves = HALVES[THREADS[0]]

    assert halves.is_for(OVERSIGHT)
    assert not halves.is_for(Oversight(OVERSIGHT.second, OVERSIGHT.first))
    assert not halves.is_for(Oversight(OVERSIGHT.first, OVERSIGHT.second[:2]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        encode([2, HERE.desk, THREADS[0], bytes(32), [[], []]]),
        encode([1, HERE.desk[:15], THREADS[0], bytes(32), [[], []]]),
        encode([1, HERE.desk, THREADS[0], bytes(32), [[]]]),
        encode([1, HERE.desk, THREADS[0], bytes(32), [[[bytes(15), b""]], []]]),
        encode([1, HERE.desk, THREADS[0], bytes(32), [["half"], []]]),
    ],
    ids=["nothing", "version", "short desk", "one panel", "short id", "no pair"],
)
def test_what_are_no_halves_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedOversightError):
        parse_halves(raw)


@pytest.mark.parametrize("raw", [b"", encode([1]), TOKEN[:-1]], ids=["nothing", "form", "cut"])
def test_what_is_no_token_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedOversightError):
        open_token(raw, WORDS)


def test_no_secret_shows_when_printed() -> None:
    half = open_half(HALVES[THREADS[0]], FIRST[0][0])

    assert half.raw.hex() not in repr(half)
    assert repr(half.raw) not in repr(half)
    assert half.supervisor == KeyId(FIRST[0][1].kid)
