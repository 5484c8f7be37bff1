"""What an envelope says inside: the fields that its signature commits to and only readers see.

Follows docs/spec/envelope.md, "Content": an int-keyed map in strict CBOR. The casework payload (key
12) is carried as a value that this package does not interpret.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NewType, cast

from crypto.attest.directory import Head
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import ID_BYTES, DeskId, MessageId
from crypto.attest.padding import LARGEST
from crypto.attest.signing import SIGNATURE_BYTES, KeyId
from crypto.seal.attachment import Attachment, AttachmentFormError, attachments_from_value

ThreadId = NewType("ThreadId", bytes)

#: The thread of what belongs to no case.
NO_CASE = ThreadId(bytes(ID_BYTES))

ATTACHMENTS = 13
COUNTERSIGNATURES = 16
RESEND_OF = 17
#: The fields that stand only where there is need.
MAY_STAND = frozenset({12, ATTACHMENTS, COUNTERSIGNATURES, RESEND_OF})
MAX_PARENTS = 64


class ContentError(Exception):
    """What was decrypted is not of the specified form."""

    code = "content.malformed"


class Kind(IntEnum):
    """What a message is. Further kinds of the specification are not sent yet."""

    STEP = 1
    RECEIPT = 2
    STATUS = 3
    GRANT = 4
    HISTORY = 5
    REVIEW = 7
    COUNTERSIGN = 8
    MISSING = 9
    RESEND = 10
    VOID = 11
    ERASURE = 12


#: What devices of one desk give each other; all other kinds go from officers to desks.
WITHIN_A_DESK = frozenset({Kind.GRANT, Kind.HISTORY, Kind.REVIEW, Kind.ERASURE})
#: What devices of two desks tell each other and no case has a part in.
OF_NO_CASE = frozenset({Kind.STATUS, Kind.MISSING, Kind.VOID})
#: What no device acknowledges: it would be answered for ever.
NEVER_RECEIPTED = OF_NO_CASE | {Kind.RESEND, Kind.RECEIPT}


class ReaderRole(IntEnum):
    """Why a key is among the readers."""

    DESK = 0
    OWN_COPY = 1
    DEVICE = 3


@dataclass(frozen=True, slots=True)
class Lane:
    """The place of a message in its sender's line to a desk: a count and the message before."""

    seq: int
    prev: MessageId | None


@dataclass(frozen=True, slots=True)
class Content:
    """One message. ``readers`` are sorted by key id; ``created`` is ts; ``form`` is casework's."""

    sender: KeyId
    kind: Kind
    created: int
    thread: ThreadId
    lanes: dict[DeskId, Lane]
    parents: tuple[MessageId, ...]
    dirhead: Head
    lang: str
    subject: str
    text: str
    form: Value = None
    readers: tuple[tuple[KeyId, ReaderRole], ...] = ()
    countersignatures: tuple[tuple[KeyId, bytes], ...] = ()
    resend_of: MessageId | None = None
    attachments: tuple[Attachment, ...] = ()

    def encoded(self) -> bytes:
        """Return the content's one encoding."""
        return encode(self._fields(self.countersignatures))

    def draft(self) -> bytes:
        """Return what a second signer answers for: who says what with which files, in which case.

        Time, lanes, parents, directory head and readers are not in it: they are settled when the
        message leaves, which may be hours after the second signer was asked.
        """
        return encode_draft(
            self.sender,
            self.kind,
            self.thread,
            lang=self.lang,
            subject=self.subject,
            text=self.text,
            form=self.form,
            attachments=self.attachments,
        )

    def with_countersignatures(self, *pairs: tuple[KeyId, bytes]) -> "Content":
        """Return the content with these second signatures, in the order of their key ids."""
        return replace(self, countersignatures=tuple(sorted(pairs)))

    def _fields(self, countersignatures: tuple[tuple[KeyId, bytes], ...]) -> dict[int, Value]:
        lanes: dict[bytes, Value] = {
            desk: [lane.seq, lane.prev] for desk, lane in self.lanes.items()
        }
        fields: dict[int, Value] = {
            1: self.sender,
            2: int(self.kind),
            3: self.created,
            4: self.thread,
            5: lanes,
            6: list(self.parents),
            7: [self.dirhead.size, self.dirhead.hash],
            8: [[kid, int(role)] for kid, role in self.readers],
            9: self.lang,
            10: self.subject,
            11: self.text,
        }
        if self.form is not None:
            fields[12] = self.form
        if self.attachments:
            fields[ATTACHMENTS] = [attachment.value() for attachment in self.attachments]
        if countersignatures:
            fields[COUNTERSIGNATURES] = [list(pair) for pair in countersignatures]
        if self.resend_of is not None:
            fields[RESEND_OF] = self.resend_of
        return fields


