"""Signed notes: a text with signature lines below it, which any tool of that family can check.

Follows C2SP signed-note v1.0.0. Reads strictly: UTF-8 without control characters, canonical
base64, no signature line twice. Lines by unknown keys are kept and ignored, as the specification
asks; a line by a known key that does not hold spoils the whole note. Only Ed25519 is supported.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from crypto.attest.signing import SignatureError, SigningKey, VerifyKey

#: A checkpoint has about 300 bytes; post-quantum signature lines have nearly 5,000 each.
NOTE_LIMIT = 65_536
#: At least 16 must be accepted.
SIGNATURES_LIMIT = 32
KEY_HINT_BYTES = 4
#: The em dash and space that open every signature line.
SIGNATURE_MARK = "\u2014 "


class NoteError(Exception):
    """A signed note cannot be used. ``code`` is stable: logs, tests and screens rely on it."""

    code = "note"


class MalformedNoteError(NoteError):
    """The bytes are not a signed note as the specification defines it."""

    code = "note.malformed"


class KeyNameError(NoteError):
    """A key's name is empty, or holds a space, a plus sign or a control character."""

    code = "note.key_name"


class MalformedKeyError(NoteError):
    """The text is not the verifier key of the kind expected."""

    code = "note.key"


class UnsignedNoteError(NoteError):
    """The known key has not signed this note."""

    code = "note.unsigned"


class BadNoteSignatureError(NoteError):
    """A line in the known key's name does not hold: the whole note is refused."""

    code = "note.bad_signature"


class SignatureKind(IntEnum):
    """What a signature line holds; part of the key's hint, so kinds never pass for one another."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A log's or a witness's name and its public key, as configured by who trusts it."""

    name: str
    verify_key: VerifyKey

    def __post_init__(self) -> None:
        """Raise KeyNameError unless the name can stand in a signature line."""
        _check_name(self.name)

    def hint(self, kind: SignatureKind) -> bytes:
        """Return the four bytes that name this key in signatures of ``kind``."""
        seed = self.name.encode() + b"\n" + bytes([kind]) + self.verify_key.raw
        return sha256(seed).digest()[:KEY_HINT_BYTES]

    def vkey(self, kind: SignatureKind) -> str:
        """Return the key in the text form in which operators exchange it."""
        material = b64encode(bytes([kind]) + self.verify_key.raw).decode()
        return f"{self.name}+{self.hint(kind).hex()}+{material}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who is said to have signed, the key's four-byte hint, the signature."""

    name: str
    hint: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        blob = b64encode(self.hint + self.signature).decode()
        return f"{SIGNATURE_MARK}{self.name} {blob}\n"

    def is_by(self, key: NamedKey, kind: SignatureKind) -> bool:
        """Say whether the line claims to be by ``key``; nothing is verified."""
        return (self.name, self.hint) == (key.name, key.hint(kind))


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signature lines in order, none of them verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def raw(self) -> bytes:
        """Return the note as bytes; parsing them gives this note again."""
        return (self.text + "\n" + "".join(s.line() for s in self.signatures)).encode()

    def find(self, key: NamedKey, kind: SignatureKind) -> NoteSignature:
        """Return the line that claims to be by ``key``; raise UnsignedNoteError without one."""
        for signature in self.signatures:
            if signature.is_by(key, kind):
                return signature
        raise UnsignedNoteError(f"no signature by {key.name} of kind {kind.name}")

    def adding(self, signature: NoteSignature) -> "Note":
        """Return the note with ``signature`` last, instead of an older one by the same key."""
        kept = (s for s in self.signatures if (s.name, s.hint) != (signature.name, signature.hint))
        return Note(self.text, (*kept, signature))


def sign_note(text: str, name: str, key: SigningKey) -> Note:
    """Return ``text`` (ending in a newline) signed plainly by ``key`` under ``name``.

    Raises:
        KeyNameError: the name cannot stand in a signature line.
        MalformedNoteError: the text cannot stand in a note.
    """
    hint = NamedKey(name, key.verify_key).hint(SignatureKind.ED25519)
    note = Note(text, (NoteSignature(name, hint, key.sign_plain(text.encode())),))
    return parse_note(note.raw())  # nothing leaves signed that its reader would refuse


def verify_note(note: Note, key: NamedKey) -> str:
    """Return the note's text once ``key`` is seen to have signed it plainly.

    Raises:
        UnsignedNoteError: no line claims to be by ``key``.
        BadNoteSignatureError: the line that does so does not hold.
    """
    signature = note.find(key, SignatureKind.ED25519)
    verify_line(signature, key, note.text.encode())
    return note.text


