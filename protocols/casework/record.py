"""A case as both desks compute it: one function over the same signed messages.

``fold`` orders events by their place in the broker's ledger and by what they answer
(:mod:`protocols.casework.order`), so the order in which a desk received them does not matter. A
step that the table forbids is no error here: it stays in the case with a ruling that says why it
did not apply. Of two concurrent steps the first in the ledger wins. ``check_step`` is the same rule
asked before signing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from protocols.casework.codes import ACTS_OF_TYPE, Act, RequestType, Urgency
from protocols.casework.errors import (
    ActNotOfTypeError,
    AlreadyOpenError,
    BeforeRequestError,
    NoRequestError,
    NotAPartyError,
    NotCountersignedError,
    OtherCaseError,
    SenderMismatchError,
    StepError,
)
from protocols.casework.forms.request import RequestForm
from protocols.casework.lifecycle import BACK, TURN, Side, Stage, Turn, advance
from protocols.casework.order import NOT_YET, Mark, Place, places
from protocols.casework.outcomes import (
    PersonRecord,
    check_agreed,
    check_outcomes,
    expected_of,
    outcomes_of,
)
from protocols.casework.payload import Step

#: Desk slug and pseudonym of an officer who signed the same content.
Countersigner: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SignedStep:
    """A step as a desk holds it once its checks have passed.

    ``mid`` names the message (32 bytes), ``index`` is its place in the broker's ledger,
    ``taken_at`` the ledger's time, ``desk`` the sender, ``officer`` the pseudonym that signed.
    ``countersigners`` are desk and pseudonym of others whose signature of the same content has
    been checked; ``parents`` are the messages that it follows.
    """

    mid: bytes
    index: int
    taken_at: datetime
    desk: str
    officer: str
    step: Step
    countersigners: tuple[Countersigner, ...] = ()
    parents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """The receiving device's signed acknowledgement of message ``mid``, as the ledger holds it."""

    mid: bytes
    index: int
    at: datetime


Event: TypeAlias = SignedStep | Arrival


@dataclass(frozen=True, slots=True)
class Ruling:
    """How one step was taken: applied, or not and why (``code`` of the error); the stage after."""

    mid: bytes
    index: int
    at: datetime
    desk: str
    officer: str
    act: Act
    applied: bool
    code: str | None
    stage: Stage


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case: its parties, stage, persons and the ruling on each step, in ledger order.

    ``opened_at`` is when the broker took the request; ``arrivals`` says of each message when the
    first device of the receiving desk had it; ``back`` is the stage to which a reply to an open
    question leads.
    """

    ref: str
    type: RequestType
    urgency: Urgency
    requester: str
    requested: str
    request: RequestForm
    request_mid: bytes
    opened_at: datetime
    stage: Stage
    back: Stage
    persons: dict[str, PersonRecord]
    rulings: tuple[Ruling, ...]
    arrivals: dict[bytes, datetime] = field(default_factory=dict)

    @property
    def arrived_at(self) -> datetime | None:
        """Return when the request was on the requested desk; None while that is not known."""
        return self.arrivals.get(self.request_mid)

    @property
    def turn(self) -> Turn:
        """Return whose turn it is."""
        return TURN[self.stage]

    @property
    def applied(self) -> frozenset[bytes]:
        """Return the mids of the steps that were applied."""
        return frozenset(ruling.mid for ruling in self.rulings if ruling.applied)

    @property
    def open_labels(self) -> list[str]:
        """Return the labels of persons to whom a final outcome is owed, lowest first."""
        return [label for label, one in self.persons.items() if one.owed and not one.final]

    def side_of(self, desk: str) -> Side:
        """Return the side on which ``desk`` stands; raise NotAPartyError if on none."""
        if desk == self.requester:
            return Side.REQUESTER
        if desk == self.requested:
            return Side.REQUESTED
        parties = f"{self.requester} or {self.requested}"
        raise NotAPartyError(f"desk: expected {parties}, found {desk}")


def fold(events: Iterable[Event]) -> CaseRecord:
    """Return the case that ``events`` make, in whatever order they are given.

    Raises:
        NoRequestError: none of the events is a request signed by the desk it names as sender.
    """
    ordered = in_order(events)
    opening = next((event for event in ordered if _opens(event)), None)
    if not isinstance(opening, SignedStep) or opening.step.request is None:
        raise NoRequestError("case: expected a request signed by its sender, found none")
    record = _open(opening, opening.step.request)
    begins = ordered.index(opening)
    for number, event in enumerate(ordered):
        record = _apply(record, event, opening, is_before=number < begins)
    return record


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return ``events`` in the order in which they count, each message and each arrival once.

    A step's time is not before that of what it follows; an arrival stands after its message.
    """
    steps: dict[bytes, SignedStep] = {}
    arrivals: dict[bytes, Arrival] = {}
    for event in sorted(events, key=lambda e: (e.index, e.mid)):
        if isinstance(event, Arrival):
            arrivals.setdefault(event.mid, event)
        else:
            steps.setdefault(event.mid, event)
    found = places(Mark(s.mid, s.index, s.taken_at, s.parents) for s in steps.values())
    keyed = [((*found[mid].key(), False), _at(step, found[mid])) for mid, step in steps.items()]
    keyed += [(_after(one, found.get(mid)), one) for mid, one in arrivals.items()]
    return [event for _, event in sorted(keyed, key=lambda pair: pair[0])]


