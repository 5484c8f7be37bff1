"""Asking a second officer to sign: what is to be signed, and the answer.

For a release by a higher authority and for the record of a handover. These values travel sealed,
as messages of a kind of their own; each is a map with whole numbers as keys, its first the kind of
value. Nothing is signed here, and who may sign is ``approval``'s to say.
"""

from dataclasses import dataclass
from typing import TypeAlias, TypeVar, cast

from pydantic import ValidationError

from crypto.attest.encoding import EncodingError, Value, decode, encode
from protocols.casework.codes import Language, SignaturePurpose
from protocols.casework.errors import SignatureFormError
from protocols.casework.header import ReleaseApproval
from protocols.casework.model import Model
from protocols.casework.person import LocalText

ASK, GRANTED, REFUSED = 1, 2, 3
ID_BYTES = 16
SIGNATURE_BYTES = 64
MAX_SLUG = 60
MAX_SUBJECT = 200
MAX_FORM = 1 << 20

PURPOSES: dict[SignaturePurpose, int] = {SignaturePurpose.RELEASE: 1, SignaturePurpose.HANDOVER: 2}
LANGUAGES = frozenset({"", *Language})


@dataclass(frozen=True, slots=True)
class Draft:
    """The message to be signed: its thread (16 bytes; None opens one), addressee and content.

    ``to`` is a desk's slug, ``lang`` a language or "", ``form`` the step as ``payload.to_value``
    writes it.
    """

    to: str
    lang: str
    subject: str
    form: Value
    thread: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Please sign this draft for this purpose."""

    draft: Draft
    purpose: SignaturePurpose


@dataclass(frozen=True, slots=True)
class Granted:
    """Signed: the key's id (16 bytes) and signature (64); ``approval`` goes with a release."""

    kid: bytes
    signature: bytes
    approval: ReleaseApproval | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed, and why."""

    reason: LocalText


M = TypeVar("M", bound=Model)

SecondSignature: TypeAlias = Ask | Granted | Refused


def signature_to_value(said: SecondSignature) -> Value:
    """Return ``said`` as the value that stands in a message's form."""
    match said:
        case Ask(draft, purpose):
            # The step goes as bytes: nested once more it would be too deep for the encoding.
            form = encode(draft.form)
            parts: dict[int, Value] = {1: draft.to, 2: draft.lang, 3: draft.subject, 4: form}
            if draft.thread is not None:
                parts[5] = draft.thread
            ask: dict[int, Value] = {1: ASK, 2: PURPOSES[purpose], 3: parts}
            return ask
        case Granted(kid, signature, approval):
            granted: dict[int, Value] = {1: GRANTED, 2: kid, 3: signature}
            if approval is not None:
                granted[4] = _write(approval)
            return granted
        case Refused(reason):
            refused: dict[int, Value] = {1: REFUSED, 2: _write(reason)}
            return refused


def signature_from_value(value: Value) -> SecondSignature:
    """Return what ``value`` says; ``signature_to_value`` of it is ``value`` again.

    Raises:
        SignatureFormError: it is none of the three, or not written in the one way.
    """
    said = _read(value)
    if signature_to_value(said) != value:
        raise SignatureFormError("second signature: expected the one way to write it")
    return said


def _read(value: Value) -> SecondSignature:
    match value:
        case {1: int(kind), 2: int(code), 3: dict(parts)} if kind == ASK:
            return Ask(_read_draft(parts), _purpose(code))
        case {1: int(kind), 2: bytes(kid), 3: bytes(signature), 4: dict(approval)} if (
            kind == GRANTED
        ):
            return _granted(kid, signature, _parse(ReleaseApproval, approval))
        case {1: int(kind), 2: bytes(kid), 3: bytes(signature)} if kind == GRANTED:
            return _granted(kid, signature, None)
        case {1: int(kind), 2: dict(reason)} if kind == REFUSED:
            return Refused(_parse(LocalText, reason))
    raise SignatureFormError("second signature: expected a question, a signature or a refusal")


def _granted(kid: bytes, signature: bytes, approval: ReleaseApproval | None) -> Granted:
    if (len(kid), len(signature)) != (ID_BYTES, SIGNATURE_BYTES):
        raise SignatureFormError("signature: expected a key id of 16 and a signature of 64 bytes")
    return Granted(kid, signature, approval)


def _read_draft(parts: object) -> Draft:
    match parts:
        case {1: str(to), 2: str(lang), 3: str(subject), 4: bytes(form), 5: bytes(thread)}:
            draft = Draft(to, lang, subject, _decode(form), thread)
        case {1: str(to), 2: str(lang), 3: str(subject), 4: bytes(form)}:
            draft = Draft(to, lang, subject, _decode(form))
        case _:
            raise SignatureFormError("draft: expected addressee, language, subject and form")
    is_short = 1 <= len(draft.to) <= MAX_SLUG and len(draft.subject) <= MAX_SUBJECT
    is_thread = draft.thread is None or len(draft.thread) == ID_BYTES
    if not (is_short and is_thread and draft.lang in LANGUAGES):
        raise SignatureFormError("draft: expected a desk, a language, a short subject, a thread")
    return draft


def _decode(form: bytes) -> Value:
    try:
        return decode(form, limit=MAX_FORM)
    except EncodingError as error:
        raise SignatureFormError(f"draft: {error.code}: {error}") from error


def _purpose(code: int) -> SignaturePurpose:
    for purpose, number in PURPOSES.items():
        if number == code:
            return purpose
    raise SignatureFormError(f"purpose: expected 1 (release) or 2 (handover), found {code}")


def _write(model: Model) -> Value:
    return cast("Value", model.model_dump(mode="json", exclude_none=True))


def _parse(kind: type[M], value: Value) -> M:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SignatureFormError(f"{kind.__name__}: {error.error_count()} findings") from error
