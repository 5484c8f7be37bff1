"""What holds of revocations and successions in whatever order they come and are placed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.attest.directory import Directory, ReboundError, RevokedError
from crypto.attest.signing import KeyId
from crypto.attest.statement import Reason, RevocationPayload
from tests.support.world import HERE, NOW, THERE
from tests.vectors.revocation_cases import revoked
from tests.vectors.succession_cases import BEFORE, PINS, ROOTS, SECOND_WARD, WARD, succeeded

DESKS = (HERE.desk, WARD, SECOND_WARD)
KEYS = (HERE.device.kid, HERE.officer.kid, HERE.approver.kid)
#: Leaves of the ledger in these tests.
LEAVES = st.integers(0, 60)
TIMES = st.integers(0, NOW * 2)


def counts(directory: Directory, kid: KeyId, index: int | None) -> bool:
    """Say whether a key counts for what stands at this leaf."""
    try:
        directory.signer(kid, at=NOW, index=index)
    except RevokedError:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), TIMES), max_size=6), st.data())
def test_a_key_counts_before_its_first_revocation_and_never_after(
    said: list[tuple[KeyId, int]], data: st.DataObject
) -> None:
    directory, last, first = (
        Directory.replay(PINS, BEFORE),
        dict[KeyId, bytes](),
        dict[KeyId, int](),
    )
    places = sorted(data.draw(st.sets(LEAVES, min_size=len(said), max_size=len(said))))
    for (kid, effective), place in zip(said, places, strict=True):
        payload = RevocationPayload(effective, Reason.LOST)
        entry = revoked(kid, payload=payload, after=last.get(kid))
        directory.append(entry)
        last[kid] = entry
        first.setdefault(kid, place)
        directory.place(directory.head.size, place)

    for kid in KEYS:
        bound = first.get(kid)
        for index in range(62):
            assert counts(directory, kid, index) is (bound is None or index < bound)
        assert counts(directory, kid, None) is (bound is None)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(3)), st.permutations(range(3)))
def test_in_whatever_order_places_become_known_the_verdict_is_one(
    one: list[int], other: list[int]
) -> None:
    entries = (*BEFORE, *(revoked(kid) for kid in KEYS))
    made = []
    for order in (one, other):
        directory = Directory.replay(PINS, entries)
        for number in order:
            directory.place(len(BEFORE) + 1 + number, 10 * number + 5)
        made.append(directory)

    verdicts = [[counts(d, kid, i) for kid in KEYS for i in range(30)] for d in made]

    assert verdicts[0] == verdicts[1]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DESKS), st.sampled_from(DESKS)), max_size=8))
def test_successions_end_and_lead_back_in_whatever_order_they_are_said(
    said: list[tuple[bytes, bytes]],
) -> None:
    directory, last = Directory.replay(PINS, BEFORE), dict[bytes, bytes]()
    for old, new in said:
        entry = succeeded(new, ROOTS, old=old, after=last.get(old))  # type: ignore[arg-type]  # ids
        try:
            directory.append(entry)
        except ReboundError:
            continue
        last[old] = entry

    for desk in DESKS:
        place = directory.successor(desk, at=NOW * 2)
        assert directory.successor(place, at=NOW * 2) == place
        assert place == desk or desk in directory.predecessors(place, at=NOW * 2)
        assert desk not in directory.predecessors(desk, at=NOW * 2)


def test_the_other_agencys_keys_are_untouched_by_all_this() -> None:
    directory = Directory.replay(PINS, (*BEFORE, *(revoked(kid) for kid in KEYS)))

    assert counts(directory, THERE.officer.kid, 0)
