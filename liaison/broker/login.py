"""Logging in: a device proves its key over the broker's nonce, once a connection.

Follows docs/spec/broker.md, "Login". What is signed names the broker, the nonce, the device and the
time, so that it is worthless elsewhere and later. The ledger records each login; a failed one in a
known device's name at most once a minute, so that a stranger cannot fill it.
"""

from dataclasses import dataclass
from functools import partial

from crypto.attest import labels
from crypto.attest.directory import DirectoryError, RevokedError
from crypto.attest.signing import KeyId, SignatureError, open_signed, split_signed
from liaison.broker.acknowledgement import Device
from liaison.broker.batch import Batch, Needs, Operation
from liaison.broker.directory import Replica
from liaison.broker.errors import RefusedError
from protocols.wire.api import FrameError, Login, LoginBody, Refusal, Welcome, parse_login_body
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import MailLane

#: (ours) seconds by which a device's clock may differ; the nonce already keeps out what is old.
CLOCKS_DIFFER = 120
#: (ours) seconds between two leaves about failed logins of one device.
BETWEEN_FAILURES = 60


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who has logged in, and what it is welcomed with."""

    device: Device
    welcome: Welcome


class Logins:
    """Checks logins at the broker of id ``broker``."""

    def __init__(self, replica: Replica, *, broker: KeyId) -> None:
        """Take the directory, which knows the devices."""
        self._replica, self._broker = replica, broker
        self._failed_at: dict[bytes, int] = {}

    def login(self, frame: Login, *, nonce: bytes) -> Operation[LoggedIn]:
        """Return the operation that logs in the device that has answered ``nonce``.

        Raises:
            RefusedError: out of form. The operation itself refuses all else.
        """
        try:
            signed, _ = split_signed(frame.signed)
            body = parse_login_body(signed)
        except (SignatureError, FrameError) as e:
            raise RefusedError(Refusal.BAD_LOGIN, f"{e.code}: {e}") from e
        needs = Needs(devices=frozenset({body.device}))
        return Operation(needs, partial(self._login, frame, body, nonce))

    def require(self, device: KeyId, now: int) -> None:
        """Raise RefusedError unless the device that has logged in still counts at ``now`` (ts)."""
        try:
            self._replica.device(device, now=now)
        except RevokedError as e:
            raise RefusedError(Refusal.REVOKED, f"{e.code}: {e}") from e
        except DirectoryError as e:
            raise RefusedError(Refusal.NOT_LOGGED_IN, f"{e.code}: {e}") from e

    def _login(self, frame: Login, body: LoginBody, nonce: bytes, batch: Batch) -> LoggedIn:
        try:
            signer = self._replica.device(KeyId(body.device), now=batch.now)
        except RevokedError as e:
            raise RefusedError(Refusal.REVOKED, f"{e.code}: {e}") from e
        except DirectoryError as e:
            raise RefusedError(Refusal.BAD_LOGIN, f"{e.code}: {e}") from e
        device = Device(signer.agency, signer.payload)
        try:
            self._check(frame, body, nonce, device=device, now=batch.now)
        except RefusedError as e:
            self._record_failure(device, e.refusal, batch)
            raise
        batch.append(_event(EventKind.LOGIN_OK, device, batch, evidence=frame.signed))
        return LoggedIn(device, self._welcome(device, batch))

    def _check(
        self, frame: Login, body: LoginBody, nonce: bytes, *, device: Device, now: int
    ) -> None:
        if (body.broker, body.nonce) != (self._broker, nonce):
            raise RefusedError(Refusal.BAD_LOGIN, "the login answers another broker or nonce")
        try:
            open_signed(device.payload.key, labels.LOGIN, frame.signed)
        except SignatureError as e:
            raise RefusedError(Refusal.BAD_LOGIN, f"{e.code}: {e}") from e
        if abs(now - body.at) > CLOCKS_DIFFER:
            raise RefusedError(
                Refusal.STALE_LOGIN, f"{now} +- {CLOCKS_DIFFER} s expected, {body.at} found"
            )

    def _record_failure(self, device: Device, refusal: Refusal, batch: Batch) -> None:
        kid = device.payload.key.kid
        last = self._failed_at.get(kid)
        if last is None or batch.now - last >= BETWEEN_FAILURES:
            self._failed_at[kid] = batch.now
            batch.append(_event(EventKind.LOGIN_FAILED, device, batch, codes=(str(refusal),)))

    def _welcome(self, device: Device, batch: Batch) -> Welcome:
        desk, kid = device.payload.desk, device.payload.key.kid
        done = {lane: batch.cursor((desk, kid, lane)) for lane in MailLane}
        return Welcome(
            at=batch.now,
            directory=batch.directory,
            ledger=batch.frontier.size,
            ordinary=done[MailLane.ORDINARY],
            rescue=done[MailLane.RESCUE],
            keys=done[MailLane.KEYS],
            waiting=sum(batch.last(desk, lane) - done[lane] for lane in MailLane),
        )


def _event(
    kind: EventKind,
    device: Device,
    batch: Batch,
    *,
    codes: tuple[str, ...] = (),
    evidence: bytes | None = None,
) -> Event:
    return Event(
        kind,
        batch.log,
        batch.now,
        actor=device.payload.key.kid,
        agency=device.agency,
        objects=(device.payload.desk,),
        codes=codes,
        evidence=evidence,
    )
