"""The ground of every form: a frozen model that refuses what it does not know.

Pydantic models are used for one thing: to find everything that is wrong at once. ``refuse`` makes
an error with a stable code; ``findings`` turns a validation error into findings that never repeat
a value, unless it stands where a code belongs and looks like one.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from protocols.casework.errors import Finding

MAX_TEXT = 8_000

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=r"\S")]

_CODE_LIKE = re.compile(r"[A-Za-z0-9_.-]{1,40}")

#: Pydantic's kinds of error, by the end of their name, and the codes that stand for them.
_CODES: dict[str, str] = {
    "missing": "casework.missing",
    "extra_forbidden": "casework.unknown_field",
    "enum": "casework.unknown_code",
    "literal_error": "casework.unknown_code",
    "timezone_aware": "casework.naive_time",
    "string_pattern_mismatch": "casework.shape",
    "string_too_short": "casework.size",
    "string_too_long": "casework.size",
    "too_short": "casework.size",
    "too_long": "casework.size",
}


class Model(BaseModel):
    """A frozen value; an unknown field is an error, numbers and truth values are never guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def refuse(code: str, expected: str, found: str = "another value") -> PydanticCustomError:
    """Return the error to raise in a validator: a stable code, what was expected and found."""
    context = {"expected": expected, "found": found}
    # The type of the error is the code; its template is a constant, so nothing leaks into it.
    return PydanticCustomError(code, "expected {expected}", context)


def findings(error: ValidationError, *, within: str = "") -> tuple[Finding, ...]:
    """Return everything that ``error`` found, each under its path below ``within``."""
    return tuple(_finding(detail, within) for detail in error.errors(include_url=False))


def _finding(detail: ErrorDetails, within: str) -> Finding:
    path = ".".join(_path(within, detail["loc"]))
    kind = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    if kind.startswith("casework."):
        return Finding(kind, path, context["expected"], context["found"])
    return Finding(_code(kind), path, _expected(kind, detail["msg"], context), _found(detail))


def _path(within: str, location: Iterable[int | str]) -> list[str]:
    return [part for part in (within, *map(str, location)) if part]


def _code(kind: str) -> str:
    if kind in _CODES:
        return _CODES[kind]
    return "casework.type" if kind.endswith(("_type", "_parsing")) else "casework.invalid"


def _expected(kind: str, message: str, context: dict[str, Any]) -> str:
    match kind:
        case "missing":
            return "a value"
        case "extra_forbidden":
            return "no such field"
        case "enum" | "literal_error":
            return str(context["expected"])
    return message.removeprefix("Input should be ").removeprefix("Input should ")


def _found(detail: ErrorDetails) -> str:
    value = detail["input"]
    if detail["type"] == "missing":
        return "nothing"
    if detail["type"] == "extra_forbidden":
        return "a field"
    if not isinstance(value, str):
        return type(value).__name__
    is_code = detail["type"] in {"enum", "literal_error"} and _CODE_LIKE.fullmatch(value)
    return repr(value) if is_code else f"text of {len(value)} characters"
