"""Envelopes built from parts, as somebody does who holds the content key and means ill.

The project's own ``seal`` refuses to write what these write. Each part of a forgery that is not
given is computed as an honest sender would, so a test changes one thing and sees one check fail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crypto.attest import labels
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.hashing import derive
from crypto.attest.header import (
    HEADER_LIMIT,
    Header,
    MessageId,
    Sealed,
    body_hash,
    message_id,
    pack_envelope,
)
from crypto.attest.padding import pad
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import GrantKey, Window
from crypto.seal.attachment import blobs_of
from crypto.seal.content import Content
from crypto.seal.countersigning import countersign_draft
from crypto.seal.envelope import Outside
from crypto.seal.primitives import WrappingKey, decrypt, encrypt
from tests.support.world import seed

KEY = seed("content key")
NONCE = seed("nonce")[:24]


def _same(header: Header) -> Header:
    return header


@dataclass(frozen=True, slots=True)
class Forgery:
    """An envelope in parts. ``signed`` gives the header that the signature is made over."""

    content: Content
    outside: Outside
    windows: Sequence[Window | GrantKey]
    signer: SigningKey
    padded: bytes | None = None
    hidden: bytes | None = None
    body_key: bytes = KEY
    wrapped_key: bytes = KEY
    change: Callable[[Header], Header] = field(default=_same)

    def body(self) -> bytes:
        """Return the encrypted body."""
        padded = pad(self.content.encoded()) if self.padded is None else self.padded
        return encrypt(derive(self.body_key, labels.P_BODY_KEY), NONCE, padded, aad=b"")

    def header(self) -> Header:
        """Return the header that commits to the body."""
        return self.change(
            Header(
                src=self.outside.src,
                dst=self.outside.dst,
                priority=self.outside.priority,
                kids=tuple(sorted(window.kid for window in self.windows)),
                start=self.outside.start,
                stop=self.outside.stop,
                exp=self.outside.exp,
                blobs=blobs_of(self.content.attachments),
                nonce=NONCE,
                commit=derive(KEY, labels.P_COMMITMENT),
                hct=body_hash(self.body()),
            )
        )

    def build(self) -> bytes:
        """Return the envelope's bytes."""
        return self.build_with(self.header().encoded())

    def build_with(self, header: bytes) -> bytes:
        """Return the envelope's bytes around this very header, signed and wrapped for it."""
        mid = message_id(header)
        hidden = self.hidden
        if hidden is None:
            hidden = self.signer.kid + self.signer.sign(labels.MESSAGE, mid)
        wraps = [
            wrap(window, self.wrapped_key, mid)
            for window in sorted(self.windows, key=lambda window: window.kid)
        ]
        return pack_envelope(header, wraps, sigbox(KEY, mid, hidden), self.body())

    def saying(self, raw: bytes) -> bytes:
        """Return the envelope's bytes with ``raw`` in place of the content."""
        return replace(self, padded=pad(raw)).build()


def wrap(window: Window | GrantKey, key: bytes, mid: MessageId) -> bytes:
    """Return ``key`` wrapped to ``window`` for this message."""
    return WrappingKey.from_public(window.public).wrap(key, info=labels.WRAP + mid + window.kid)


def sigbox(key: bytes, mid: MessageId, hidden: bytes, *, nonce: bytes = NONCE) -> bytes:
    """Return the box that hides ``hidden`` (key id and signature)."""
    return encrypt(derive(key, labels.P_SIGNATURE_KEY), nonce, hidden, aad=mid)


def hidden_in(sealed: Sealed, key: bytes) -> bytes:
    """Return what the box of ``sealed`` hides, as any of its readers can."""
    box_key = derive(key, labels.P_SIGNATURE_KEY)
    return decrypt(box_key, sealed.header.nonce, sealed.sigbox, aad=sealed.mid)


def fields(raw: bytes) -> list[Value]:
    """Return the list that ``raw`` encodes, to be changed and encoded again."""
    value = decode(raw, limit=HEADER_LIMIT)
    if not isinstance(value, list):
        raise TypeError("expected the encoding of a list")
    return value


def with_field(raw: bytes, index: int, value: Value) -> bytes:
    """Return the encoded list ``raw`` with another value at ``index``."""
    changed = fields(raw)
    changed[index] = value
    return encode(changed)


def countersign(content: Content, outside: Outside, key: SigningKey) -> tuple[KeyId, bytes]:
    """Return the second signature of ``key`` over what ``content`` says, source, destinations."""
    return countersign_draft(content.draft(), outside.src, outside.dst, key)
