"""What every computer of a desk must know beside its mail: which cases were erased, or reviewed.

Follows docs/spec/archive.md, "Erasure", and docs/spec/oversight.md, "Review". Each computer tells
each colleague's once of everything of this kind that it has: so it reaches one that was off and one
that comes later, and who is told of an erasure by another knows that it is done there. What the
broker has not kept long enough for a computer that was off is told again, until it tells of it too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.directory import GRANT_WAITS
from crypto.attest.encoding import Value
from crypto.attest.hashing import digest
from crypto.attest.signing import KeyId
from crypto.seal.content import Kind
from crypto.seal.envelope import Opened
from crypto.seal.erasure import erasures_from_value, parse_erasure
from crypto.seal.reviews import reviews_from_value
from liaison.desk.archive.erasure import Eraser
from liaison.desk.archive.oversight import Overseer
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, timestamp

#: Statements in one message; each has some hundred bytes.
AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Told:
    """Statements of one kind for one colleague: the form of the message, and their names."""

    kind: Kind
    form: Value
    names: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True)
class Tidings:
    """Tells the other computers of one desk, and takes what they tell."""

    store: Store
    eraser: Eraser
    overseer: Overseer
    clock: Clock

    async def lacking(self, device: KeyId) -> list[Told]:
        """Return what this colleague was not told of by us, or not in time and has not told of."""
        since = timestamp(self.clock.now()) - GRANT_WAITS
        of_late = await self.store.given_since(device, since)
        ever = await self.store.granted(device)
        heard = {subject for subject, teller in await self.store.heard() if teller == device}
        erasures = [(stub.thread, stub.statement) for stub in await self.store.erased()]
        reviews = [(name_of(one.signed), one.signed) for one in await self.store.reviews()]
        # Whom we have told once, and who has told us, has it and knows that we have.
        done = {name_of(one) for subject, one in (*erasures, *reviews) if subject in heard} & ever
        settled = of_late | done
        return [
            Told(kind, list(some), tuple(map(name_of, some)))
            for kind, known in ((Kind.ERASURE, erasures), (Kind.REVIEW, reviews))
            for some in _parted([one for _, one in known if name_of(one) not in settled])
        ]

    async def take(self, opened: Opened) -> None:
        """Do what a colleague's computer tells of.

        Raises:
            ErasureError, OversightError: it does not hold; what came before it is done.
        """
        if opened.content.kind is Kind.REVIEW:
            for statement in reviews_from_value(opened.content.form):
                await self.overseer.take_told(statement)
                await self._note(name_of(statement), opened)
            return
        for statement in erasures_from_value(opened.content.form):
            await self.eraser.take_told(statement)
            await self._note(parse_erasure(statement).thread, opened)

    async def _note(self, subject: bytes, opened: Opened) -> None:
        await self.store.note_heard(subject, opened.signer.kid, opened.content.created)


def name_of(statement: bytes) -> KeyId:
    """Return by what it is known, of these very bytes, that a colleague was told."""
    return KeyId(digest(labels.P_TOLD, statement))


def _parted(statements: list[bytes]) -> Iterator[list[bytes]]:
    for begin in range(0, len(statements), AT_ONCE):
        yield statements[begin : begin + AT_ONCE]
