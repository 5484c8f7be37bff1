"""Taking an envelope: every check that needs no key, then mailbox, ledger and clock rows at once.

Follows docs/spec/broker.md, "Intake". Denies by default: the source is the device's own desk, only
the corridor's channels carry, each addressed desk has exactly one window among the wraps; what a
desk sends to itself is wrapped to its devices' grant keys and goes into a lane of its own. The
message id is the idempotency key: the same envelope again gets the very receipt it got before, even
after it has expired; other bytes under the same id are a conflict, and the ledger says so.
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from crypto.attest import labels
from crypto.attest.directory import GRANT_WAITS, DirectoryError, RevokedError
from crypto.attest.header import ClockToken, DeskId, EnvelopeError, Header, Sealed, parse_envelope
from crypto.attest.signing import KeyId, SigningKey, pack_signed
from liaison.broker import batch as rows
from liaison.broker.batch import Batch, Mail, Needs, Operation
from liaison.broker.clocks import new_clock
from liaison.broker.directory import Replica
from liaison.broker.errors import RefusedError
from protocols.wire.api import Refusal
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane, lane_of
from protocols.wire.receipt import Took

#: (ours) no clock runs longer than a year; a time beyond the calendar would stop the sweep.
LONGEST_CLOCK = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Submission:
    """An envelope whose outside has been read, and the device that has sent it."""

    device: KeyId
    sealed: Sealed


class Intake:
    """What the broker takes. ``channels`` are pairs of desk slugs, each in both orders."""

    def __init__(
        self, replica: Replica, *, key: SigningKey, channels: frozenset[tuple[str, str]]
    ) -> None:
        """Take the directory, the key that signs receipts, and who may write to whom."""
        self._replica, self._key, self._channels = replica, key, channels

    def submit(self, envelope: bytes, *, device: KeyId) -> Operation[bytes]:
        """Return the operation that takes ``envelope`` and answers with its signed receipt.

        Raises:
            RefusedError: malformed. The operation itself refuses all else.
        """
        try:
            sealed = parse_envelope(envelope)
        except EnvelopeError as e:
            raise RefusedError(Refusal.MALFORMED, f"{e.code}: {e}") from e
        start = sealed.header.start
        tokens = frozenset(sealed.header.stop) | ({start.token} if start else set())
        needs = Needs(
            mids=frozenset({sealed.mid}),
            tokens=frozenset(tokens),
            blobs=frozenset(sealed.header.blobs),
        )
        return Operation(needs, partial(self._submit, Submission(device, sealed)))

    def _submit(self, submission: Submission, batch: Batch) -> bytes:
        sealed = submission.sealed
        self._check_source(submission, now=batch.now)
        known = batch.message(sealed.mid)
        if known is not None and known.eid == sealed.eid:
            return known.took
        if known is not None:
            raise self._conflict(submission, batch)
        self._check_channels(sealed.header)
        owners = self._check_readers(sealed.header, now=batch.now)
        self._check_clocks(sealed.header, batch)
        _check_blobs(sealed.header, batch)
        return self._take(submission, owners, batch)

    def _check_source(self, submission: Submission, *, now: int) -> None:
        try:
            device = self._replica.device(submission.device, now=now)
        except RevokedError as e:
            raise RefusedError(Refusal.REVOKED, f"{e.code}: {e}") from e
        except DirectoryError as e:
            raise RefusedError(Refusal.NOT_LOGGED_IN, f"{e.code}: {e}") from e
        if device.payload.desk != submission.sealed.header.src:
            raise RefusedError(Refusal.WRONG_SOURCE, "the source is not the device's own desk")

    def _check_channels(self, header: Header) -> None:
        source = self._replica.desk(header.src).payload.slug
        names = self._replica.directory.names_of
        for desk in header.dst:
            slug = self._replica.desk(desk).payload.slug
            # A desk has the channels of those whose place it has, and of its own former names.
            pairs = set(product(names(header.src), names(desk)))
            is_given = self._replica.is_between_devices(header)
            if not is_given and pairs.isdisjoint(self._channels):
                raise RefusedError(Refusal.NO_CHANNEL, f"no channel from {source} to {slug}")

    def _check_readers(self, header: Header, *, now: int) -> frozenset[DeskId]:
        """Return the desks that own a wrap, once each wrap is for who may read the message."""
        if self._replica.is_between_devices(header):
            self._check_devices(header, now=now)
            return frozenset(header.dst)
        return self._check_windows(header, now=now)

    def _check_clocks(self, header: Header, batch: Batch) -> None:
        if header.start is not None and header.start.due > batch.now + LONGEST_CLOCK:
            raise RefusedError(Refusal.MALFORMED, "a clock is due within a year")
        if header.start is not None and batch.clock(header.start.token) is not None:
            raise RefusedError(Refusal.CLOCK_KNOWN, "a clock of this token was set before")
        for token in header.stop:
            if not self._may_stop(header.src, token, batch):
                raise RefusedError(
                    Refusal.CLOCK_NOT_OURS, "a clock is stopped by its starter or an addressed desk"
                )

    def _may_stop(self, desk: DeskId, token: ClockToken, batch: Batch) -> bool:
        """Say whether the desk, or one whose place it has, is a party of a clock that was set."""
        clock, ours = batch.clock(token), {desk, *self._replica.directory.before(desk)}
        return clock is not None and not ours.isdisjoint(rows.parties(clock.src, clock.dst))

    def _check_devices(self, header: Header, *, now: int) -> None:
        """Refuse what is not wrapped to grant keys that devices of the addressed desk have now."""
        directory, desk = self._replica.directory, header.dst[0]
        try:
            for kid in header.kids:
                device = directory.grantee(kid)
                if device.payload.desk != desk or directory.grant_key(device.kid).kid != kid:
                    raise RefusedError(
                        Refusal.UNKNOWN_WINDOW, "a grant key that a device of the desk has now"
                    )
        except DirectoryError as e:
            raise RefusedError(Refusal.UNKNOWN_WINDOW, f"{e.code}: {e}") from e
        _check_expiry(header, now=now, latest=now + GRANT_WAITS)

    def _check_windows(self, header: Header, *, now: int) -> frozenset[DeskId]:
        """Return the desks that own a wrap: each addressed one once, the source at most once."""
        directory = self._replica.directory
        try:
            owners = Counter(directory.window(kid)[0] for kid in header.kids)
        except DirectoryError as e:
            raise RefusedError(Refusal.UNKNOWN_WINDOW, f"{e.code}: {e}") from e
        parties = {*header.dst, header.src}
        if set(header.dst) - set(owners) or set(owners) - parties or max(owners.values()) > 1:
            raise RefusedError(
                Refusal.UNKNOWN_WINDOW, "one window of each addressed desk, at most one of our own"
            )
        _check_expiry(header, now=now, latest=directory.latest_expiry(header.kids, at=now))
        return frozenset(owners)

    def _take(self, submission: Submission, owners: frozenset[DeskId], batch: Batch) -> bytes:
        sealed, header = submission.sealed, submission.sealed.header
        position = batch.append(
            replace(
                self._event(EventKind.MESSAGE_ACCEPTED, submission, batch),
                codes=(int(header.priority),),
            )
        )
        took = Took(sealed.mid, sealed.eid, position, batch.now, batch.log).encoded()
        message = rows.Message(
            mid=sealed.mid,
            eid=sealed.eid,
            src=header.src,
            dst=b"".join(header.dst),
            priority=int(header.priority),
            position=position,
            taken_at=batch.now,
            exp=header.exp,
            took=pack_signed(self._key, labels.TOOK, took),
        )
        batch.take(message, sealed.raw)
        batch.blobs.name(sealed.mid, header)
        lane, desks = (
            lane_of(header.priority),
            self._replica.mailboxes(self._readers(header, owners)),
        )
        if self._replica.is_between_devices(header):
            lane, desks = MailLane.KEYS, header.dst
        for desk in desks:
            mail = Mail(ItemKind.ENVELOPE, sealed.mid, header.exp)
            batch.post(desk, lane, mail)
        self._set_clock(submission, message, batch)
        self._stop_clocks(submission, batch)
        return message.took

    @staticmethod
    def _readers(header: Header, owners: frozenset[DeskId]) -> tuple[DeskId, ...]:
        """Return the addressed desks, and the source if it has an own copy."""
        own_copy = (header.src,) if header.src in owners - set(header.dst) else ()
        return (*header.dst, *own_copy)

    def _set_clock(self, submission: Submission, message: rows.Message, batch: Batch) -> None:
        start = submission.sealed.header.start
        if start is None:
            return
        batch.keep_clock(new_clock(start, message))
        batch.append(
            replace(
                self._event(EventKind.CLOCK_SET, submission, batch),
                objects=(start.token, message.mid),
                codes=(message.priority, start.due),
            )
        )

    def _stop_clocks(self, submission: Submission, batch: Batch) -> None:
        for token in submission.sealed.header.stop:
            clock = batch.clock(token)
            if clock is None or clock.stopped_at is not None:
                continue
            batch.keep_clock(replace(clock, stopped_at=batch.now, next_at=None))
            batch.append(
                replace(
                    self._event(EventKind.CLOCK_MET, submission, batch),
                    objects=(token, submission.sealed.mid),
                )
            )

    def _conflict(self, submission: Submission, batch: Batch) -> RefusedError:
        batch.append(
            replace(
                self._event(EventKind.SUBMIT_DENIED, submission, batch),
                codes=(str(Refusal.CONFLICT),),
            )
        )
        return RefusedError(Refusal.CONFLICT, "another envelope was taken under this message id")

    def _event(self, kind: EventKind, submission: Submission, batch: Batch) -> Event:
        sealed = submission.sealed
        agency = self._replica.desk(sealed.header.src).agency
        return Event(
            kind,
            batch.log,
            batch.now,
            actor=submission.device,
            agency=agency,
            objects=(sealed.mid, sealed.eid),
        )


def _check_expiry(header: Header, *, now: int, latest: int) -> None:
    if not now < header.exp <= latest:
        raise RefusedError(
            Refusal.EXPIRED, f"exp after {now} and up to {latest} expected, {header.exp} found"
        )


def _check_blobs(header: Header, batch: Batch) -> None:
    if any(batch.blobs.blob(header.src, blob) is None for blob in header.blobs):
        raise RefusedError(
            Refusal.UNKNOWN_BLOB, "each named blob whole here, brought by the source"
        )
