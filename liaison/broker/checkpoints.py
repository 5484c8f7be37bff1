"""Signing the ledger's head after each commit, and having every witness cosign it.

Follows docs/spec/ledger.md, "Checkpoints". Signed only after the commit, and written to a file
beside the database before anyone sees it. Witnesses are asynchronous: one that is down holds up no
message, it only keeps the cosigned head from growing; what is newest is offered again, less and
less often, until all have signed the same checkpoint.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog

from crypto.attest.checkpoint import Checkpoint, add_cosignature, sign_checkpoint
from crypto.attest.note import NamedKey
from crypto.attest.signing import SigningKey
from liaison.broker.batch import Batch, Checkpointed, Needs, Operation
from liaison.broker.directory import Replica
from liaison.broker.errors import BrokerError, RefusedError
from liaison.broker.ledger import log_key
from liaison.broker.witnesses import Witness, WitnessUnknownError
from liaison.broker.writer import Writer

FILE_NAME = "checkpoint.note"
#: Seconds until a checkpoint is offered again; doubled up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0


class Checkpoints:
    """The newest signed and the newest cosigned checkpoint; ``work`` keeps both growing."""

    def __init__(
        self,
        *,
        key: SigningKey,
        file: Path,
        writer: Writer,
        replica: Replica,
        witnesses: Sequence[Witness],
        on_cosigned: Callable[[], None],
    ) -> None:
        """Take the broker's key, the file beside the database, and whom to ask and to tell."""
        self.signed: Checkpointed | None = None
        self.cosigned: Checkpointed | None = None
        self._key, self._file, self._writer, self._replica = key, file, writer, replica
        self._witnesses, self._on_cosigned = witnesses, on_cosigned
        self._grown, self._fresh = asyncio.Event(), asyncio.Event()

    def resume(self, signed: Checkpointed | None, cosigned: Checkpointed | None) -> None:
        """Begin from the newest checkpoints of the database, and with what has grown since."""
        self.signed, self.cosigned = signed, cosigned
        self._grown.set()
        self._fresh.set()

    def ledger_grew(self) -> None:
        """Sign soon: leaves were committed."""
        self._grown.set()

    async def sign(self) -> None:
        """Sign whatever the ledger has grown to, until cancelled."""
        while True:
            await self._grown.wait()
            self._grown.clear()
            try:
                await self._sign_head()
            except RefusedError as e:
                structlog.get_logger().warning("checkpoint.failed", code=e.code)
                await asyncio.sleep(FIRST_PAUSE)
                self._grown.set()

    async def cosign(self) -> None:
        """Have the newest checkpoint cosigned, again and again, until cancelled."""
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            pause = FIRST_PAUSE
            while not await self._offer():
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _sign_head(self) -> None:
        head = self._writer.state.frontier.head()
        if head.size <= (self.signed.size if self.signed else 0):
            return
        log = log_key(self._key.verify_key)
        note = sign_checkpoint(Checkpoint(log.name, head.size, head.root), self._key)
        await asyncio.to_thread(_write_durably, self._file, note)
        signed = Checkpointed(head.size, note)
        await self._keep(signed)
        self.signed = signed
        self._fresh.set()

    async def _offer(self) -> bool:
        """Return False when the newest checkpoint has to be offered again."""
        offered = self.signed
        done = self.cosigned.size if self.cosigned else 0
        if offered is None or offered.size <= done or not self._witnesses:
            return True
        answers = await asyncio.gather(*(self._ask(w, offered) for w in self._witnesses))
        note = offered.note
        for answer in answers:
            if answer is None:
                return False
            key, lines = answer
            note = add_cosignature(note, lines, key)
        return await self._keep_cosigned(Checkpointed(offered.size, offered.note, note))

    async def _ask(self, witness: Witness, offered: Checkpointed) -> tuple[NamedKey, bytes] | None:
        """Return the witness's key and its verified answer; None when it has to be asked again."""
        name = witness.address.name
        key = self._replica.witness(name)
        try:
            if key is None:
                raise WitnessUnknownError("the directory names no witness of this name")
            return key, await witness.cosign(offered.note, size=offered.size, key=key)
        except BrokerError as e:
            structlog.get_logger().warning("witness.silent", code=e.code, witness=name)
            return None

    async def _keep_cosigned(self, checkpoint: Checkpointed) -> bool:
        try:
            await self._keep(checkpoint)
        except RefusedError as e:
            structlog.get_logger().warning("checkpoint.failed", code=e.code)
            return False
        self.cosigned = checkpoint
        self._on_cosigned()
        return True

    async def _keep(self, checkpoint: Checkpointed) -> None:
        await self._writer.run(Operation(Needs(), partial(_keep, checkpoint)))


def _keep(checkpoint: Checkpointed, batch: Batch) -> None:
    batch.checkpoints.append(checkpoint)


def _write_durably(file: Path, note: bytes) -> None:
    fresh = file.with_suffix(".fresh")
    with fresh.open("wb") as opened:
        opened.write(note)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