def check_step(
    record: CaseRecord,
    step: Step,
    desk: str,
    *,
    countersigners: tuple[Countersigner, ...] | None = None,
) -> None:
    """Raise the StepError for which ``step`` by ``desk`` would not apply to the case now.

    Args:
        record: The case.
        step: What is to be done.
        desk: Who would do it.
        countersigners: Who has signed it besides; None while they have yet to be asked.

    Raises:
        NotAPartyError, OtherCaseError, AlreadyOpenError: not a step of this case.
        ActNotAvailableError, ActNotOfTypeError, IllegalStepError: not this act, here, by them.
        UnknownPersonError, OutcomeNotOfTypeError: an outcome that the request does not have.
        PersonWithoutOutcomeError: an answer that leaves a person open; names the labels.
        NobodyAgreedError, NotCountersignedError: a record of handover without its ground.
    """
    _next_stage(record, step, desk)
    if countersigners is not None:
        _check_countersigned(record, step, desk, countersigners)


def _at(step: SignedStep, place: Place) -> Event:
    return step if step.taken_at == place.at else replace(step, taken_at=place.at)


def _after(arrival: Arrival, place: Place | None) -> tuple[int, float, int, int, bytes, bool]:
    """Return where an arrival counts: at its place in the ledger, and never before its message."""
    if place is None or place.index < arrival.index < NOT_YET:
        return (arrival.index, 0.0, 0, arrival.index, arrival.mid, True)
    return (*place.key(), True)


def _opens(event: Event) -> bool:
    if isinstance(event, Arrival) or event.step.act is not Act.REQUEST:
        return False
    request = event.step.request
    return request is not None and request.header.sender == event.desk


def _open(event: SignedStep, request: RequestForm) -> CaseRecord:
    header = request.header
    return CaseRecord(
        ref=event.step.case,
        type=header.type,
        urgency=header.urgency,
        requester=header.sender,
        requested=header.to,
        request=request,
        request_mid=event.mid,
        opened_at=event.taken_at,
        stage=Stage.SENT,
        back=Stage.ACKNOWLEDGED,
        persons=expected_of(request),
        rulings=(),
    )


def _apply(record: CaseRecord, event: Event, opening: SignedStep, *, is_before: bool) -> CaseRecord:
    if isinstance(event, Arrival):
        return _arrive(record, event)
    if event is opening:
        return _ruled(record, event, None)
    try:
        if is_before:
            _refuse_before_request(event)
        stage = _next_stage(record, event.step, event.desk)
        _check_countersigned(record, event.step, event.desk, event.countersigners)
    except StepError as error:
        return _ruled(record, event, error.code)
    back = BACK[record.stage] if event.step.act is Act.ASK else record.back
    persons = record.persons | outcomes_of(record.type, event.step, event.mid)
    return _ruled(replace(record, stage=stage, back=back, persons=persons), event, None)


def _arrive(record: CaseRecord, event: Arrival) -> CaseRecord:
    if event.mid in record.arrivals:
        return record
    arrived = replace(record, arrivals=record.arrivals | {event.mid: event.at})
    if event.mid != record.request_mid or record.stage is not Stage.SENT:
        return arrived
    return replace(arrived, stage=advance(record.stage, Act.ARRIVE, Side.SYSTEM))


def _ruled(record: CaseRecord, event: SignedStep, code: str | None) -> CaseRecord:
    ruling = Ruling(
        mid=event.mid,
        index=event.index,
        at=event.taken_at,
        desk=event.desk,
        officer=event.officer,
        act=event.step.act,
        applied=code is None,
        code=code,
        stage=record.stage,
    )
    return replace(record, rulings=(*record.rulings, ruling))


def _refuse_before_request(event: SignedStep) -> None:
    request = event.step.request
    if request is not None and request.header.sender != event.desk:
        raise SenderMismatchError(f"sender: expected {event.desk}, found {request.header.sender}")
    raise BeforeRequestError(f"{event.step.act}: expected after the request, found before it")


def _next_stage(record: CaseRecord, step: Step, desk: str) -> Stage:
    side = record.side_of(desk)
    if step.case != record.ref:
        raise OtherCaseError(f"case: expected {record.ref}, found {step.case}")
    if step.act is Act.REQUEST:
        raise AlreadyOpenError(f"case {record.ref}: expected one request, found another")
    stage = advance(record.stage, step.act, side, back=record.back)
    kind = ACTS_OF_TYPE.get(step.act, record.type)
    if kind is not record.type:
        raise ActNotOfTypeError(f"{step.act}: expected in a {kind}, found in a {record.type}")
    check_outcomes(record.type, record.persons, step)
    if step.act is Act.HANDOVER_RECORD:
        check_agreed(record.persons)
    return stage


def _check_countersigned(
    record: CaseRecord, step: Step, desk: str, countersigners: tuple[Countersigner, ...]
) -> None:
    if step.act is not Act.HANDOVER_RECORD:
        return
    other = record.requested if desk == record.requester else record.requester
    if other not in {signer for signer, _ in countersigners}:
        raise NotCountersignedError(f"{step.act}: expected a second signature by {other}")
