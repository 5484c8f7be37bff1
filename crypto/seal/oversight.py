"""Oversight of an archive: a case's key in two halves, one for a supervisor of each panel.

Follows docs/spec/oversight.md. The key of a case is the XOR of two halves; the first is sealed to
each supervisor of the first panel, the second to each of the second. One of each panel, together
and nobody alone, has the key of that one case. A supervisor's token is a file that a passphrase
opens; it holds the private half of their archive key and nothing else.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import authenticate
from crypto.attest.header import DeskId
from crypto.attest.signing import KEY_ID_BYTES, KeyId, key_id
from crypto.attest.statement import ArchiveKey, Oversight
from crypto.seal.archive import CaseKey
from crypto.seal.content import ThreadId
from crypto.seal.papers import join, part
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    DoesNotOpenError,
    OpeningKey,
    PrimitiveError,
    WrappingKey,
    decrypt,
    encrypt,
    fresh,
    stretch,
)
from crypto.seal.vault import SHORTEST_PASSPHRASE, WeakPassphraseError, WrongPassphraseError, typed

VERSION = 1
TOKEN_LIMIT = 4_096
#: Two panels of eight, each half 1,168 bytes sealed, and what stands around them.
HALVES_LIMIT = 32_768


class OversightError(Exception):
    """A case cannot be opened for a review."""

    code = "oversight"


class MalformedOversightError(OversightError):
    """The bytes are no token, or no halves of a case."""

    code = "oversight.malformed"


class NoSupervisorError(OversightError):
    """This token is of no supervisor to whom a half of this case was sealed."""

    code = "oversight.not_a_supervisor"


class OnePanelError(OversightError):
    """Both tokens are of one panel: two supervisors of one panel have the same half."""

    code = "oversight.one_panel"


class WrongHalvesError(OversightError):
    """The halves do not give the key of this case."""

    code = "oversight.wrong_halves"


@dataclass(frozen=True, slots=True)
class SealedHalves:
    """The two halves of one case's key, sealed to each supervisor of each panel.

    ``check`` tells whether what two halves give is the key of this case of this desk.
    """

    desk: DeskId
    thread: ThreadId
    check: bytes
    panels: tuple[Mapping[KeyId, bytes], Mapping[KeyId, bytes]]

    def is_for(self, oversight: Oversight) -> bool:
        """Say whether these are sealed to the supervisors of ``oversight``, and to nobody else."""
        wanted = ({key.kid for key in oversight.first}, {key.kid for key in oversight.second})
        return (set(self.panels[0]), set(self.panels[1])) == wanted


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a case's key, by whom and of which panel (1 or 2) it was opened."""

    supervisor: KeyId
    panel: int
    raw: bytes = field(repr=False)


def new_token(passphrase: str) -> tuple[bytes, ArchiveKey]:
    """Return a new supervisor's token, opened by ``passphrase``, and the public key in it.

    Raises:
        WeakPassphraseError: fewer than twelve characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WeakPassphraseError(
            f"{len(passphrase)} characters; at least {SHORTEST_PASSPHRASE} are expected"
        )
    seed, salt, nonce = fresh(KEY_BYTES), fresh(SALT_BYTES), fresh(NONCE_BYTES)
    public = OpeningKey.from_seed(seed).public
    box = encrypt(stretch(typed(passphrase), salt), nonce, seed, aad=labels.TOKEN + public)
    return encode([VERSION, public, salt, nonce, box]), ArchiveKey(key_id(public), public)


def open_token(token: bytes, passphrase: str) -> OpeningKey:
    """Return the key in a supervisor's token.

    Raises:
        MalformedOversightError: it is no token.
        WrongPassphraseError: the passphrase does not open it, or it was altered.
    """
    match _decoded(token, TOKEN_LIMIT):
        case [int(version), bytes(public), bytes(salt), bytes(nonce), bytes(box)] if (
            version == VERSION and len(salt) == SALT_BYTES and len(nonce) == NONCE_BYTES
        ):
            key = stretch(typed(passphrase), salt)
            try:
                seed = decrypt(key, nonce, box, aad=labels.TOKEN + public)
            except DoesNotOpenError as e:
                raise WrongPassphraseError("this is not the passphrase of this token") from e
            return OpeningKey.from_seed(seed)
    raise MalformedOversightError(f"expected a supervisor's token of version {VERSION}")


def seal_halves(
    key: CaseKey, oversight: Oversight, *, desk: DeskId, thread: ThreadId
) -> SealedHalves:
    """Return the case's key in two halves drawn anew, sealed to each supervisor."""
    halves = part(key.raw)
    sealed = [
        {
            supervisor.kid: WrappingKey.from_public(supervisor.public).wrap(
                half, info=_info(desk, thread, number, supervisor.kid)
            )
            for supervisor in panel
        }
        for number, (panel, half) in enumerate(
            zip((oversight.first, oversight.second), halves, strict=True), 1
        )
    ]
    return SealedHalves(desk, thread, _check(key.raw, desk, thread), (sealed[0], sealed[1]))


