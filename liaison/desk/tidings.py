"""What every computer of a desk must know beside its mail: which cases were erased, or reviewed.

Follows docs/spec/archive.md, "Erasure", and docs/spec/oversight.md, "Review". Each computer tells
each colleague's once of everything of this kind that it has: so it reaches one that was off and one
that comes later, and who is told of an erasure by another knows that it is done there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.encoding import Value
from crypto.attest.hashing import digest
from crypto.attest.signing import KeyId
from crypto.seal.content import Kind
from crypto.seal.envelope import Opened
from crypto.seal.erasure import erasures_from_value, parse_erasure
from crypto.seal.reviews import reviews_from_value
from liaison.desk.erasure import Eraser
from liaison.desk.oversight import Overseer
from liaison.desk.store import Store

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

    async def lacking(self, device: KeyId) -> list[Told]:
        """Return what this colleague was not told of by us yet."""
        known = await self.store.granted(device)
        erasures = [stub.statement for stub in await self.store.erased()]
        reviews = [review.signed for review in await self.store.reviews()]
        return [
            Told(kind, list(some), tuple(map(name_of, some)))
            for kind, statements in ((Kind.ERASURE, erasures), (Kind.REVIEW, reviews))
            for some in _parted([one for one in statements if name_of(one) not in known])
        ]

    async def take(self, opened: Opened) -> None:
        """Do what a colleague's computer tells of.

        Raises:
            ErasureError, OversightError: it does not hold; what came before it is done.
        """
        if opened.content.kind is Kind.REVIEW:
            for statement in reviews_from_value(opened.content.form):
                await self.overseer.take_told(statement)
            return
        for statement in erasures_from_value(opened.content.form):
            await self.eraser.take_told(statement)
            thread = parse_erasure(statement).thread
            await self.store.note_erased_at(thread, opened.signer.kid, opened.content.created)


def name_of(statement: bytes) -> KeyId:
    """Return by what it is known, of these very bytes, that a colleague was told."""
    return KeyId(digest(labels.P_TOLD, statement))


def _parted(statements: list[bytes]) -> Iterator[list[bytes]]:
    for begin in range(0, len(statements), AT_ONCE):
        yield statements[begin : begin + AT_ONCE]
