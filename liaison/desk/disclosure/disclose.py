"""Disclosing one message: who may, what is put together, and that it is recorded.

Follows docs/spec/disclosure.md. The file is checked as its reader will check it, and the disclosing
officer's signed record is kept, before anybody has the file.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.encoding import encode
from crypto.attest.hashing import digest
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.note import NoteError
from crypto.attest.signing import SigningKey, pack_signed
from crypto.attest.statement import Role
from crypto.seal.content import parse_content
from crypto.seal.disclosure import DISCLOSABLE, Disclosure
from liaison.desk.disclosure.check import verify_disclosure
from liaison.desk.disclosure.evidence import entries_for, lines_for
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.directory import Replica
from liaison.desk.line.broker_client import Line
from liaison.desk.line.proof import Prover
from liaison.desk.store import Disclosed, Store, StoredMessage
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.codes import DisclosureReason
from protocols.casework.errors import CaseworkError
from protocols.casework.moments import iso
from protocols.wire import api

#: Whose key may disclose.
MAY_DISCLOSE = frozenset({Role.APPROVER, Role.SUPERVISOR})


class MayNotDiscloseError(CaseworkError):
    """The officer's key is neither an approver's nor a supervisor's."""

    code = "disclosure.role"


class NothingToDiscloseError(CaseworkError):
    """No message of this id is here, or one of a kind that is not shown alone."""

    code = "disclosure.no_message"


class NotInLedgerError(CaseworkError):
    """The message has not been seen in the cosigned ledger: there is no proof to show."""

    code = "disclosure.not_in_ledger"


@dataclass(frozen=True, slots=True)
class Discloser:
    """Discloses messages of one desk."""

    store: Store
    replica: Replica
    line: Line
    prover: Prover
    officers: Officers
    clock: Clock

    async def disclose(self, officer: str, mid: MessageId, reason: DisclosureReason) -> bytes:
        """Return the file that shows one message, once the disclosure is recorded.

        Args:
            officer: an approver or supervisor who has unlocked.
            mid: the message's id.
            reason: why.

        Raises:
            LockedError, MayNotDiscloseError, NothingToDiscloseError, NotInLedgerError: nothing is
                disclosed.
            LineDownError, BrokerRefusedError: the proof cannot be had now.
        """
        key, now = self.officers.key(officer), timestamp(self.clock.now())
        if self.replica.directory.signer(key.kid, at=now).payload.role not in MAY_DISCLOSE:
            raise MayNotDiscloseError("an approver's or supervisor's key expected")
        message = await self.store.message(mid)
        if message is None or message.is_erased or message.kind not in DISCLOSABLE:
            raise NothingToDiscloseError("a message of a case that is here expected")
        raw = await self._file(message)
        await self.store.keep_disclosure(_record(key, message, reason, now, raw))
        return raw

    async def record(self) -> list[dict[str, Any]]:
        """Return every disclosure, oldest first."""
        return [
            {
                "mid": one.mid.hex(),
                "officer": self.replica.pseudonym(one.officer),
                "reason": one.reason,
                "at": iso(from_timestamp(one.at)),
                "file": one.file.hex(),
            }
            for one in await self.store.disclosed()
        ]

    async def _file(self, message: StoredMessage) -> bytes:
        position = message.position
        try:
            seen = await self.prover.last_cosigned()
        except (NoteError, DirectoryError) as e:
            raise NotInLedgerError("a ledger that all cosigned who must by now expected") from e
        checkpoint = await self.store.fact("checkpoint")
        if seen is None or checkpoint is None or position is None or message.proven is None:
            raise NotInLedgerError("a message seen in the cosigned ledger expected")
        size = seen.checkpoint.size
        (leaf,) = await self.line.page(api.LEDGER_PATH, **{"from": position, "to": position + 1})
        proof = await self.line.page(api.INCLUSION_PATH, index=position, size=size)
        policy = self.replica.policy()
        header, content = parse_envelope(message.envelope).header, parse_content(message.content)
        directory = self.replica.directory
        signers = [content.sender, *(kid for kid, _ in content.countersignatures)]
        theirs = [directory.whose(kid).payload.desk for kid in signers]
        entries = await asyncio.to_thread(
            entries_for,
            await self.store.directory_entries(),
            directory.pins,
            [directory.desk(desk) for desk in (header.src, *header.dst, *theirs)],
            signers,
            policy,
        )
        file = Disclosure(
            envelope=message.envelope,
            content_key=message.content_key,
            entries=entries,
            took=message.took or b"",
            leaf=leaf,
            proof=tuple(proof),
            checkpoint=lines_for(checkpoint, policy),
        )
        raw = file.encoded()
        await asyncio.to_thread(verify_disclosure, raw, directory.pins)
        return raw


def _record(
    key: SigningKey, message: StoredMessage, reason: DisclosureReason, at: int, raw: bytes
) -> Disclosed:
    file = digest(labels.P_DISCLOSED, raw)
    body = encode([message.mid, key.kid, str(reason), at, file])
    signed = pack_signed(key, labels.DISCLOSURE, body)
    return Disclosed(message.mid, key.kid, str(reason), at, file, signed)