def open_half(halves: SealedHalves, token: OpeningKey) -> Half:
    """Return the half that was sealed to the supervisor of ``token``.

    Raises:
        NoSupervisorError: none was, or it was altered.
    """
    kid = key_id(token.public)
    for number, panel in enumerate(halves.panels, 1):
        if kid in panel:
            info = _info(halves.desk, halves.thread, number, kid)
            try:
                return Half(kid, number, token.unwrap(panel[kid], info=info))
            except PrimitiveError as e:
                raise NoSupervisorError("the half does not open: it was altered") from e
    raise NoSupervisorError("no half of this case was sealed to this token")


def join_halves(halves: SealedHalves, one: Half, other: Half) -> CaseKey:
    """Return the key of the case whose two halves these are.

    Raises:
        OnePanelError: both are of one panel.
        WrongHalvesError: together they are not the key of this case.
    """
    if one.panel == other.panel:
        raise OnePanelError(f"both supervisors are of panel {one.panel}; one of each is expected")
    key = join(one.raw, other.raw)
    if not hmac.compare_digest(_check(key, halves.desk, halves.thread), halves.check):
        raise WrongHalvesError("these halves do not give the key of this case")
    return CaseKey(key)


def prove_review(key: CaseKey, nonce: bytes, first: KeyId, second: KeyId, *, reason: str) -> bytes:
    """Return the tag by which who has a case's key shows, to a nonce, who reviews it, and why."""
    body = encode([nonce, first, second, reason])
    return authenticate(key.raw, labels.P_REVIEW, body)


def pack_halves(halves: SealedHalves) -> bytes:
    """Return the bytes in which the halves of a case are kept."""
    panels: list[Value] = [[[kid, panel[kid]] for kid in sorted(panel)] for panel in halves.panels]
    return encode([VERSION, halves.desk, halves.thread, halves.check, panels])


def parse_halves(raw: bytes) -> SealedHalves:
    """Return the halves in ``raw``; raise MalformedOversightError when these are none."""
    match _decoded(raw, HALVES_LIMIT):
        case [int(version), bytes(desk), bytes(thread), bytes(check), [first, second]] if (
            version == VERSION
        ):
            panels = (_panel(first), _panel(second))
            return SealedHalves(DeskId(_id(desk)), ThreadId(_id(thread)), check, panels)
    raise MalformedOversightError(f"expected the halves of a case's key, of version {VERSION}")


def _panel(value: Value) -> dict[KeyId, bytes]:
    panel: dict[KeyId, bytes] = {}
    for item in value if isinstance(value, list) else ():
        match item:
            case [bytes(kid), bytes(wrap)]:
                panel[KeyId(_id(kid))] = wrap
            case _:
                raise MalformedOversightError("a sealed half is [kid, wrap]")
    return panel


def _id(value: bytes) -> bytes:
    if len(value) != KEY_ID_BYTES:
        raise MalformedOversightError(f"an id has {KEY_ID_BYTES} bytes, not {len(value)}")
    return value


def _info(desk: DeskId, thread: ThreadId, panel: int, kid: KeyId) -> bytes:
    return labels.HALF + desk + thread + bytes([panel]) + kid


def _check(key: bytes, desk: DeskId, thread: ThreadId) -> bytes:
    return authenticate(key, labels.P_HALVES, desk + thread)


def _decoded(raw: bytes, limit: int) -> Value:
    try:
        return decode(raw, limit=limit)
    except EncodingError as e:
        raise MalformedOversightError(f"{e.code}: {e}") from e
