"""Read plain tables (as TOML gives them) into the frozen dataclasses of the schema.

The dataclass is the schema: an unknown key is an error that names the nearest spelling, a missing
one is named, a wrong type says what was expected and found. Nothing is converted by guessing, so
``"8470"`` is not a port; only text becomes an enumeration or a path.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from config.errors import MissingKeyError, UnknownKeyError, WrongTypeError, WrongValueError
from config.schema import nearest

T = TypeVar("T")

#: How a type is called in a message to the person who wrote the file.
TYPE_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    date: "a date (2026-01-31)",
    Path: "a path",
    dict: "a table",
    list: "a list",
    float: "a decimal number",
    datetime: "a date with time",
}


def read_table(schema: type[T], table: object, *, where: str) -> T:
    """Return ``schema`` (a dataclass) filled from ``table``; ``where`` begins every message.

    Raises:
        UnknownKeyError: a key that the dataclass does not have.
        MissingKeyError: a field without default is absent.
        WrongTypeError, WrongValueError: a value does not fit its field.
    """
    known = {field.name: field for field in fields(cast("Any", schema))}
    values = read_mapping(table, where=where)
    check_keys(values, known, where=where)
    missing = [name for name, field in known.items() if name not in values and _is_required(field)]
    if missing:
        raise MissingKeyError(f"{where}: expected {', '.join(missing)}; not found")
    hints = get_type_hints(schema)
    return schema(**{n: read_value(hints[n], v, where=f"{where}.{n}") for n, v in values.items()})


def read_tables(schema: type[T], tables: object, *, where: str) -> tuple[T, ...]:
    """Return one ``schema`` for each entry of an array of tables."""
    entries = _expect(tables, list, where)
    return tuple(
        read_table(schema, entry, where=f"{where}[{number}]")
        for number, entry in enumerate(entries, start=1)
    )


def read_mapping(table: object, *, where: str) -> dict[str, object]:
    """Return ``table`` as a dictionary; raise WrongTypeError if it is none."""
    return cast("dict[str, object]", _expect(table, dict, where))


def check_keys(table: Mapping[str, object], known: Mapping[str, object], *, where: str) -> None:
    """Raise UnknownKeyError for the first key that is not ``known``, with the nearest spelling."""
    for key in table:
        if key not in known:
            raise UnknownKeyError(f"{where}: unknown key {key!r}; {nearest(key, known)}")


def read_value(expected: Any, value: object, *, where: str) -> Any:  # noqa: ANN401 - any field's type
    """Return ``value`` as the type ``expected`` of a field, or raise WrongTypeError."""
    if get_origin(expected) in {Union, UnionType}:
        (inner,) = (arm for arm in get_args(expected) if arm is not NoneType)
        return read_value(inner, value, where=where)
    if get_origin(expected) is tuple:
        item = get_args(expected)[0]
        entries = enumerate(_expect(value, list, where), start=1)
        return tuple(read_value(item, entry, where=f"{where}[{n}]") for n, entry in entries)
    if is_dataclass(expected):
        return read_table(cast("type[Any]", expected), value, where=where)
    if issubclass(expected, StrEnum):
        return _read_code(expected, _expect(value, str, where), where)
    if expected is Path:
        return Path(_expect(value, str, where))
    return _expect(value, expected, where)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _expect(value: object, expected: type[T], where: str) -> T:
    # Exact, since True is an int and a datetime is a date for isinstance.
    if type(value) is not expected:
        found = TYPE_NAMES.get(type(value), type(value).__name__)
        raise WrongTypeError(f"{where}: expected {TYPE_NAMES[expected]}, found {found}")
    return value


def _read_code(codes: type[StrEnum], value: str, where: str) -> StrEnum:
    try:
        return codes(value)
    except ValueError:
        known = [code.value for code in codes]
        raise WrongValueError(f"{where}: unknown {value!r}; {nearest(value, known)}") from None