def encode_draft(
    sender: KeyId,
    kind: Kind,
    thread: ThreadId,
    *,
    lang: str,
    subject: str,
    text: str,
    form: Value,
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """Return the bytes that a second signature covers, of a message that is not sealed yet."""
    fields: dict[int, Value] = {
        1: sender,
        2: int(kind),
        4: thread,
        9: lang,
        10: subject,
        11: text,
    }
    if form is not None:
        fields[12] = form
    if attachments:
        fields[ATTACHMENTS] = [attachment.value() for attachment in attachments]
    return encode(fields)


def parse_content(raw: bytes) -> Content:
    """Return the content in ``raw``; raise ContentError when it is not of the specified form."""
    try:
        value = decode(raw, limit=LARGEST)
    except EncodingError as e:
        raise ContentError(f"{e.code}: {e}") from e
    match value:
        case {
            1: bytes(sender),
            2: int(kind),
            3: int(created),
            4: bytes(thread),
            5: dict(lanes),
            6: list(parents),
            7: [int(size), bytes(head)],
            8: list(readers),
            9: str(lang),
            10: str(subject),
            11: str(text),
            **rest,
        } if set(rest) <= MAY_STAND and None not in rest.values():
            return Content(
                sender=KeyId(_fixed(sender, ID_BYTES)),
                kind=(found := _kind(kind)),
                created=created,
                thread=ThreadId(_fixed(thread, ID_BYTES)),
                lanes=dict(_lane(desk, lane) for desk, lane in lanes.items()),
                parents=_parents(parents),
                dirhead=Head(size, _fixed(head, DIGEST_BYTES)),
                lang=lang,
                subject=subject,
                text=text,
                form=cast("Value", rest.get(12)),
                readers=_sorted(tuple(_reader(item) for item in readers)),
                countersignatures=_countersignatures(cast("Value", rest.get(COUNTERSIGNATURES))),
                attachments=_attachments(cast("Value", rest.get(ATTACHMENTS)), found),
                resend_of=_resend_of(cast("Value", rest.get(RESEND_OF)), found),
            )
    raise ContentError("expected the fields 1 to 11, and 12, 13, 16 and 17 where there is need")


def _fixed(value: Value, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise ContentError(f"expected {size} bytes")
    return value


def _kind(value: int) -> Kind:
    try:
        return Kind(value)
    except ValueError as e:
        raise ContentError(f"unknown kind of message {value}") from e


def _attachments(value: Value, kind: Kind) -> tuple[Attachment, ...]:
    if value is not None and kind is not Kind.STEP:
        raise ContentError("only a step has files")
    try:
        return attachments_from_value(value)
    except AttachmentFormError as e:
        raise ContentError(f"{e.code}: {e}") from e


def _resend_of(value: Value, kind: Kind) -> MessageId | None:
    if (value is None) is (kind is Kind.RESEND):
        raise ContentError("a message that is sent again is named, and by nothing else")
    return None if value is None else MessageId(_fixed(value, DIGEST_BYTES))


def _lane(desk: object, lane: Value) -> tuple[DeskId, Lane]:
    match desk, lane:
        case bytes(desk_id), [int(seq), prev] if seq >= 1 and (seq == 1) == (prev is None):
            before = None if prev is None else MessageId(_fixed(prev, DIGEST_BYTES))
            return DeskId(desk_id), Lane(seq, before)
    raise ContentError("a lane is [count from 1, the message before or null for the first]")


def _parents(items: list[Value]) -> tuple[MessageId, ...]:
    parents = tuple(MessageId(_fixed(item, DIGEST_BYTES)) for item in items)
    if len(parents) > MAX_PARENTS or list(parents) != sorted(set(parents)):
        raise ContentError(f"parents are at most {MAX_PARENTS}, sorted and distinct")
    return parents


def _reader(item: Value) -> tuple[KeyId, ReaderRole]:
    match item:
        case [bytes(kid), int(role)] if role in set(ReaderRole):
            return KeyId(_fixed(kid, ID_BYTES)), ReaderRole(role)
    raise ContentError("a reader is [kid, role]")


def _sorted(
    readers: tuple[tuple[KeyId, ReaderRole], ...],
) -> tuple[tuple[KeyId, ReaderRole], ...]:
    kids = [kid for kid, _ in readers]
    if not kids or kids != sorted(set(kids)):
        raise ContentError("readers are sorted by distinct key ids")
    return readers


def _countersignatures(value: Value) -> tuple[tuple[KeyId, bytes], ...]:
    match value:
        case None:
            return ()
        case [_, *_] as items:
            pairs = tuple(_countersignature(item) for item in items)
            if [kid for kid, _ in pairs] == sorted({kid for kid, _ in pairs}):
                return pairs
    raise ContentError("second signatures are [kid, signature], sorted by distinct key ids")


def _countersignature(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(signature)]:
            return KeyId(_fixed(kid, ID_BYTES)), _fixed(signature, SIGNATURE_BYTES)
    raise ContentError("a second signature is [kid, signature]")
