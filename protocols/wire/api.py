"""What a desk and the broker say to each other over their one connection, and the refusals.

Follows docs/spec/broker.md. Each WebSocket message is one frame: strict CBOR ``[kind, field,
...]``. The broker speaks first (hello with a nonce), the device proves its key (login), then both
may send at any time. Plain HTTP carries what has no order: directory, checkpoint, proofs, ledger.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, TypeVar

from crypto.attest.encoding import EncodingError, Value, decode, encode
from protocols.wire.mailbox import ItemKind, MailLane

#: An envelope of 1 MiB with 64 readers, and the frame around it.
FRAME_LIMIT = 1_200_000

#: The number in a refusal of what had none: a login, an acknowledgement, a broken frame.
NO_REQUEST = 0

WEBSOCKET_PATH = "/v1/desk"
DIRECTORY_PATH = "/v1/directory"
PLACE_PATH = "/v1/directory/place"
CHECKPOINT_PATH = "/v1/checkpoint"
LEDGER_PATH = "/v1/ledger"
INCLUSION_PATH = "/v1/proof/inclusion"
CONSISTENCY_PATH = "/v1/proof/consistency"
#: Followed by a blob's name in hex: read and written; then, behind it, how far it has come, and
#: that a device holds it.
BLOBS_PATH = "/v1/blobs/"
PROGRESS, HELD = "/progress", "/held"
#: The most entries or leaves that one answer carries.
PAGE = 1_000


class FrameError(Exception):
    """The bytes are no frame of this protocol."""

    code = "wire.frame"


class Refusal(StrEnum):
    """Why the broker refuses; the code is stable, the desk says it in the officer's language."""

    MALFORMED = "submit.malformed"
    NOT_LOGGED_IN = "login.required"
    BAD_LOGIN = "login.bad"
    STALE_LOGIN = "login.stale"
    REVOKED = "login.revoked"
    WRONG_SOURCE = "submit.wrong_source"
    UNKNOWN_DESK = "submit.unknown_desk"
    NO_CHANNEL = "submit.no_channel"
    UNKNOWN_WINDOW = "submit.unknown_window"
    EXPIRED = "submit.expired"
    CONFLICT = "submit.conflict"
    CLOCK_NOT_OURS = "submit.clock_not_ours"
    CLOCK_KNOWN = "submit.clock_known"
    UNKNOWN_BLOB = "submit.unknown_blob"
    BAD_ACK = "ack.bad"
    BLOB_TOKEN = "blob.token"  # noqa: S105 - a code
    BLOB_MALFORMED = "blob.malformed"
    BLOB_OFFSET = "blob.offset"
    BLOB_HASH = "blob.hash"
    BLOB_QUOTA = "blob.quota"
    BLOB_DISK = "blob.disk"
    NO_BLOB = "blob.none"
    DIRECTORY = "directory.refused"
    ROOT_BY_OPERATOR = "directory.root_by_operator"
    RANGE = "ledger.range"
    BUSY = "broker.busy"


class FrameKind(IntEnum):
    """The first field of each frame."""

    HELLO = 0
    LOGIN = 1
    WELCOME = 2
    SUBMIT = 3
    TAKEN = 4
    REFUSED = 5
    DELIVER = 6
    ACKNOWLEDGE = 7
    GREW = 8
    ASK_TOKEN = 9
    TOKEN = 10


@dataclass(frozen=True, slots=True)
class Hello:
    """The broker's first frame: who it is, and the nonce that the login must sign."""

    kind: ClassVar = FrameKind.HELLO
    broker: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Login:
    """The device's answer: the signed body of :func:`login_body`, as ``[body, signature]``."""

    kind: ClassVar = FrameKind.LOGIN
    signed: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """Logged in: the broker's time (ts), sizes of directory and ledger, the device's cursors.

    ``waiting`` items lie behind the cursors and will be delivered.
    """

    kind: ClassVar = FrameKind.WELCOME
    at: int
    directory: int
    ledger: int
    ordinary: int
    rescue: int
    keys: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Submit:
    """An envelope to be taken; ``number`` names the request on this connection."""

    kind: ClassVar = FrameKind.SUBMIT
    number: int
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """The envelope is durable: the broker's signed receipt (see :mod:`protocols.wire.receipt`)."""

    kind: ClassVar = FrameKind.TAKEN
    number: int
    took: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The envelope ``number`` was refused (or, NO_REQUEST, something else); nothing is stored."""

    kind: ClassVar = FrameKind.REFUSED
    number: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """An item of the desk's mailbox.

    ``first`` and ``second`` are, by item: an envelope and its receipt; a device's acknowledgement
    and the broker's note of it; the body of :func:`notice_body` and nothing (empty bytes).
    """

    kind: ClassVar = FrameKind.DELIVER
    lane: int
    seq: int
    item: int
    first: bytes
    second: bytes


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The device has dealt with all of ``lane`` up to ``seq``.

    ``acks`` are signed acknowledgements, for envelopes addressed to the desk; empty for other
    items. ``seq`` 0 moves no cursor: *arrived* may be said before the message is opened.
    """

    kind: ClassVar = FrameKind.ACKNOWLEDGE
    lane: int
    seq: int
    acks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Grew:
    """The directory has this many entries now, and the cosigned ledger this many leaves."""

    kind: ClassVar = FrameKind.GREW
    directory: int
    cosigned: int


@dataclass(frozen=True, slots=True)
class AskToken:
    """The logged-in device wants to bring or fetch blobs over HTTP."""

    kind: ClassVar = FrameKind.ASK_TOKEN


