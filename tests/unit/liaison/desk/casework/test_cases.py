"""Which of the broker's clocks run for a case, as its messages' headers say."""

from crypto.attest.header import ClockToken, Header, MessageId, PriorityClass, StartClock
from crypto.attest.signing import KeyId
from crypto.seal.content import ThreadId
from liaison.desk.casework.cases import Case, HeldStep
from liaison.desk.store import StoredMessage
from protocols.casework.payload import parse_step
from tests.support.world import HERE, NOW, THERE, seed

REF = "QN-MC1-2026-0001"
A, B, C = (ClockToken(seed(name)[:16]) for name in "ABC")


def held(
    name: str, *, start: ClockToken | None, stop: tuple[ClockToken, ...] = (), refused: bool = False
) -> HeldStep:
    """Return a step whose header starts and stops clocks."""
    header = Header(
        src=HERE.desk,
        dst=(THERE.desk,),
        priority=PriorityClass.RESCUE,
        kids=(),
        start=None if start is None else StartClock(start, NOW),
        stop=stop,
        exp=NOW,
        blobs=(),
        nonce=bytes(24),
        commit=bytes(32),
        hct=bytes(32),
    )
    message = StoredMessage(
        mid=MessageId(seed(name)),
        eid=bytes(32),
        outgoing=True,
        src=HERE.desk,
        thread=ThreadId(bytes(16)),
        kind=1,
        signer=KeyId(HERE.officer.kid),
        envelope=b"",
        content_key=b"",
        content=b"",
        refused="submit.expired" if refused else None,
    )
    step = parse_step({"case": REF, "act": "acknowledge"})
    return HeldStep(message, header, step, NOW, HERE.slug, "VN-07")


def tokens(*steps: HeldStep) -> list[ClockToken]:
    return Case(ThreadId(bytes(16)), REF, steps, (), (), None, ()).running_tokens()


def test_a_clock_runs_until_a_step_stops_it() -> None:
    assert tokens(held("1", start=A)) == [A]
    assert tokens(held("1", start=A), held("2", start=B, stop=(A,))) == [B]
    assert tokens(held("1", start=A), held("2", start=None, stop=(A,))) == []


def test_two_clocks_that_were_started_at_once_both_run_oldest_first() -> None:
    assert tokens(
        held("1", start=A), held("2", start=B, stop=(A,)), held("3", start=C, stop=(A,))
    ) == [B, C]


def test_a_step_that_the_broker_refused_starts_and_stops_nothing() -> None:
    assert tokens(held("1", start=A), held("2", start=B, stop=(A,), refused=True)) == [A]


def test_a_step_that_was_refused_is_not_among_those_that_wait_for_the_line() -> None:
    steps = (held("1", start=A), held("2", start=None, refused=True))

    assert Case(ThreadId(bytes(16)), REF, steps, (), (), None, ()).waiting == [steps[0]]
