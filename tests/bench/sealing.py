"""Sealing and opening beside the bare primitives that they are made of.

The peer does what the specification says must be computed for the same text, and nothing else: no
encoding, no checks, no directory. A ratio of 0.9 says that all of our own costs a tenth.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from crypto.attest import labels
from crypto.attest.hashing import derive
from crypto.attest.header import body_hash, envelope_id, message_id, parse_envelope
from crypto.attest.padding import pad
from crypto.seal.content import ReaderRole
from crypto.seal.envelope import open_envelope, seal
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    WrappingKey,
    decrypt,
    encrypt,
    fresh,
)
from crypto.seal.readers import Reader
from tests.bench.figures import Figure
from tests.bench.network import TEXT_4K
from tests.support import world

#: One desk, three, and the most that a message can have: eight desks and the sender's own copy; and
#: the most that any can have: what a device gives to sixty-four colleagues.
READERS = (1, 3, 9, 64)
MOST_DESKS = 8
ROUNDS = 5
HIDDEN = bytes(80)


def measure_sealing(*, seconds: float) -> list[Figure]:
    """Return seals and opens a second at 4 KiB, each in ``ROUNDS`` turns of so many ``seconds``."""
    figures = []
    for count in READERS:
        case = Case(count)
        ours, bare = _in_turn(case.seal, case.seal_barely, seconds)
        name = f"seal 4 KiB to {count} reader{'s' * (count > 1)}"
        figures.append(Figure(name, ours, "/CPU s", bare, "bare primitives"))
    case = Case(1)
    ours, bare = _in_turn(case.open, case.open_barely, seconds)
    return [*figures, Figure("open 4 KiB", ours, "/CPU s", bare, "bare primitives")]


class Case:
    """One text of 4 KiB for so many readers: sealed and opened by the project, and barely."""

    def __init__(self, readers: int) -> None:
        """Seal it once, so that there is something to open."""
        posts = [world.found("CN", f"cn-bench-{n}") for n in range(min(readers, MOST_DESKS))]
        copy = world.HERE if readers > MOST_DESKS else None
        self._readers = world.readers(*posts, copy=copy)
        for number in range(readers - len(self._readers)):
            key = world.own_grant_key(f"bench {number}").key
            self._readers.append(Reader(key, ReaderRole.DEVICE))
        self._outside = world.outside(*posts)
        step = world.content(*posts, wrapped=self._readers)
        self._content = replace(step, form=None, text="x" * TEXT_4K)
        self._desk, self._windows = posts[0].desk, posts[0].opening
        self._directory = world.directory(world.HERE, *posts)
        self._sealed = self.seal()
        self._parsed = parse_envelope(self._sealed)
        self._padded = pad(self._content.encoded())
        self._public = [reader.window.public for reader in self._readers]
        self._info = labels.WRAP + self._parsed.mid + self._readers[0].window.kid
        self._key = self._windows[self._readers[0].window.kid]

    def seal(self) -> bytes:
        """Return the envelope."""
        signer = world.HERE.officer
        return seal(self._content, self._outside, readers=self._readers, signer=signer)

    def open(self) -> None:
        """Open the envelope with every check."""
        open_envelope(
            parse_envelope(self._sealed),
            desk=self._desk,
            windows=self._windows,
            directory=self._directory,
            at=world.NOW,
        )

    def seal_barely(self) -> None:
        """Compute what sealing needs: hashes, a signature, two ciphertexts, a wrap a reader."""
        key, nonce = fresh(KEY_BYTES), fresh(NONCE_BYTES)
        body = encrypt(derive(key, labels.P_BODY_KEY), nonce, self._padded, aad=b"")
        derive(key, labels.P_COMMITMENT)
        body_hash(body)
        mid = message_id(self._parsed.header_bytes)
        world.HERE.officer.sign(labels.MESSAGE, mid)
        encrypt(derive(key, labels.P_SIGNATURE_KEY), nonce, HIDDEN, aad=mid)
        for public in self._public:
            WrappingKey.from_public(public).wrap(key, info=self._info)

    def open_barely(self) -> None:
        """Compute what opening needs: hashes, one unwrapping, two decryptions, a signature."""
        sealed, header = self._parsed, self._parsed.header
        body_hash(sealed.body)
        message_id(sealed.header_bytes)
        envelope_id(sealed.raw)
        key = self._key.unwrap(sealed.wraps[0], info=self._info)
        derive(key, labels.P_COMMITMENT)
        hidden = decrypt(
            derive(key, labels.P_SIGNATURE_KEY), header.nonce, sealed.sigbox, aad=sealed.mid
        )
        decrypt(derive(key, labels.P_BODY_KEY), header.nonce, sealed.body, aad=b"")
        world.HERE.officer.verify_key.verify(labels.MESSAGE, sealed.mid, hidden[16:])


def _in_turn(
    ours: Callable[[], object], bare: Callable[[], object], seconds: float
) -> tuple[float, float]:
    """Return the median calls a second of both, measured in turn."""
    found = [(_rate(ours, seconds), _rate(bare, seconds)) for _ in range(ROUNDS)]
    return median(rate for rate, _ in found), median(rate for _, rate in found)


def _rate(call: Callable[[], object], seconds: float) -> float:
    """Return the calls a second of processor time: it is not lent out to others meanwhile."""
    begun, calls = time.process_time(), 0
    while (passed := time.process_time() - begun) < seconds or not calls:
        call()
        calls += 1
    return calls / passed
