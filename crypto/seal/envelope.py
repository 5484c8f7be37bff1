"""Sealing a message on the sender's desk and opening it on the receiver's.

Follows docs/spec/envelope.md, "Sealing" and "Checks": sign, commit, encrypt, wrap; and the checks
in their order, any failure of which refuses the message with its own code. The signature covers the
header's hash, the header commits to everything, and the signer is hidden from the broker. What
needs memory (has this message been seen?) or IO (storing it) is the desk's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError, Signer
from crypto.attest.hashing import derive, digest
from crypto.attest.header import (
    ClockToken,
    DeskId,
    EnvelopeError,
    Header,
    MessageId,
    PriorityClass,
    Sealed,
    StartClock,
    body_hash,
    message_id,
    pack_envelope,
)
from crypto.attest.padding import NotPaddedError, pad, unpad
from crypto.attest.signing import (
    KEY_ID_BYTES,
    BadSignatureError,
    KeyId,
    SigningKey,
)
from crypto.attest.statement import GrantKey, Role, Window
from crypto.seal.attachment import blobs_of, check_blobs
from crypto.seal.content import Content, ContentError, Kind, ThreadId, parse_content
from crypto.seal.countersigning import check_countersignatures
from crypto.seal.lanes import check_lanes
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    DoesNotOpenError,
    OpeningKey,
    WrappingKey,
    decrypt,
    encrypt,
    fresh,
)
from crypto.seal.readers import Reader, ReadersError, by_kid, check_listed, check_readers, listed

#: Which role may sign which kind of message. A role that a kind's row lacks may not.
MAY_SIGN: dict[Kind, frozenset[Role]] = {
    Kind.STEP: frozenset({Role.OFFICER, Role.APPROVER, Role.SUPERVISOR}),
    Kind.COUNTERSIGN: frozenset({Role.OFFICER, Role.APPROVER, Role.SUPERVISOR}),
    Kind.RECEIPT: frozenset({Role.OFFICER, Role.APPROVER, Role.SUPERVISOR, Role.DEVICE}),
    Kind.GRANT: frozenset({Role.DEVICE}),
    Kind.HISTORY: frozenset({Role.DEVICE}),
    Kind.STATUS: frozenset({Role.DEVICE}),
    Kind.MISSING: frozenset({Role.DEVICE}),
    Kind.RESEND: frozenset({Role.DEVICE}),
    Kind.VOID: frozenset({Role.DEVICE}),
    Kind.REVIEW: frozenset({Role.DEVICE}),
    Kind.ERASURE: frozenset({Role.DEVICE}),
}


class NotForUsError(EnvelopeError):
    """Our desk is neither addressed nor the sender of an own copy."""

    code = "envelope.not_for_us"


class NoLiveWindowError(EnvelopeError):
    """Not exactly one wrap is for a window whose seed we hold."""

    code = "envelope.no_window"


class WrapError(EnvelopeError):
    """Our wrap does not open, or opens another key than the header commits to."""

    code = "envelope.wrap"


class HiddenSignatureError(EnvelopeError):
    """The box that hides the signature does not open."""

    code = "envelope.sigbox"


class SignerError(EnvelopeError):
    """The signer is unknown, not valid then, not of the source's desk, or may not say this."""

    code = "envelope.signer"


class BadMessageSignatureError(EnvelopeError):
    """The signature over the message id does not hold."""

    code = "envelope.signature"


class TamperedBodyError(EnvelopeError):
    """The body does not open, or its padding is not canonical."""

    code = "envelope.body"


class BadContentError(EnvelopeError):
    """The body opened, but what it holds is not of the specified form."""

    code = "envelope.content"


class SenderError(EnvelopeError):
    """The content names another sender than the one who signed."""

    code = "envelope.sender"


@dataclass(frozen=True, slots=True)
class Outside:
    """What the sender decides about the header; everything else in it is computed."""

    src: DeskId
    dst: tuple[DeskId, ...]
    priority: PriorityClass
    start: StartClock | None
    stop: tuple[ClockToken, ...]
    exp: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that has passed every check that needs no memory."""

    sealed: Sealed
    content: Content
    signer: Signer
    content_key: bytes
    own_copy: bool


def plain_digest(content: bytes) -> bytes:
    """Return the 32-byte hash of a content's bytes by which receipts say what was read."""
    return digest(labels.P_PLAIN, content)


