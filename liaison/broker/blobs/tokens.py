"""Tokens: who comes over HTTP to bring or fetch a blob, as the logged-in connection vouches.

A token is random, lives for ten minutes and no longer than the connection that it was given on, and
each use asks the directory again whether the device still counts.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from crypto.attest.directory import DirectoryError
from crypto.attest.signing import KeyId
from liaison.broker.acknowledgement import Device
from liaison.broker.directory import Replica
from liaison.broker.errors import RefusedError
from liaison.runtime.clock import Clock, timestamp
from protocols.wire.api import Refusal, Token

TOKEN_BYTES = 32
#: Seconds for which a token counts.
LASTS = 600
SCHEME = "Bearer "


@dataclass(frozen=True, slots=True)
class _Given:
    device: KeyId
    until: int


class Tokens:
    """The tokens that count at this broker; they live in memory only."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        """Take the directory, which says who still counts."""
        self._replica, self._clock = replica, clock
        self._given: dict[bytes, _Given] = {}

    def give(self, device: Device) -> Token:
        """Return a new token for a logged-in device."""
        kid = device.payload.key.kid
        token, until = secrets.token_bytes(TOKEN_BYTES), timestamp(self._clock.now()) + LASTS
        self._given[_name(token)] = _Given(kid, until)
        return Token(token, until)

    def drop(self, token: bytes) -> None:
        """Let the token count no more: its connection has ended, or has asked for another."""
        self._given.pop(_name(token), None)

    def device(self, header: str) -> Device:
        """Return the device that shows its token in an Authorization header.

        Raises:
            RefusedError: no token that counts now, or of a device that counts no more.
        """
        now = timestamp(self._clock.now())
        given = self._given.get(_name(_token(header)))
        if given is None or now >= given.until:
            raise RefusedError(Refusal.BLOB_TOKEN, "a token of the logged-in connection expected")
        try:
            signer = self._replica.device(given.device, now=now)
        except DirectoryError as e:
            raise RefusedError(Refusal.BLOB_TOKEN, f"{e.code}: {e}") from e
        return Device(signer.agency, signer.payload)


def _token(header: str) -> bytes:
    try:
        return bytes.fromhex(header.removeprefix(SCHEME))
    except ValueError as e:
        raise RefusedError(Refusal.BLOB_TOKEN, "a token in hex expected") from e


def _name(token: bytes) -> bytes:
    # Looked up by its hash, so that the time which that takes tells nothing of a token.
    return sha256(token).digest()
