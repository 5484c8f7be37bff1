"""What the specifications print from the code: worked examples, tables and the picture.

``python -m tests.docs.printed`` writes each anew in its place: fenced blocks with a name
(hex, cbor, text), and what stands between ``<!-- printed: NAME -->`` and ``<!-- end -->``.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from textwrap import wrap

from config.load import bundled_corridor
from config.schema import Limit
from crypto.attest.encoding import decode
from protocols.casework.codes import FINAL_OUTCOMES, OUTCOMES, RequestType, Urgency
from protocols.casework.errors import StepError
from protocols.casework.forms.registry import FORMS
from protocols.casework.forms.request import RequestForm
from protocols.casework.header import Header, ReleaseApproval
from protocols.casework.lifecycle import NOT_AVAILABLE, TABLE, TURN, Side, allowed_acts, mermaid
from protocols.casework.model import Model
from protocols.casework.payload import RULES
from protocols.casework.person import Account, Birth, Name, Person, PersonGroup, Phone
from tests.docs import examples
from tests.support.requirements import REPOSITORY

SPECS = {
    name: REPOSITORY / f"docs/spec/{name}.md"
    for name in ("broker", "ledger", "casework", "carriage")
}
CORRIDOR = "quangninh-guangxi"
HEX_LINE, TEXT_LINE = 96, 140

_PARTS: dict[str, type[Model]] = {
    "header": Header,
    "release approval": ReleaseApproval,
    "person": Person,
    "name": Name,
    "birth": Birth,
    "phone": Phone,
    "account": Account,
    "group": PersonGroup,
}


def rewritten(text: str) -> str:
    """Return the text of a specification with everything that is printed in it printed anew."""
    text = re.sub(r"```(hex|cbor|text) (\S+)\n.*?```", _block, text, flags=re.DOTALL)
    return re.sub(r"<!-- printed: (\w+) -->\n.*?<!-- end -->", _table, text, flags=re.DOTALL)


def tables() -> dict[str, str]:
    """Return every printed table (as Markdown) and picture by its name."""
    return {
        "mermaid": f"```mermaid\n{mermaid(TABLE)}```",
        "acts": _grid("stage | the requester may | the requested desk may | turn", _acts()),
        "rules": _grid("act | needs | may have | at least one of", _rules()),
        "fields": _grid("part | fields", _fields()),
        "outcomes": _grid("type | outcomes | final", _outcomes()),
        "rulings": _grid("ruling | why the step was not applied", _rulings()),
        "limits": _grid("clock | allowed | repeats | met by", _limits()),
        "ladder": _grid("urgency | officer | unit_head | supervisor | provincial_desk", _ladder()),
        "forms": f"{_codes(FORMS)}.",
        "missing": f"{_codes(sorted(NOT_AVAILABLE))}.",
    }


def _block(found: re.Match[str]) -> str:
    kind, name = found.groups()
    if kind == "text":
        body = examples.texts()[name]
    else:
        raw = examples.encoded()[name]
        said = examples.diagnose(decode(raw, limit=len(raw)))
        lines = (
            wrap(raw.hex(), HEX_LINE)
            if kind == "hex"
            else wrap(said, TEXT_LINE, break_on_hyphens=False)
        )
        body = "\n".join(lines) + "\n"
    return f"```{kind} {name}\n{body}```"


def _table(found: re.Match[str]) -> str:
    return f"<!-- printed: {found[1]} -->\n{tables()[found[1]]}\n<!-- end -->"


def _grid(head: str, rows: Iterable[Iterable[str]]) -> str:
    bar = "|".join("---" for _ in head.split(" | "))
    return "\n".join([f"| {head} |", f"|{bar}|", *(f"| {' | '.join(row)} |" for row in rows)])


def _acts() -> Iterable[Iterable[str]]:
    for stage in TABLE:
        sides = (Side.REQUESTER, Side.REQUESTED)
        yield _code(stage), *(_codes(allowed_acts(stage, side)) for side in sides), str(TURN[stage])


def _rules() -> Iterable[Iterable[str]]:
    for act, rule in RULES.items():
        parts = (rule.needs, rule.may - rule.needs - rule.one_of, rule.one_of)
        yield _code(act), *(_codes(sorted(part)) for part in parts)


def _fields() -> Iterable[Iterable[str]]:
    yield "request", _named(RequestForm)
    for kind, form in FORMS.items():
        yield str(kind), _named(form, without=frozenset(RequestForm.model_fields))
    for part, model in _PARTS.items():
        yield part, _named(model)


def _named(model: type[Model], *, without: frozenset[str] = frozenset()) -> str:
    fields = model.model_fields.items()
    return ", ".join(
        f"`{name}`" + ("" if field.is_required() else "?")
        for name, field in fields
        if name not in without
    )


def _outcomes() -> Iterable[Iterable[str]]:
    for kind in RequestType:
        if kind in OUTCOMES:
            yield _code(kind), _codes(sorted(OUTCOMES[kind])), _codes(sorted(FINAL_OUTCOMES[kind]))


def _rulings() -> Iterable[Iterable[str]]:
    for error in StepError.__subclasses__():
        first = (error.__doc__ or "").partition("\n")[0].rstrip(".")
        yield _code(error.code), first


def _limits() -> Iterable[Iterable[str]]:
    for limit in _rescue_limits():
        again = "yes" if limit.repeats else "no"
        met_by = _codes(sorted(limit.met_by))
        yield _code(limit.clock), f"{limit.amount} {limit.unit}", again, met_by


def _rescue_limits() -> list[Limit]:
    limits = bundled_corridor(CORRIDOR).limits
    return [limit for limit in limits if limit.type == RequestType.RESCUE]


def _ladder() -> Iterable[Iterable[str]]:
    corridor = bundled_corridor(CORRIDOR)
    for urgency in Urgency:
        steps = corridor.ladder_for(RequestType.RESCUE, urgency, on=_rescue_limits()[0].valid_from)
        yield (
            str(urgency),
            *(f"{s.percent} %" if s.after is None else _after(s.after) for s in steps),
        )


def _after(after: timedelta) -> str:
    return f"due + {after // timedelta(minutes=1)} min"


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(map(_code, codes)) or "-"


def _code(code: str) -> str:
    return f"`{code}`"


if __name__ == "__main__":
    for file in SPECS.values():
        file.write_text(rewritten(file.read_text(encoding="utf-8")), encoding="utf-8")
