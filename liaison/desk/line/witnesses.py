"""Whose word a checkpoint needs: that of every witness that had begun when it was cosigned.

Follows docs/spec/ledger.md, "What a desk checks". A witness that is named while desks
work cosigns once its operator has started it. Until a day after it was first seen here, by
the times at which the others cosigned, what counted before it was named counts; then nothing does
without it. So is another desk's checkpoint of before. The witnesses that a desk finds when it first
looks have begun, and no side is ever without one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crypto.attest.checkpoint import Cosigned, Policy, QuorumError, verify_checkpoint
from crypto.attest.signing import KeyId
from crypto.attest.statement import InfraKind
from liaison.desk.keys.directory import NoWitnessError, Replica
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp

#: From when a witness is first seen in the directory until nothing counts without it.
BEGINS_WITHIN = timedelta(hours=24)
#: The fact under which the store keeps since when (ts) each witness is known; 0 from the first.
FACT = "witnesses"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The witnesses of one desk's ledger, and since when it knows each."""

    store: Store
    replica: Replica
    clock: Clock

    async def verified(self, raw: bytes) -> Cosigned:
        """Return the checkpoint in ``raw``, cosigned by every witness that had begun by then.

        Raises:
            NoteError: malformed, of another log, or one of them has not cosigned.
            DirectoryError: our broker, or a side's witness, was never named.
        """
        policy, since = self.replica.policy(), await self._since()
        try:
            return verify_checkpoint(raw, policy)
        except QuorumError:
            found = verify_checkpoint(raw, Policy(policy.log, policy.witnesses, 1))
            # The latest that any of them says: one that lies cannot make the others look early.
            at = max(one.at for one in found.cosignatures)
            asked = self._without({kid for kid, seen in since.items() if not _has_begun(seen, at)})
            if asked is None:
                raise
            return verify_checkpoint(raw, asked)

    def _without(self, entering: set[KeyId]) -> Policy | None:
        """Return who must cosign but these; None where a side would be left without a witness."""
        try:
            return self.replica.policy(without=entering)
        except NoWitnessError:
            return None

    async def _since(self) -> dict[KeyId, int]:
        """Return since when (ts) each witness is known, and keep of new ones that it is now."""
        raw = await self.store.fact(FACT)
        now = 0 if raw is None else timestamp(self.clock.now())
        known = {} if raw is None else dict(map(_read, raw.decode().splitlines()))
        named = {one.kid for one in self.replica.directory.infra(InfraKind.WITNESS)}
        since = {kid: known.get(kid, now) for kid in named}
        if since.keys() - known.keys():
            lines = [f"{kid.hex()} {at}" for kid, at in sorted({**known, **since}.items())]
            await self.store.set_fact(FACT, "\n".join(lines).encode())
        return since


def _has_begun(seen: int, at: datetime) -> bool:
    return not seen or from_timestamp(seen) + BEGINS_WITHIN <= at


def _read(line: str) -> tuple[KeyId, int]:
    kid, at = line.split()
    return KeyId(bytes.fromhex(kid)), int(at)