def seal(
    content: Content, outside: Outside, *, readers: Sequence[Reader], signer: SigningKey
) -> bytes:
    """Return the envelope of ``content`` for ``readers``, signed by ``signer``.

    ``content.readers`` must be those of ``readers`` (see :func:`with_readers`), so that second
    signatures over the content can be made before it is sealed.

    Raises:
        ReadersError: the content names other readers.
        padding.TooLongError: the content does not fit into 1 MiB.
    """
    if content.readers != listed(readers):
        raise ReadersError("the content must name exactly the readers it is sealed to")
    key, nonce = fresh(KEY_BYTES), fresh(NONCE_BYTES)
    body = encrypt(derive(key, labels.P_BODY_KEY), nonce, pad(content.encoded()), aad=b"")
    header = Header(
        src=outside.src,
        dst=outside.dst,
        priority=outside.priority,
        kids=tuple(kid for kid, _ in content.readers),
        start=outside.start,
        stop=outside.stop,
        exp=outside.exp,
        blobs=blobs_of(content.attachments),
        nonce=nonce,
        commit=derive(key, labels.P_COMMITMENT),
        hct=body_hash(body),
    ).encoded()
    mid = message_id(header)
    hidden = signer.kid + signer.sign(labels.MESSAGE, mid)
    sigbox = encrypt(derive(key, labels.P_SIGNATURE_KEY), nonce, hidden, aad=mid)
    wraps = [_wrap(reader.window, key, mid) for reader in by_kid(readers)]
    return pack_envelope(header, wraps, sigbox, body)


def open_envelope(
    sealed: Sealed,
    *,
    desk: DeskId,
    windows: Mapping[KeyId, OpeningKey],
    directory: Directory,
    at: int,
    index: int | None = None,
) -> Opened:
    """Return the message in ``sealed`` after the checks 2 and 5 to 10 with 9b.

    Args:
        sealed: an envelope whose outside has been read (checks 1 and 3).
        desk: our own desk.
        windows: the windows whose seeds we hold, by key id.
        directory: our replica.
        at: the message's ledger time (ts), at which its signer must be valid.
        index: its leaf in the ledger, by which no signer must have been revoked; None for one that
            no ledger holds: it is judged by all that is known.

    Raises:
        EnvelopeError: a subclass for each check, named at the check.
    """
    _check_for_us(sealed.header, desk, directory)
    kid = _our_kid(sealed.header.kids, windows, desk, directory)
    key = _unwrap(sealed, windows[kid], kid)
    return open_with_key(sealed, key, desk=desk, directory=directory, at=at, index=index)


def open_with_key(
    sealed: Sealed,
    key: bytes,
    *,
    desk: DeskId,
    directory: Directory,
    at: int,
    index: int | None = None,
) -> Opened:
    """Return the message whose content key a colleague's device gave us; all other checks stand.

    Args:
        sealed: an envelope whose outside has been read (checks 1 and 3).
        key: its content key, 32 bytes.
        desk: our own desk.
        directory: our replica.
        at: the message's ledger time (ts), at which its signer must be valid.
        index: its leaf in the ledger, by which no signer must have been revoked; None for one that
            no ledger holds: it is judged by all that is known.

    Raises:
        WrapError: the header commits to another key.
        EnvelopeError: as :func:`open_envelope`.
    """
    header = sealed.header
    _check_for_us(header, desk, directory)
    readers = partial(check_readers, directory=directory)
    content, known = _read(sealed, key, readers, directory=directory, at=at, index=index)
    return Opened(sealed, content, known, key, own_copy=_is_own_copy(header, desk, directory))


def open_disclosed(
    sealed: Sealed, key: bytes, *, directory: Directory, at: int, index: int
) -> Opened:
    """Return a message that somebody who is no party is shown, with its content key.

    All checks stand but those that ask for windows: who else could read it is the list that the
    sender signed, and whose windows these are is not shown.

    Args:
        sealed: an envelope whose outside has been read (checks 1 and 3).
        key: its content key, 32 bytes.
        directory: what is shown of the directory.
        at: the message's ledger time (ts), at which its signer must be valid.
        index: its leaf in the ledger.

    Raises:
        WrapError: the header commits to another key.
        EnvelopeError: as :func:`open_envelope`.
    """
    content, known = _read(sealed, key, check_listed, directory=directory, at=at, index=index)
    return Opened(sealed, content, known, key, own_copy=False)


def claimed_thread(sealed: Sealed, key: bytes) -> ThreadId:
    """Return the case that a message names, whoever wrote it: believed of nobody yet.

    Raises:
        WrapError: the header commits to another key than ``key``, 32 bytes.
        TamperedBodyError, BadContentError: the body does not open, or says nothing.
    """
    _check_commitment(sealed, key)
    return _content(sealed, key).thread