@dataclass(frozen=True, slots=True)
class Token:
    """What shows over HTTP who comes, until ``until`` (ts) or the end of this connection."""

    kind: ClassVar = FrameKind.TOKEN
    token: bytes
    until: int


@dataclass(frozen=True, slots=True)
class LoginBody:
    """What a device signs to log in: to whom, against which nonce, who, and when (ts)."""

    broker: bytes
    nonce: bytes
    device: bytes
    at: int


@dataclass(frozen=True, slots=True)
class NoticeBody:
    """A notice: its code, the clock's token, the message that began it, due and time (ts)."""

    code: int
    token: bytes
    mid: bytes
    due: int
    at: int


Frame = (
    Hello
    | Login
    | Welcome
    | Submit
    | Taken
    | Refused
    | Deliver
    | Acknowledge
    | Grew
    | AskToken
    | Token
)
_FRAMES: dict[int, tuple[type[Frame], tuple[type, ...]]] = {
    FrameKind.HELLO: (Hello, (bytes, bytes)),
    FrameKind.LOGIN: (Login, (bytes,)),
    FrameKind.WELCOME: (Welcome, (int, int, int, int, int, int, int)),
    FrameKind.SUBMIT: (Submit, (int, bytes)),
    FrameKind.TAKEN: (Taken, (int, bytes)),
    FrameKind.REFUSED: (Refused, (int, str, str)),
    FrameKind.DELIVER: (Deliver, (int, int, int, bytes, bytes)),
    FrameKind.ACKNOWLEDGE: (Acknowledge, (int, int, list)),
    FrameKind.GREW: (Grew, (int, int)),
    FrameKind.ASK_TOKEN: (AskToken, ()),
    FrameKind.TOKEN: (Token, (bytes, int)),
}
_NAMES = {made: tuple(field.name for field in fields(made)) for made, _ in _FRAMES.values()}
_Body = TypeVar("_Body", LoginBody, NoticeBody)


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of ``frame``."""
    # Not astuple: it copies each field deeply, an envelope of a megabyte too.
    values = (getattr(frame, name) for name in _NAMES[type(frame)])
    listed = (list(value) if isinstance(value, tuple) else value for value in values)
    return encode([int(frame.kind), *listed])


def parse_frame(raw: bytes) -> Frame:
    """Return the frame in ``raw``; raise FrameError when it is none."""
    match _decode(raw):
        case [int(kind), *fields] if kind in _FRAMES:
            made, types = _FRAMES[kind]
            return made(*_typed(fields, types))
    raise FrameError("expected [kind, field, ...] with a known kind")


def login_body(body: LoginBody) -> bytes:
    """Return the bytes that a device signs to log in."""
    return encode(list(astuple(body)))


def parse_login_body(raw: bytes) -> LoginBody:
    """Return what a device signed; raise FrameError when it is no login."""
    return _body(raw, LoginBody, (bytes, bytes, bytes, int))


def notice_body(body: NoticeBody) -> bytes:
    """Return the bytes of a notice as they wait in a mailbox."""
    return encode(list(astuple(body)))


def parse_notice_body(raw: bytes) -> NoticeBody:
    """Return the notice in ``raw``; raise FrameError when it is none."""
    return _body(raw, NoticeBody, (int, bytes, bytes, int, int))


def encode_page(items: Sequence[bytes]) -> bytes:
    """Return a page of entries, leaves or hashes, as HTTP answers carry it."""
    page: list[Value] = list(items)
    return encode(page)


def parse_page(raw: bytes, *, limit: int) -> list[bytes]:
    """Return the entries, leaves or hashes in ``raw``; raise FrameError when it is no such list."""
    try:
        value = decode(raw, limit=limit)
    except EncodingError as e:
        raise FrameError(f"{e.code}: {e}") from e
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, bytes)]
        if len(items) == len(value):
            return items
    raise FrameError("expected a list of byte strings")


def encode_place(index: int) -> bytes:
    """Return the answer that an entry of the directory stands at leaf ``index`` of the ledger."""
    return encode(index)


def parse_place(raw: bytes) -> int:
    """Return the leaf that ``raw`` names; raise FrameError when it names none."""
    value = _decode(raw)
    if not isinstance(value, int):
        raise FrameError("expected the number of a leaf")
    return value


def lane_and_kind(frame: Deliver) -> tuple[MailLane, ItemKind]:
    """Return the lane and kind of a delivered item; raise FrameError when they are unknown."""
    try:
        return MailLane(frame.lane), ItemKind(frame.item)
    except ValueError as e:
        raise FrameError(f"unknown lane {frame.lane} or item {frame.item}") from e


def _decode(raw: bytes) -> Value:
    try:
        return decode(raw, limit=FRAME_LIMIT)
    except EncodingError as e:
        raise FrameError(f"{e.code}: {e}") from e


def _body(raw: bytes, made: type[_Body], types: tuple[type, ...]) -> _Body:
    value = _decode(raw)
    if not isinstance(value, list):
        raise FrameError(f"expected the {len(types)} fields of a {made.__name__}")
    return made(*_typed(value, types))


def _typed(fields: Sequence[Value], types: tuple[type, ...]) -> list[Any]:
    if len(fields) != len(types):
        raise FrameError(f"{len(types)} fields expected, {len(fields)} found")
    typed: list[Any] = []
    for field, kind in zip(fields, types, strict=True):
        if not isinstance(field, kind):
            raise FrameError(f"{kind.__name__} expected, {type(field).__name__} found")
        typed.append(_acks(field) if isinstance(field, list) else field)
    return typed


def _acks(items: list[Value]) -> tuple[bytes, ...]:
    acks = tuple(item for item in items if isinstance(item, bytes))
    if len(acks) != len(items):
        raise FrameError("acknowledgements are byte strings")
    return acks
