"""A step: what one signed message of a case says, and its form inside the envelope.

A step is checked as a whole and everything that is wrong is listed at once. On the wire it is a map
with text keys: times as text in UTC, absent fields left out, no floats. There is one way to write a
step, so what is read must be what would be written; anything else is refused.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationError,
)

from crypto.attest.encoding import Value
from protocols.casework.codes import Act, Outcome, RefusalCode
from protocols.casework.errors import ActNotAvailableError, Finding, FormError
from protocols.casework.forms.registry import parse_request
from protocols.casework.forms.request import RequestForm
from protocols.casework.lifecycle import NOT_AVAILABLE
from protocols.casework.model import Model, findings
from protocols.casework.person import Labels, LocalText, contract_labels, expand_labels
from protocols.casework.references import CaseRef

MAX_OUTCOMES = 999
MAX_PHRASES = 32

SlotValue = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PhraseUse(Model):
    """A phrase of the catalogue by its id, with the values of its slots."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}-[0-9]{2,3}$")]
    slots: dict[str, SlotValue] = Field(default_factory=dict)


class OutcomeEntry(Model):
    """What became of one person ("P4") or a range ("P8..P22"): an outcome, or a coded reason."""

    persons: Labels = Field(validation_alias=AliasChoices("persons", "person"))
    outcome: Outcome | None = None
    reason: RefusalCode | None = None

    @property
    def labels(self) -> list[str]:
        """Return the labels that the entry speaks of, lowest first."""
        return expand_labels(self.persons)


