"""Where a ledger to be checked comes from: a running broker, or a folder that was kept of one.

A copy has three files: ``directory`` and ``leaves`` (each a strict CBOR list of byte strings) and
``checkpoint`` (a signed note). Whether they hold together is decided in
:mod:`liaison.audit.verify`.
"""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from protocols.wire import api

DIRECTORY, LEAVES, CHECKPOINT = "directory", "leaves", "checkpoint"
PATIENCE = ClientTimeout(total=60)
#: A copy of a ledger is read whole; a larger one is checked from the broker, page by page.
LARGEST_COPY = 1 << 31
#: One page of the largest leaves and entries, with room.
LARGEST_ANSWER = 64 * 1024 * 1024


class SourceError(Exception):
    """The ledger cannot be read."""

    code = "audit.source"


class MalformedCopyError(SourceError):
    """What was found is no ledger: cut off, added to, or written otherwise."""

    code = "audit.malformed"


class NotReachableError(SourceError):
    """The broker does not answer."""

    code = "audit.not_reachable"


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """All that is needed to check a ledger: directory, leaves, and the cosigned checkpoint."""

    directory: tuple[bytes, ...]
    leaves: tuple[bytes, ...]
    checkpoint: bytes


async def fetch_ledger(url: str) -> LedgerCopy:
    """Return the ledger of the broker at ``url``, up to its newest cosigned checkpoint.

    Raises:
        NotReachableError: no answer.
        SourceError: an answer that is a refusal, or no ledger.
    """
    base = url.rstrip("/")
    try:
        async with ClientSession(timeout=PATIENCE) as session:
            checkpoint = await _get(session, base + api.CHECKPOINT_PATH)
            leaves = await _pages(session, base + api.LEDGER_PATH, until=size_claimed(checkpoint))
            directory = await _pages(session, base + api.DIRECTORY_PATH, until=None)
    except (ClientError, OSError, TimeoutError) as e:
        raise NotReachableError(f"no broker answers at {base}") from e
    return LedgerCopy(tuple(directory), tuple(leaves), checkpoint)


def read_copy(folder: Path) -> LedgerCopy:
    """Return the copy in ``folder``.

    Raises:
        SourceError: it has not the three files.
        MalformedCopyError: a file holds something else than entries or leaves.
    """
    try:
        parts = {name: (folder / name).read_bytes() for name in (DIRECTORY, LEAVES, CHECKPOINT)}
    except OSError as e:
        raise SourceError(
            f"expected the files directory, leaves and checkpoint in {folder}: {e.strerror}"
        ) from e
    directory, leaves = (_items(parts[name], where=name) for name in (DIRECTORY, LEAVES))
    return LedgerCopy(tuple(directory), tuple(leaves), parts[CHECKPOINT])


def write_copy(folder: Path, ledger: LedgerCopy) -> None:
    """Keep ``ledger`` in the folder, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DIRECTORY).write_bytes(api.encode_page(ledger.directory))
    (folder / LEAVES).write_bytes(api.encode_page(ledger.leaves))
    (folder / CHECKPOINT).write_bytes(ledger.checkpoint)


def size_claimed(checkpoint: bytes) -> int:
    """Return how many leaves a checkpoint speaks of, before anything about it is believed."""
    try:
        return int(checkpoint.split(b"\n", 2)[1])
    except (IndexError, ValueError) as e:
        raise MalformedCopyError("expected a checkpoint with a size in its second line") from e


async def _get(session: ClientSession, url: str, **query: int) -> bytes:
    async with session.get(url, params=query) as response:
        if not response.ok:
            raise SourceError(f"{url}: expected an answer 200, found {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise MalformedCopyError(f"{url}: expected at most {LARGEST_ANSWER} bytes")
        return bytes(body)


async def _pages(session: ClientSession, url: str, *, until: int | None) -> list[bytes]:
    items: list[bytes] = []
    while until is None or len(items) < until:
        query = {"from": len(items)}
        if until is not None:
            query["to"] = min(until, len(items) + api.PAGE)
        page = _items(await _get(session, url, **query), where=url)
        if not page:
            break
        items += page
    return items


def _items(raw: bytes, *, where: str) -> list[bytes]:
    try:
        return api.parse_page(raw, limit=LARGEST_COPY)
    except api.FrameError as e:
        raise MalformedCopyError(f"{where}: {e.code}: {e}") from e
