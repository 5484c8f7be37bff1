"""A step on both sides: as it was written, beside what the reader is given.

The original is the message. A code or a phrase says exactly the same on both sides; a text stands
as it was written, and beside it its translation when there is one, with the way it was made.
"""

import re
from typing import Any

View = dict[str, Any]

#: What the head of the page or of the step says already.
SAID_ABOVE = frozenset(
    {
        "case",
        "act",
        "request.header.ref",
        "request.header.type",
        "request.header.version",
        "request.header.sender",
        "request.header.to",
        "request.header.urgency",
    }
)
#: What of the common header is read before the rest of it.
READ_FIRST = frozenset({"urgency_reason", "summary", "link", "due_wanted", "handling_text"})
#: Groups of fields beside those of each person.
MATTER, PARTICULARS = "", "header"
_PERSONS = re.compile(r"request\.(?:persons|groups)\.(P\d+(?:\.\.P\d+)?)\.")


def side_by_side(read: View, written: View) -> list[View]:
    """Return the fields of a step in groups, each field with what its writer and its reader see.

    The matter comes first, then each person, then the particulars of the common header.

    Args:
        read: the step in the reader's language.
        written: the same step in the language of the desk that wrote it.
    """
    groups: dict[str, list[View]] = {MATTER: []}
    for field, original in zip(read["fields"], written["fields"], strict=True):
        path = field["path"]
        if path not in SAID_ABOVE and not path.endswith((".label", ".labels")):
            groups.setdefault(_group(path), []).append(_sides(field, original))
    particulars = groups.pop(PARTICULARS, [])
    ordered = {**groups, PARTICULARS: particulars}
    return [{"name": name, "fields": fields} for name, fields in ordered.items() if fields]


def _sides(field: View, original: View) -> View:
    return {
        "path": field["path"],
        "label": field["label"],
        "value": field["value"],
        "method": field["method"],
        "lang": field["original"],
        "written": original["value"],
        "translation": field.get("translation"),
    }


def _group(path: str) -> str:
    """Return the persons that a field is about, or where else it belongs."""
    persons = _PERSONS.match(path)
    if persons is not None:
        return persons[1]
    is_header = path.startswith("request.header.")
    return PARTICULARS if is_header and path.split(".")[2] not in READ_FIRST else MATTER
