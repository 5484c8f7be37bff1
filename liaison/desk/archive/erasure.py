"""Erasing a case at this desk: who may, when, and what is forgotten with it.

Follows docs/spec/archive.md, "Erasure". Two officers sign, the second with their passphrase at that
very moment; the case has ended and all of it has come to rest. What this process knows of the case
is forgotten too, as far as Python lets anybody forget. The desk's other computers do the same on
the officers' word, when they are told of it (:mod:`liaison.desk.archive.tidings`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from crypto.attest.directory import Signer
from crypto.attest.signing import KeyId, SigningKey
from crypto.seal.content import ThreadId, parse_content
from crypto.seal.erasure import (
    Erasure,
    ErasureSignersError,
    read_erasure,
    sign_erasure,
    told_erasure,
    verify_erasure,
)
from liaison.desk.casework.cases import Case, Casebook, UnknownCaseError
from liaison.desk.entrance.officers import Officers
from liaison.desk.entrance.roster import Roster
from liaison.desk.store import Store, StoreError, Stub
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.casework.codes import ErasureReason
from protocols.casework.erasure import NotErasableError, check_erasable, check_rule
from protocols.casework.moments import iso
from protocols.casework.payload import from_value
from protocols.casework.second_signature import Ask, signature_from_value

#: Drafts in these states wait for nobody.
SETTLED = frozenset({"sent", "refused", "failed"})


@dataclass(frozen=True, slots=True)
class Why:
    """Why a case is erased: the reason's code, and the rule that the officers name."""

    reason: ErasureReason
    rule: str


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases the cases of one installation; ``forget`` drops what the translation knows."""

    store: Store
    casebook: Casebook
    officers: Officers
    roster: Roster
    device: KeyId
    forget: Callable[[], Awaitable[None]]

    async def erase(self, ref: str, officer: str, second: str, passphrase: str, why: Why) -> None:
        """Make the case of this reference unreadable here, for good.

        Args:
            ref: the case's number.
            officer: who asks; has unlocked.
            second: who agrees, another person.
            passphrase: the second officer's.
            why: the reason and the rule.

        Raises:
            LockedError, VaultError, UnknownCaseError, NotErasableError, RetentionRuleError,
            ErasureSignersError: nothing is erased.
        """
        key = self.officers.key(officer)
        thread, count = await self._at_rest(ref)
        rule = check_rule(why.rule)
        keys = await self.roster.keys_of(second, passphrase)
        erasure = Erasure(
            desk=self.casebook.replica.desk,
            thread=thread,
            ref=ref,
            at=timestamp(self.casebook.clock.now()),
            reason=str(why.reason),
            rule=rule,
            messages=count,
        )
        signed = sign_erasure(erasure, [key, SigningKey.from_seed(keys.seed)])
        verify_erasure(signed, self.casebook.replica.directory)
        await self._take(Stub(thread, ref, erasure.at, signed))

    async def take_told(self, statement: bytes) -> None:
        """Erase a case that officers have erased at another computer of our desk.

        What was under way here goes with it; a case that is not here never will be.

        Raises:
            ErasureError: it is not the word of two officers of our desk; nothing is erased.
        """
        found = told_erasure(statement, self.casebook.replica.directory).erasure
        if found.desk != self.casebook.replica.desk:
            raise ErasureSignersError("an erasure by officers of our own desk expected")
        if not await self.store.is_erased(found.thread):
            await self._take(Stub(found.thread, found.ref, found.at, statement))

    async def stubs(self) -> list[dict[str, Any]]:
        """Return what stays of each erased case, oldest first, its signatures verified anew."""
        elsewhere = await self.store.heard()
        return [self._view(stub, elsewhere) for stub in await self.store.erased()]

    async def _take(self, stub: Stub) -> None:
        try:
            await self.store.erase(stub)
        except StoreError as e:
            structlog.get_logger().error("erasure.not_finished", code=e.code)
            raise
        finally:
            # Its key may be gone although the log was not cut.
            await self.casebook.every()
            await self.forget()
        structlog.get_logger().info("case.erased", thread=stub.thread.hex()[:16])

    async def _at_rest(self, ref: str) -> tuple[ThreadId, int]:
        """Return thread and number of messages of a case of which nothing is under way."""
        thread = await self.store.thread_of(ref)
        if thread is None:
            thread = await self._asked_about(ref)
        else:
            case = await self.casebook.find(ref)
            check_erasable(case.record, case.clocks)
            _check_drafts(case)
        messages = await self.store.messages_of(thread)
        if any(message.refused is None and message.proven is None for message in messages):
            raise NotErasableError(
                "a case whose messages all stand in the cosigned ledger expected"
            )
        if any(parcel.thread == thread for parcel in await self.store.parcels()):
            raise NotErasableError("a case without files that wait to go expected")
        asked = {message.mid for message in await self.store.open_asks()}
        if asked & {message.mid for message in messages}:
            raise NotErasableError("a case about which nobody asks for a second signature expected")
        return thread, len(messages)

    async def _asked_about(self, ref: str) -> ThreadId:
        """Return the thread of a case of another desk about which we were asked to sign."""
        for message in await self.store.questions():
            said = signature_from_value(parse_content(message.content).form)
            if isinstance(said, Ask) and from_value(said.draft.form).case == ref:
                return message.thread
        await self.casebook.find(ref)
        raise UnknownCaseError(f"case {ref}: not on this desk")

    def _view(self, stub: Stub, elsewhere: Mapping[tuple[bytes, KeyId], int]) -> dict[str, Any]:
        found = read_erasure(stub.statement, self.casebook.replica.directory)
        return {
            "case": stub.ref,
            "at": iso(from_timestamp(stub.at)),
            "officers": list(found.officers),
            "reason": found.erasure.reason,
            "rule": found.erasure.rule,
            "messages": found.erasure.messages,
            "elsewhere": [
                {"computer": one.payload.pseudonym, "at": None if at is None else _iso(at)}
                for one in self._others()
                for at in [elsewhere.get((stub.thread, one.kid))]
            ],
        }

    def _others(self) -> list[Signer]:
        """Return the other computers of our desk that count now."""
        now = timestamp(self.casebook.clock.now())
        return [
            one for one in self.casebook.replica.counting_devices(now) if one.kid != self.device
        ]


def _iso(at: int) -> str:
    return iso(from_timestamp(at))


def _check_drafts(case: Case) -> None:
    if any(draft.state not in SETTLED for draft in case.drafts):
        raise NotErasableError("a case without a draft that waits expected")