def _read_phrase(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class Step(Model):
    """One signed act in a case. ``check_rules`` says which act takes which fields."""

    case: CaseRef
    act: Act
    request: SerializeAsAny[RequestForm] | None = None
    outcomes: tuple[OutcomeEntry, ...] = Field(default=(), max_length=MAX_OUTCOMES)
    reason_code: RefusalCode | None = None
    text: LocalText | None = None
    reason: LocalText | None = None
    question: LocalText | None = None
    phrases: tuple[Annotated[PhraseUse, BeforeValidator(_read_phrase)], ...] = Field(
        default=(), max_length=MAX_PHRASES
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fields an act needs, which it may have besides, and of which it needs at least one."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset({"text", "phrases"})
    one_of: frozenset[str] = frozenset()


_REPORT = Rule(
    may=frozenset({"text", "phrases", "outcomes"}),
    one_of=frozenset({"text", "phrases", "outcomes"}),
)

#: The fields of each act beside case and act itself; an act without a row is no step yet.
RULES: dict[Act, Rule] = {
    Act.REQUEST: Rule(needs=frozenset({"request"})),
    Act.ACKNOWLEDGE: Rule(),
    Act.ACCEPT: Rule(),
    Act.START: Rule(),
    Act.ASK: Rule(needs=frozenset({"question"})),
    Act.SUPPLY: Rule(needs=frozenset({"text"})),
    Act.INTERIM: _REPORT,
    Act.SITUATION_REPORT: _REPORT,
    Act.ANSWER: Rule(may=frozenset({"text", "phrases", "outcomes"})),
    Act.DECLINE: Rule(
        needs=frozenset({"reason_code"}), may=frozenset({"text", "phrases", "reason"})
    ),
    Act.WITHDRAW: Rule(may=frozenset({"text", "phrases", "reason"})),
    Act.DISPUTE: Rule(needs=frozenset({"reason"})),
    Act.CLOSE: Rule(),
    Act.REOPEN: Rule(needs=frozenset({"reason"})),
    Act.HANDOVER_RECORD: Rule(),
    Act.NOTE: Rule(one_of=frozenset({"text", "phrases"})),
}

_CONTENT = tuple(name for name in Step.model_fields if name not in {"case", "act"})


def parse_step(fields: Mapping[str, object]) -> Step:
    """Return the step that ``fields`` (plain values, as from TOML or a web form) make.

    Raises:
        ActNotAvailableError: the act exists in the design only.
        FormError: everything that is wrong, as findings; TypeNotAvailableError for a request whose
            type has no form yet.
    """
    found: list[Finding] = []
    rest = dict(fields)
    request = None
    if "request" in rest:
        request, problems = _read_request(rest.pop("request"))
        found += problems
    try:
        step = Step.model_validate(rest)
    except ValidationError as error:
        found += findings(error)
        raise FormError(*found) from error
    if found:
        raise FormError(*found)
    step = step.model_copy(update={"request": request})
    check_rules(step)
    return step


def check_rules(step: Step) -> None:
    """Raise FormError with every rule that the step breaks beyond the shape of its fields.

    Raises:
        ActNotAvailableError: the act exists in the design only.
        FormError: fields that its act needs or does not take, and what contradicts itself.
    """
    if step.act in NOT_AVAILABLE:
        raise ActNotAvailableError(f"{step.act}: this version does not have it yet")
    broken = list(_broken_rules(step))
    if broken:
        raise FormError(*broken)


def to_value(step: Step) -> Value:
    """Return the step as a value for ``crypto.attest.encoding.encode``.

    Raises:
        FormError, ActNotAvailableError: the step breaks a rule, so it must not be sealed.
    """
    check_rules(step)
    return cast("Value", _without_absent(step.model_dump(mode="json")))


def from_value(value: Value) -> Step:
    """Return the step that ``value`` writes; ``to_value`` of it is ``value`` again.

    Raises:
        FormError: not a map with text keys, malformed, or not written in the one way.
        ActNotAvailableError: the act exists in the design only.
    """
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise FormError(Finding("casework.type", "", "a map with text keys", type(value).__name__))
    step = parse_step(cast("dict[str, object]", value))
    if to_value(step) != value:
        expected = "the one way to write this step"
        raise FormError(Finding("casework.not_canonical", "", expected, "another way"))
    return step


def subject(step: Step) -> str:
    """Return the subject line of a step: number, type, act, urgency and count, never a name."""
    if step.request is None:
        return f"{step.case} {step.act}"
    header = step.request.header
    return f"{step.case} {header.type} {step.act} {header.urgency} x{len(step.request.labels)}"


def _read_request(value: object) -> tuple[RequestForm | None, tuple[Finding, ...]]:
    if isinstance(value, RequestForm):
        return value, ()
    if not isinstance(value, Mapping):
        return None, (Finding("casework.type", "request", "a map", type(value).__name__),)
    try:
        return parse_request(value), ()
    except FormError as error:
        if type(error) is not FormError:
            raise
        return None, error.findings


def _broken_rules(step: Step) -> Iterator[Finding]:
    rule = RULES.get(step.act)
    if rule is None:
        yield Finding("casework.act_not_a_step", "act", "an act of an officer", step.act.value)
        return
    given = {name for name in _CONTENT if getattr(step, name)}
    for name in sorted(rule.needs - given):
        yield Finding("casework.missing", name, f"a value for {step.act}", "nothing")
    for name in sorted(given - rule.needs - rule.may):
        yield Finding("casework.not_of_act", name, f"no such field for {step.act}", "a value")
    if rule.one_of and not rule.one_of & given:
        expected = f"at least one of {', '.join(sorted(rule.one_of))}"
        yield Finding("casework.missing", "", expected, "none")
    yield from _broken_details(step)


def _broken_details(step: Step) -> Iterator[Finding]:
    if step.reason_code is RefusalCode.OTHER and step.reason is None:
        yield Finding("casework.missing", "reason", "a text for reason OTHER", "nothing")
    if step.request is not None and step.request.header.ref != step.case:
        yield Finding("casework.other_case", "case", "the request's own number", step.case)
    for number, entry in enumerate(step.outcomes):
        if entry.outcome is None and entry.reason is None:
            path = f"outcomes.{number}"
            yield Finding("casework.missing", path, "an outcome or a coded reason", "neither")
    times = Counter(label for entry in step.outcomes for label in entry.labels)
    twice = [label for label, count in times.items() if count > 1]
    if twice:
        found = f"{', '.join(contract_labels(twice))} more than once"
        yield Finding("casework.label_twice", "outcomes", "each label once", found)


def _without_absent(value: Any) -> Any:  # noqa: ANN401 - any value of a form
    if isinstance(value, dict):
        kept = {key: _without_absent(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in (None, [], {})}
    if isinstance(value, list):
        return [_without_absent(inner) for inner in value]
    return value