def verify_line(signature: NoteSignature, key: NamedKey, message: bytes) -> None:
    """Raise BadNoteSignatureError unless the line's 64 bytes are ``key``'s over ``message``."""
    try:
        key.verify_key.verify_plain(message, signature.signature)
    except SignatureError as e:
        raise BadNoteSignatureError(f"the line by {key.name} does not hold: {e}") from e


def parse_note(raw: bytes) -> Note:
    """Return the note in ``raw``, its signatures not verified.

    Raises:
        MalformedNoteError: too long, not UTF-8, a control character, no empty line before the
            signatures, no signature or too many, one twice, or a line out of form.
    """
    text = _decode(raw)
    end = text.rfind("\n\n")
    if end < 0:
        raise MalformedNoteError("an empty line before the signatures expected, none found")
    return Note(text[: end + 1], _signatures(text[end + 2 :]))


def parse_signatures(raw: bytes) -> tuple[NoteSignature, ...]:
    """Return bare signature lines, one at least, as a witness answers; not verified.

    Raises:
        MalformedNoteError: too long, not UTF-8, a control character, or a line out of form.
    """
    return _signatures(_decode(raw))


def parse_vkey(text: str, kind: SignatureKind) -> NamedKey:
    """Return the key that ``text`` (``name+hint+base64``) gives for signatures of ``kind``.

    Raises:
        KeyNameError: the name cannot stand in a signature line.
        MalformedKeyError: out of form, of another kind, or the hint is not this key's.
    """
    parts = text.split("+", 2)  # base64 may hold a plus sign, a name may not
    if len(parts) != 3:  # noqa: PLR2004 - name, hint, key
        raise MalformedKeyError(f"name+hint+key expected, {len(parts)} parts found")
    name, hint, blob = parts
    try:
        material = decode_base64(blob)
        key = NamedKey(name, VerifyKey(material[1:]))
    except (MalformedNoteError, SignatureError) as e:
        raise MalformedKeyError(f"the key of {name!r} is out of form: {e}") from e
    if material[0] != kind or hint != key.hint(kind).hex():
        raise MalformedKeyError(f"the key of {name!r} is not one of kind {kind.name} with its hint")
    return key


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard base64 in its one canonical form.

    Raises:
        MalformedNoteError: another alphabet, missing padding, or stray bits at the end.
    """
    try:
        found = b64decode(text, validate=True)
    except (Base64Error, ValueError) as e:
        raise MalformedNoteError("standard base64 expected, something else found") from e
    if b64encode(found).decode() != text:
        raise MalformedNoteError("canonical base64 expected, stray bits found")
    return found


def _decode(raw: bytes) -> str:
    if len(raw) > NOTE_LIMIT:
        raise MalformedNoteError(f"{len(raw):,} bytes; at most {NOTE_LIMIT:,} are allowed")
    try:
        text = raw.decode()
    except UnicodeDecodeError as e:
        raise MalformedNoteError(f"UTF-8 expected; byte {e.start} is none") from e
    if any(letter < " " and letter != "\n" for letter in text):
        raise MalformedNoteError("a control character other than newline was found")
    return text


def _signatures(text: str) -> tuple[NoteSignature, ...]:
    lines = text.split("\n")  # not splitlines, which also breaks at U+2028 and its like
    if lines.pop():
        raise MalformedNoteError("a newline at the end expected, none found")
    if not 0 < len(lines) <= SIGNATURES_LIMIT:
        raise MalformedNoteError(f"1 to {SIGNATURES_LIMIT} signatures expected, {len(lines)} found")
    signatures = tuple(_signature(line) for line in lines)
    _check_distinct(signatures)
    return signatures


def _signature(line: str) -> NoteSignature:
    name, space, blob = line.removeprefix(SIGNATURE_MARK).partition(" ")
    if not line.startswith(SIGNATURE_MARK) or not space:
        raise MalformedNoteError("a signature line is em dash, space, name, space, base64")
    try:
        _check_name(name)
    except KeyNameError as e:
        raise MalformedNoteError(f"signature line: {e}") from e
    signed = decode_base64(blob)
    if len(signed) <= KEY_HINT_BYTES:
        raise MalformedNoteError(f"over {KEY_HINT_BYTES} bytes of base64 expected")
    return NoteSignature(name, signed[:KEY_HINT_BYTES], signed[KEY_HINT_BYTES:])


def _check_distinct(signatures: Sequence[NoteSignature]) -> None:
    if len({(s.name, s.hint) for s in signatures}) != len(signatures):
        raise MalformedNoteError("each key signs once; a name and hint stand there twice")


def _check_name(name: str) -> None:
    if not name or any(c.isspace() or c == "+" or c < " " for c in name):
        raise KeyNameError("a key's name is not empty and holds no space, plus or control sign")
