from hypothesis import given
from hypothesis import strategies as st

from liaison.broker.batch import Item
from liaison.broker.delivery import AT_ONCE, Line
from protocols.wire.mailbox import ItemKind


def item(seq: int) -> Item:
    return Item(seq, ItemKind.NOTICE, b"", b"")


def offered(line: Line, *numbers: int) -> list[int]:
    """Return the numbers that ``line`` keeps ready of those offered to it."""
    line.offer(item(seq) for seq in numbers)
    return [ready.seq for ready in line.ready]


def test_what_follows_what_was_sent_is_kept_ready() -> None:
    line = Line(sent=4, done=2)

    assert offered(line, 5, 6) == [5, 6]
    assert [taken.seq for taken in line.take(1)] == [5]
    assert (line.sent, offered(line, 7)) == (5, [6, 7])


def test_what_would_leave_a_gap_is_left_to_the_database() -> None:
    line = Line(sent=4, done=4)

    assert offered(line, 6, 7) == []
    assert line.take(8) == []
    assert line.sent == 4


def test_no_more_is_kept_ready_than_is_read_at_once() -> None:
    assert offered(Line(sent=0, done=0), *range(1, 100)) == list(range(1, AT_ONCE + 1))


@given(st.lists(st.one_of(st.integers(1, 5), st.none()), max_size=40))
def test_whatever_is_taken_from_memory_or_the_database_comes_once_and_in_order(
    steps: list[int | None],
) -> None:
    """A number commits so many items; None sends what is next, from the database if need be."""
    line, last, sent = Line(sent=0, done=0), 0, list[int]()

    for count in steps:
        if count is not None:
            line.offer(item(seq) for seq in range(last + 1, last + 1 + count))
            last += count
            continue
        taken = [one.seq for one in line.take(AT_ONCE)]
        if not taken and last > line.sent:  # as Recipient.next_items reads what is missing
            taken = list(range(line.sent + 1, min(last, line.sent + AT_ONCE) + 1))
            line.sent = taken[-1]
        sent += taken

    assert sent == list(range(1, len(sent) + 1))
