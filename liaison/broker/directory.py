"""The broker's replica of the directory: it orders entries, and may not say anything in it.

Whether an entry stands is decided by its own signatures and the operator's pins
(``crypto.attest.directory``), so anyone may bring one; only roots enter by the operator's hand.
Each entry is a leaf of the ledger too, in the same commit (docs/spec/directory.md, "Log").
"""

from collections.abc import Iterable
from functools import partial

from crypto.attest import labels
from crypto.attest.directory import Desk, Directory, DirectoryError, Signer, UnknownSignerError
from crypto.attest.hashing import digest
from crypto.attest.header import DeskId, Header
from crypto.attest.note import NamedKey
from crypto.attest.signing import KeyId
from crypto.attest.statement import InfraKind, Role, Statement, StatementError, What, parse_entry
from liaison.broker.batch import Batch, Needs, Operation
from liaison.broker.errors import RefusedError
from protocols.wire.api import Refusal
from protocols.wire.ledger_event import Event, EventKind


class Replica:
    """The directory as the database holds it; changed within the writer's batches only."""

    def __init__(self, pins: frozenset[str]) -> None:
        """Begin empty, with the fingerprints that the operator has typed."""
        self.pins = pins
        self.directory = Directory(pins)
        self._sizes: dict[bytes, int] = {}

    def restore(self, entries: list[bytes]) -> None:
        """Become the directory of ``entries``; raises DirectoryError when they do not stand."""
        self.directory = Directory.replay(self.pins, entries)
        self._sizes = {_name(raw): size for size, raw in enumerate(entries, 1)}

    def statement(self, raw: bytes, *, by_operator: bool = False) -> Operation[int]:
        """Return the operation that appends the entry ``raw`` and answers the directory's size.

        An entry that stands already is answered with the size it made. The operation refuses
        whatever the directory refuses, and roots unless they come ``by_operator``.
        """
        return Operation(_needs(raw), partial(self._state, raw, by_operator))

    def device(self, kid: KeyId, *, now: int) -> Signer:
        """Return the device of this key, valid at ``now`` (ts); raises DirectoryError if none."""
        signer = self.directory.signer(kid, at=now)
        if signer.payload.role is not Role.DEVICE:
            raise UnknownSignerError("the key is an officer's; devices speak to the broker")
        return signer

    def is_revoked(self, kid: KeyId) -> bool:
        """Say whether this key, or its desk, was revoked."""
        try:
            return self.directory.is_revoked(self.directory.whose(kid))
        except DirectoryError:
            return False

    def desk(self, desk: DeskId) -> Desk:
        """Return the desk of this id; raise RefusedError when the directory has none."""
        try:
            return self.directory.desk(desk)
        except DirectoryError as e:
            raise RefusedError(Refusal.UNKNOWN_DESK, str(e)) from e

    def knows(self, desk: DeskId) -> bool:
        """Say whether the directory has this desk."""
        try:
            self.directory.desk(desk)
        except DirectoryError:
            return False
        return True

    def mailboxes(self, desks: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return ``desks``, and who follows them in all: into whose mailboxes goes what is theirs.

        From when a succession is stated, whatever day it names: what comes before that day, and is
        still waiting then, must be found by those who follow.
        """
        every = ((desk, *self.directory.heirs(DeskId(desk))) for desk in desks)
        return tuple(dict.fromkeys(one for some in every for one in some))

    def is_between_devices(self, header: Header) -> bool:
        """Say whether a message is what a desk's devices give to its own, or to its successor's."""
        if header.dst == (header.src,):
            return True
        before = self.directory.before(header.dst[0])
        if len(header.dst) > 1 or header.src not in before:
            return False
        try:
            self.directory.grantee(header.kids[0])
        except DirectoryError:
            return False
        return True

    def witness(self, name: str) -> NamedKey | None:
        """Return the key of the witness that signs under ``name``, if an agency has named it."""
        for infra in self.directory.infra(InfraKind.WITNESS):
            if infra.payload.name == name:
                return NamedKey(name, infra.payload.key)
        return None

    def _state(self, raw: bytes, by_operator: bool, batch: Batch) -> int:  # noqa: FBT001 - by partial
        if _name(raw) in self._sizes:
            return self._sizes[_name(raw)]
        try:
            if parse_entry(raw).statement.what is What.ROOT and not by_operator:
                raise RefusedError(Refusal.ROOT_BY_OPERATOR, "a root enters by the operator's hand")
            statement = self.directory.append(raw).statement
        except (StatementError, DirectoryError) as e:
            raise RefusedError(Refusal.DIRECTORY, f"{e.code}: {e}") from e
        head = self.directory.head
        self._sizes[_name(raw)] = head.size
        batch.entries.append((head.size, raw))
        position = batch.append(
            Event(
                EventKind.DIRECTORY_STATED,
                batch.log,
                batch.now,
                agency=statement.agency,
                objects=(statement.agency, statement.subject),
                codes=(int(statement.what), statement.serial),
                commitment=head.hash,
            )
        )
        batch.places.append((head.size, position))
        if statement.what is What.SUCCESSION:
            self._hand_on(statement, batch)
        return head.size

    def _hand_on(self, statement: Statement, batch: Batch) -> None:
        """Put what waits for a desk that is followed into its heirs' mailboxes, in its order."""
        old = DeskId(statement.subject)
        for lane, mail in batch.waiting(old):
            for heir in self.directory.heirs(old):
                batch.post(heir, lane, mail)


def _needs(raw: bytes) -> Needs:
    """Return what an entry has to see: a succession, what waits for the desk that is followed."""
    try:
        statement = parse_entry(raw).statement
    except StatementError:
        return Needs()  # the operation refuses it
    is_succession = statement.what is What.SUCCESSION
    return Needs(desks=frozenset({statement.subject}) if is_succession else frozenset())


def _name(raw: bytes) -> bytes:
    return digest(labels.P_LOG, raw)
