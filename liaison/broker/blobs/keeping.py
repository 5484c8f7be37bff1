"""When a blob counts as here, who may have it, and when it goes.

Follows docs/spec/broker.md, "Blobs". A blob is kept for the messages that name it: it goes once
every device of their desks has said that it holds it, or when the last of them has expired. One
that no message names is kept for a week, one that stopped coming for a day. First the row goes,
then the file: what a crash leaves behind is found at the next start.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import DeskId
from crypto.attest.signing import KeyId
from crypto.attest.statement import Role
from liaison.broker.acknowledgement import Device
from liaison.broker.batch import Batch, Needs, Operation, parties
from liaison.broker.blobs.files import BlobFiles
from liaison.broker.blobs.rows import (
    every_blob,
    expired_blobs,
    find_blob,
    next_expiry,
    stored_bytes,
    uses_of,
)
from liaison.broker.blobs.state import Blob, BlobHolder, BlobKey, BlobUse
from liaison.broker.directory import Replica
from liaison.broker.errors import RefusedError
from liaison.broker.store import Store
from liaison.broker.writer import Writer
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.wire.api import Refusal

#: (ours) seconds for which a blob is kept that no message names, and one that stopped coming.
UNNAMED_FOR = 7 * 86_400
COMING_FOR = 86_400


@dataclass(frozen=True, slots=True)
class BlobKeeper:
    """The blobs of one broker. No desk has more than ``quota`` bytes of them here."""

    files: BlobFiles
    store: Store
    writer: Writer
    replica: Replica
    quota: int

    async def find(self, key: BlobKey) -> Blob | None:
        """Return a desk's blob if it is whole here."""
        return await self.store.ask(partial(find_blob, *key))

    async def check_room(self, key: BlobKey, size: int) -> int:
        """Return how much of a blob has come; raise RefusedError when the rest has no room."""
        desk, blob = key
        offset = await asyncio.to_thread(self.files.offset, key)
        here = await self.store.ask(partial(stored_bytes, desk))
        here += await asyncio.to_thread(self.files.coming_bytes, desk, blob)
        if here + size > self.quota:
            detail = f"at most {self.quota} bytes a desk, {here} are here"
            raise RefusedError(Refusal.BLOB_QUOTA, detail)
        await asyncio.to_thread(self.files.check_room, size - offset)
        return offset

    async def keep(self, key: BlobKey, size: int, device: Device) -> None:
        """Count a blob as here, whose file is whole and on the disk."""
        operation = Operation(Needs(blobs=frozenset({key[1]})), partial(_keep, key, size, device))
        await self.writer.run(operation)

    async def readable(self, blob: bytes, device: Device) -> Blob:
        """Return the blob of this name if a message from or to the device's desk names it.

        Raises:
            RefusedError: none is here; whether another desk has one is not told.
        """
        for use in await self.store.ask(partial(uses_of, blob)):
            if device.payload.desk in self._readers(use):
                found = await self.find((use.desk, blob))
                if found is not None:
                    return found
        raise RefusedError(Refusal.NO_BLOB, "no message of this desk names a blob that is here")

    async def held(self, blob: bytes, device: Device) -> None:
        """Keep that the device holds the blob; it goes when it was the last to say so."""
        needs = Needs(blobs=frozenset({blob}))
        hold = partial(self._hold, blob, device)
        await self._remove(await self.writer.run(Operation(needs, hold)))

    async def sweep(self, now: datetime) -> datetime | None:
        """Remove what has expired at ``now``; return when something next does, or None."""
        at = timestamp(now)
        gone = await self.store.ask(partial(expired_blobs, at, at - UNNAMED_FOR))
        if gone:
            needs = Needs(blobs=frozenset(blob for _, blob in gone))
            forget = partial(_forget_expired, gone, at)
            await self._remove(await self.writer.run(Operation(needs, forget)))
        await asyncio.to_thread(self.files.give_up, before=at - COMING_FOR)
        following = await self.store.ask(partial(next_expiry, UNNAMED_FOR))
        return None if following is None else from_timestamp(following)

    async def recover(self) -> None:
        """Make files and rows agree after a crash: neither counts without the other."""
        rows, files = await self.store.ask(every_blob), await asyncio.to_thread(self.files.every)
        for key in files - rows:
            await asyncio.to_thread(self.files.doubt, key)
        if lost := list(rows - files):
            structlog.get_logger().error("blobs.lost", count=len(lost))
            await self.writer.run(Operation(Needs(), partial(_forget, lost)))

    def _hold(self, blob: bytes, device: Device, batch: Batch) -> list[BlobKey]:
        desk, kid = device.payload.desk, device.payload.key.kid
        uses = [use for use in batch.blobs.uses(blob) if desk in self._readers(use)]
        keys = {(use.desk, blob) for use in uses if batch.blobs.blob(use.desk, blob)}
        if not keys:
            raise RefusedError(Refusal.NO_BLOB, "no message of this desk names a blob that is here")
        for key in keys:
            batch.blobs.hold(BlobHolder(*key, kid))
        done = [key for key in sorted(keys) if self._is_held_by_all(key, batch)]
        return _forget(done, batch)

    def _is_held_by_all(self, key: BlobKey, batch: Batch) -> bool:
        uses = [use for use in batch.blobs.uses(key[1]) if use.desk == key[0]]
        desks = {desk for use in uses for desk in self._readers(use)}
        devices = {kid for desk in desks for kid in self._devices(DeskId(desk), now=batch.now)}
        return devices <= batch.blobs.holders(key)

    def _readers(self, use: BlobUse) -> tuple[bytes, ...]:
        """Return the desks of a message that names a blob, and those that follow them."""
        return self.replica.mailboxes(parties(use.desk, use.dst))

    def _devices(self, desk: DeskId, *, now: int) -> Iterable[KeyId]:
        for signer in self.replica.directory.signers(desk, Role.DEVICE):
            try:
                yield self.replica.device(signer.payload.key.kid, now=now).payload.key.kid
            except DirectoryError:
                continue  # one that counts no more fetches nothing

    async def _remove(self, keys: Iterable[BlobKey]) -> None:
        for key in keys:
            await asyncio.to_thread(self.files.remove, key)


def _keep(key: BlobKey, size: int, device: Device, batch: Batch) -> None:
    if batch.blobs.blob(*key) is None:
        batch.blobs.keep(Blob(*key, size, batch.now))
    batch.blobs.hold(BlobHolder(*key, device.payload.key.kid))


def _forget(keys: list[BlobKey], batch: Batch) -> list[BlobKey]:
    for key in keys:
        batch.blobs.forget(key)
    return keys


def _forget_expired(keys: list[BlobKey], now: int, batch: Batch) -> list[BlobKey]:
    """Forget those that are still to go: a message may have named one since it was found."""

    def is_alive(use: BlobUse, key: BlobKey) -> bool:
        return use.desk == key[0] and use.exp > now

    gone = [k for k in keys if not any(is_alive(use, k) for use in batch.blobs.uses(k[1]))]
    return _forget(gone, batch)
