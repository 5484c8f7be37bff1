"""What a statement says, in plain words: read by the holder of a share before signing it.

Everything that the statement changes stands in a line. A kind that cannot be told in words is not
signed: nobody should sign what they cannot read.
"""

from collections.abc import Iterator, Mapping

from crypto.attest.header import DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    InfraPayload,
    RevocationPayload,
    RootPayload,
    Statement,
    SuccessionPayload,
)
from liaison.cli.ceremony.files import Known, Root
from liaison.cli.wording import Wording
from liaison.runtime.clock import from_timestamp

INDENT = "    "


class UndescribedError(Exception):
    """A statement of a kind for which there are no words here."""

    code = "ceremony.undescribed"


def describe(
    statement: Statement, roots: Mapping[AgencyId, Root], known: Known, words: Wording
) -> list[str]:
    """Return what ``statement`` says, a headline first.

    Args:
        statement: what is to be signed.
        roots: of the agencies that sign, as far as they are at hand.
        known: what was stated before: desks are told by their names.
        words: in which language.

    Raises:
        StatementError, SignatureError: it is not of its kind's form.
        UndescribedError: there are no words for its kind.
    """
    payload = decode_payload(statement)
    match payload:
        case RootPayload():
            lines = _root(statement, payload, words)
        case DeskPayload():
            lines = _desk(statement, payload, known, words)
        case InfraPayload(kind, key, name):
            lines = iter(
                [
                    words.say(f"relies_{kind.name.lower()}", name=name),
                    words.say("key_id", kid=key.kid.hex()),
                ]
            )
        case SuccessionPayload():
            lines = _succession(statement, payload, roots, known, words)
        case RevocationPayload(effective, reason):
            named = known.slug(statement.agency, DeskId(statement.subject))
            lines = iter(
                [
                    words.say("revokes_whole", what=named or statement.subject.hex()),
                    words.say("not_trusted", since=words.day(from_timestamp(effective))),
                    words.say("because", reason=words.reason(reason)),
                ]
            )
        case _:
            raise UndescribedError(f"a {statement.what.name} statement cannot be told in words")
    headline, *rest = lines
    root = roots.get(statement.agency)
    speaker = [] if root is None else [words.say("speaks", agency=words.of(root.payload.names))]
    return [headline, *(f"{INDENT}{line}" for line in [*speaker, *rest])]


def _root(statement: Statement, payload: RootPayload, words: Wording) -> Iterator[str]:
    is_first = statement.serial == 1
    yield words.say("founds" if is_first else "replaces", agency=words.of(payload.names))
    yield from _names(payload.names, words)
    yield words.say("country", country=payload.country)
    yield words.say("threshold", keys=len(payload.keys), threshold=payload.threshold)
    yield words.say("fingerprint", digits=fingerprint(statement.payload))


def _desk(
    statement: Statement, payload: DeskPayload, known: Known, words: Wording
) -> Iterator[str]:
    is_first = statement.serial == 1
    yield words.say("names_desk" if is_first else "renews_desk", slug=payload.slug)
    yield from _names(payload.names, words)
    begins, ends = from_timestamp(payload.not_before), from_timestamp(payload.not_after)
    yield words.say("counts", begins=words.day(begins), ends=words.day(ends))
    yield words.say("registrars", kids=", ".join(key.kid.hex() for key in payload.registrars))
    if payload.escalates_to is None:
        yield words.say("escalates_nowhere")
    else:
        slug = known.slug(statement.agency, payload.escalates_to)
        yield words.say("escalates", desk=slug or payload.escalates_to.hex())
    yield words.say("carried_by", kid=payload.broker.hex())
    if payload.oversight is None:
        yield words.say("no_oversight")
    else:
        for panel in (payload.oversight.first, payload.oversight.second):
            yield words.say("oversight", kids=", ".join(key.kid.hex() for key in panel))


def _succession(
    statement: Statement,
    payload: SuccessionPayload,
    roots: Mapping[AgencyId, Root],
    known: Known,
    words: Wording,
) -> Iterator[str]:
    """Yield what a succession says; of another agency's desk, by whose digits it is known too."""
    old, new = known.named(DeskId(statement.subject)), known.named(payload.new)
    if old is None or new is None:
        raise UndescribedError("expected the entries that name both desks, found only ids")
    yield words.say("follows", old=old.slug, new=new.slug)
    yield from _names(new.names, words)
    accepting = known.agency_of(payload.new)
    if accepting is not None and accepting != statement.agency:
        root = roots[accepting]
        yield words.say("speaks", agency=words.of(root.payload.names))
        yield words.say("fingerprint", digits=root.digits)
    yield words.say("follows_from", begins=words.day(from_timestamp(payload.begins)))
    if payload.threads is None:
        yield words.say("follows_in_all")
    else:
        yield words.say("follows_in_some", count=len(payload.threads))


def _names(names: tuple[str, str, str], words: Wording) -> Iterator[str]:
    for lang, name in zip(("vi", "zh", "en"), names, strict=True):
        yield words.say("name_in", lang=lang, name=name)
