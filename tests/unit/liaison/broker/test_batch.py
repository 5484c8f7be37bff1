from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.signing import KeyId
from crypto.attest.tree import hash_leaf, root_hash
from liaison.broker.batch import Batch, Fetched, Mail, State, desks_in, parties
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane

LOG = KeyId(bytes(16))
DESKS = [bytes([n]) * 16 for n in (1, 2)]
DEVICE = bytes([9]) * 16
MAIL = Mail(ItemKind.NOTICE, bytes(32), 100, b"", b"")

keys = st.tuples(st.sampled_from(DESKS), st.sampled_from(MailLane))
#: Batches, each a list of mailboxes to post to, and whether its commit succeeds.
histories = st.lists(st.tuples(st.lists(keys, max_size=6), st.booleans()), max_size=8)


def begin(state: State, cursors: dict[tuple[bytes, bytes, MailLane], int] | None = None) -> Batch:
    return Batch(state, Fetched({}, {}, set(), cursors or {}), log=LOG, now=50)


@given(histories)
def test_numbers_run_without_a_gap_whichever_commits_fail(
    history: list[tuple[list[tuple[bytes, MailLane]], bool]],
) -> None:
    state, posted = State(), dict.fromkeys([(d, lane) for d in DESKS for lane in MailLane], 0)

    for mailboxes, succeeds in history:
        batch = begin(state)
        given_out = [(key, batch.post(*key, MAIL)) for key in mailboxes]
        for key, seq in given_out if succeeds else []:
            posted[key] += 1
            assert seq == posted[key]
        if succeeds:
            batch.commit_to(state)

    assert {key: last for key, last in posted.items() if last} == state.sequences


@given(st.lists(st.tuples(st.binary(max_size=9), st.booleans()), max_size=12))
def test_the_ledger_in_memory_holds_what_was_committed_and_no_more(
    history: list[tuple[bytes, bool]],
) -> None:
    state = State()
    committed: list[bytes] = []

    for commitment, succeeds in history:
        batch = begin(state)
        event = Event(EventKind.LOGIN_OK, LOG, 50, commitment=commitment)
        assert batch.append(event) == len(committed)
        if succeeds:
            batch.commit_to(state)
            committed.append(hash_leaf(event.encoded()))

    assert state.frontier.head() == (len(committed), root_hash(committed))


@given(st.integers(0, 9), st.lists(st.integers(0, 2**53), max_size=6))
def test_a_cursor_moves_neither_back_nor_past_the_last_number(
    waiting: int, moves: list[int]
) -> None:
    key = (DESKS[0], DEVICE, MailLane.RESCUE)
    batch = begin(State(sequences={(DESKS[0], MailLane.RESCUE): waiting}))

    cursors = [0, *(batch.move_cursor(key, seq) for seq in moves)]

    assert cursors == sorted(cursors)
    assert cursors[-1] == min(waiting, max([0, *moves]))


def test_a_batch_that_moves_no_cursor_writes_none() -> None:
    key = (DESKS[0], DEVICE, MailLane.ORDINARY)
    batch = begin(State(sequences={(DESKS[0], MailLane.ORDINARY): 5}), {key: 4})

    batch.move_cursor(key, 3)

    assert batch.cursors == {}


def test_the_parties_of_a_message_stand_once_each_the_source_first() -> None:
    assert desks_in(b"".join(DESKS)) == tuple(DESKS)
    assert parties(DESKS[1], b"".join(DESKS)) == (DESKS[1], DESKS[0])
