"""What a disclosed message says, by whom, when, and what that proves, for a reader of a language.

The same words for everybody to whom it is shown; nothing is said of what did not hold.
"""

from typing import Any

from crypto.seal.content import Kind
from liaison.desk.disclosure.check import Shown
from liaison.runtime.clock import from_timestamp
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.moments import format_moment, iso
from protocols.casework.payload import from_value
from protocols.casework.render import render_step


def as_lines(shown: Shown, catalogue: Catalogue, lang: Language) -> list[str]:
    """Return the report as lines of text in ``lang``."""

    def say(code: str, **values: object) -> str:
        return catalogue.code("screen", f"disclosed_{code}", lang).format(**values)

    def at(seconds: int) -> str:
        return format_moment(from_timestamp(seconds), lang)

    content, name = shown.opened.content, shown.source.payload.names
    which = list(Language).index(lang)
    lines = [say("holds"), ""]
    officer = shown.opened.signer.payload.pseudonym
    lines.append(say("from", desk=name[which], officer=officer))
    lines += [say("to", desk=desk.payload.names[which]) for desk in shown.addressed]
    for kid, _ in content.countersignatures:
        second = shown.directory.whose(kid).payload
        desk = shown.directory.desk(second.desk).payload.names[which]
        lines.append(say("second", desk=desk, officer=second.pseudonym))
    lines.append(say("written", at=at(content.created)))
    lines.append(say("taken", at=at(shown.took.at), index=shown.took.index))
    for one in shown.cosigned.cosignatures:
        lines.append(say("cosigned", name=one.name, at=format_moment(one.at, lang)))
    lines.append("")
    lines += [f"{field['label']}: {field['value']}" for field in fields(shown, catalogue, lang)]
    return [*lines, "", say("proves"), say("not_proves")]


def as_value(shown: Shown, catalogue: Catalogue, lang: Language) -> dict[str, Any]:
    """Return the report as a plain value."""
    opened = shown.opened
    return {
        "verified": True,
        "mid": opened.sealed.mid.hex(),
        "kind": opened.content.kind.name.lower(),
        "from": shown.source.payload.slug,
        "by": opened.signer.payload.pseudonym,
        "to": [desk.payload.slug for desk in shown.addressed],
        "countersigned_by": [
            shown.directory.whose(kid).payload.pseudonym
            for kid, _ in opened.content.countersignatures
        ],
        "created": iso(from_timestamp(opened.content.created)),
        "taken": iso(from_timestamp(shown.took.at)),
        "index": shown.took.index,
        "cosigned": {one.name: iso(one.at) for one in shown.cosigned.cosignatures},
        "fields": fields(shown, catalogue, lang),
    }


def fields(shown: Shown, catalogue: Catalogue, lang: Language) -> list[dict[str, str]]:
    """Return label and value of each field of a step; none of another kind of message."""
    content = shown.opened.content
    if content.kind is not Kind.STEP:
        return []
    step = from_value(content.form)
    act = catalogue.code("act", step.act, lang)
    found = [{"label": act, "value": step.case}]
    return found + [
        {"label": field.label, "value": field.value} for field in render_step(step, catalogue, lang)
    ]
