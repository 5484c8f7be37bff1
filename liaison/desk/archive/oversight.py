"""Oversight at this desk: halves sealed to whom the certificate names, and reviews that are kept.

Follows docs/spec/oversight.md. The desk seals the halves of each case's key by itself, and anew
when its certificate names other supervisors. A review shows by a tag that the case's key was opened
from two halves; it is recorded before anything is shown, and the case's officers see that it was.
"""

import hmac
from dataclasses import dataclass, field
from typing import Any

import structlog

from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import Oversight
from crypto.seal.content import ThreadId
from crypto.seal.oversight import (
    MalformedOversightError,
    SealedHalves,
    pack_halves,
    parse_halves,
    prove_review,
    seal_halves,
)
from crypto.seal.primitives import fresh
from crypto.seal.reviews import ReviewSignerError, SignedReview, sign_review, verify_review
from liaison.desk.casework.cases import Case, Casebook
from liaison.desk.store import Review, Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.codes import ReviewReason
from protocols.casework.moments import iso

NONCE_BYTES = 16


class NoOversightError(Exception):
    """No halves of this case's key were sealed to anybody."""

    code = "oversight.none"


class ReviewProofError(Exception):
    """What was sent does not show that two supervisors opened this case."""

    code = "oversight.not_shown"


@dataclass(frozen=True, slots=True)
class Shown:
    """What shows that a review opened the case: both supervisors, the reason, and the tag."""

    first: KeyId
    second: KeyId
    reason: ReviewReason
    tag: bytes


@dataclass(slots=True)
class Overseer:
    """Seals halves, takes reviews, and says who has reviewed a case."""

    store: Store
    casebook: Casebook
    clock: Clock
    device: SigningKey
    _sealed_for: Oversight | None = None
    _sealed: set[ThreadId] = field(default_factory=set)
    _asked: dict[ThreadId, bytes] = field(default_factory=dict)

    async def seal_due(self) -> None:
        """Seal the halves of every case that has none for the supervisors that are named now."""
        replica = self.casebook.replica
        oversight = replica.directory.desk_named(replica.slug).payload.oversight
        if oversight != self._sealed_for:
            self._sealed_for, self._sealed = oversight, set()
        keys = await self.store.case_keys()
        if oversight is None:
            await self._forget()
            return
        if keys.keys() <= self._sealed:
            return
        kept = await self.store.halves()
        for thread in keys.keys() - self._sealed:
            if thread not in kept or not parse_halves(kept[thread]).is_for(oversight):
                made = seal_halves(keys[thread], oversight, desk=replica.desk, thread=thread)
                await self.store.keep_halves(thread, pack_halves(made))
            self._sealed.add(thread)

    async def ask(self, ref: str) -> tuple[SealedHalves, bytes]:
        """Return the sealed halves of a case, and the nonce that a review of it must answer.

        Raises:
            UnknownCaseError: no such case.
            NoOversightError: nobody can review it.
        """
        thread = (await self.casebook.find(ref)).thread
        kept = (await self.store.halves()).get(thread)
        if kept is None:
            raise NoOversightError("this desk's certificate names no supervisors of its archive")
        self._asked[thread] = fresh(NONCE_BYTES)
        return parse_halves(kept), self._asked[thread]

    async def review(self, ref: str, shown: Shown) -> Case:
        """Return the case, once it is recorded who reviews it and why.

        Raises:
            UnknownCaseError: no such case.
            ReviewProofError: the tag does not show that the case was opened, now, by these two.
        """
        case = await self.casebook.find(ref)
        nonce = self._asked.pop(case.thread, b"")
        keys, kept = await self.store.case_keys(), await self.store.halves()
        if not nonce or case.thread not in keys or case.thread not in kept:
            raise ReviewProofError("nobody has asked for the halves of this case")
        panels = parse_halves(kept[case.thread]).panels
        if shown.first not in panels[0] or shown.second not in panels[1]:
            raise ReviewProofError("a supervisor of each panel of this case is expected")
        about = prove_review(
            keys[case.thread], nonce, shown.first, shown.second, reason=shown.reason
        )
        if not hmac.compare_digest(about, shown.tag):
            raise ReviewProofError("the tag is not one of this case's key")
        at = timestamp(self.clock.now())
        desk, reason = self.casebook.replica.desk, str(shown.reason)
        said = SignedReview(desk, case.thread, at, reason, shown.first, shown.second)
        await self._keep(said, sign_review(said, self.device))
        # Random ids only: no number of a case stands in a log.
        structlog.get_logger().info("case.reviewed", thread=case.thread.hex()[:16])
        return case

    async def take_told(self, statement: bytes) -> None:
        """Keep that a case was reviewed at another computer of our desk.

        Raises:
            OversightError: it is not the word of a computer of our desk; nothing is kept.
        """
        said = verify_review(statement, self.casebook.replica.directory)
        if said.desk != self.casebook.replica.desk:
            raise ReviewSignerError("a review at our own desk expected")
        await self._keep(said, statement)

    async def _keep(self, said: SignedReview, signed: bytes) -> None:
        review = Review(said.thread, said.at, said.reason, said.first, said.second, signed)
        await self.store.keep_review(review)

    async def reviews_of(self, thread: ThreadId) -> list[dict[str, Any]]:
        """Return every review of a case, oldest first, for its officers."""
        return [_view(one) for one in await self.store.reviews() if one.thread == thread]

    async def _forget(self) -> None:
        if self._sealed_for is None and await self.store.halves():
            await self.store.drop_halves()


def _view(review: Review) -> dict[str, Any]:
    return {
        "at": iso(from_timestamp(review.at)),
        "reason": review.reason,
        "supervisors": [review.first.hex(), review.second.hex()],
    }


def read_shown(first: str, second: str, reason: str, tag: str) -> Shown:
    """Return what a call shows; raise MalformedOversightError when it is of no such form."""
    try:
        ids = KeyId(bytes.fromhex(first)), KeyId(bytes.fromhex(second))
        return Shown(*ids, ReviewReason(reason), bytes.fromhex(tag))
    except ValueError as e:
        raise MalformedOversightError("expected two key ids, a reason and a tag") from e