def _read(
    sealed: Sealed,
    key: bytes,
    readers: Callable[[Content, Header], None],
    *,
    directory: Directory,
    at: int,
    index: int | None,
) -> tuple[Content, Signer]:
    """Return content and signer after all checks; ``readers`` is the one of who reads (9b)."""
    header = sealed.header
    _check_commitment(sealed, key)
    signer, signature = _signature(sealed, key)
    known = _check_signer(signer, header.src, directory, at=at, index=index)
    try:
        known.payload.key.verify(labels.MESSAGE, sealed.mid, signature)
    except BadSignatureError as e:
        raise BadMessageSignatureError("the signature over the message does not hold") from e
    content = _content(sealed, key)
    readers(content, header)
    check_blobs(content.attachments, header)
    check_lanes(content, header)
    if content.sender != signer:
        raise SenderError("the content names another sender than the one who signed")
    if known.payload.role not in MAY_SIGN[content.kind]:
        raise SignerError(f"a {known.payload.role.name} may not sign a {content.kind.name}")
    check_countersignatures(content, header, known, directory=directory, at=at, index=index)
    return content, known


def _wrap_info(mid: MessageId, kid: KeyId) -> bytes:
    return labels.WRAP + mid + kid


def _wrap(window: Window | GrantKey, key: bytes, mid: MessageId) -> bytes:
    return WrappingKey.from_public(window.public).wrap(key, info=_wrap_info(mid, window.kid))


def _check_for_us(header: Header, desk: DeskId, directory: Directory) -> None:
    """Check 2: our desk, or one whose place it has or will have, is addressed or the sender."""
    if {desk, *directory.before(desk)}.isdisjoint((*header.dst, header.src)):
        raise NotForUsError("our desk is neither addressed nor the sender")


def _is_own_copy(header: Header, desk: DeskId, directory: Directory) -> bool:
    """Say whether our desk, or one whose place it has, sent the message, and not to us."""
    if header.src == desk:
        return desk not in header.dst
    return {desk, *directory.before(desk)}.isdisjoint(header.dst)


def _our_kid(
    kids: Iterable[KeyId], windows: Mapping[KeyId, OpeningKey], desk: DeskId, directory: Directory
) -> KeyId:
    """Return the kid of our wrap; between a desk and its successor the successor has two."""
    ours = [kid for kid in kids if kid in windows]
    if len(ours) > 1:
        ours = [kid for kid in ours if directory.window(kid)[0] == desk]
    if len(ours) != 1:
        raise NoLiveWindowError(f"one wrap for a window of ours expected, {len(ours)} found")
    return ours[0]


def _unwrap(sealed: Sealed, window: OpeningKey, kid: KeyId) -> bytes:
    wrap = sealed.wraps[sealed.header.kids.index(kid)]
    try:
        key = window.unwrap(wrap, info=_wrap_info(sealed.mid, kid))
    except DoesNotOpenError as e:
        raise WrapError("our wrap does not open") from e
    _check_commitment(sealed, key)
    return key


def _check_commitment(sealed: Sealed, key: bytes) -> None:
    if derive(key, labels.P_COMMITMENT) != sealed.header.commit:
        raise WrapError("our wrap holds another key than the header commits to")


def _signature(sealed: Sealed, key: bytes) -> tuple[KeyId, bytes]:
    try:
        hidden = decrypt(
            derive(key, labels.P_SIGNATURE_KEY),
            sealed.header.nonce,
            sealed.sigbox,
            aad=sealed.mid,
        )
    except DoesNotOpenError as e:
        raise HiddenSignatureError("the box of the signature does not open") from e
    return KeyId(hidden[:KEY_ID_BYTES]), hidden[KEY_ID_BYTES:]


def _check_signer(
    kid: KeyId, src: DeskId, directory: Directory, *, at: int, index: int | None
) -> Signer:
    try:
        signer = directory.signer(kid, at=at, index=index)
    except DirectoryError as e:
        raise SignerError(f"{e.code}: {e}") from e
    if signer.payload.desk != src:
        raise SignerError("the signer belongs to another desk than the envelope's source")
    return signer


def _content(sealed: Sealed, key: bytes) -> Content:
    try:
        padded = decrypt(derive(key, labels.P_BODY_KEY), sealed.header.nonce, sealed.body, aad=b"")
        return parse_content(unpad(padded))
    except (DoesNotOpenError, NotPaddedError) as e:
        raise TamperedBodyError(f"{e.code}: {e}") from e
    except ContentError as e:
        raise BadContentError(f"{e.code}: {e}") from e
