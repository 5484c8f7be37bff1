"""Blobs between the desk's disk and its broker, over HTTP: both ways they go on where they stopped.

Follows docs/spec/broker.md, "Blobs". Nothing is believed of what comes: a blob that was fetched
counts only once it was opened and checked.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientTimeout

from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError, read_answer
from protocols.wire.api import BLOBS_PATH, HELD, PROGRESS, Refusal

PIECE = 256 * 1024
#: Seconds without a byte after which a line counts as broken; a whole file may take hours.
SILENCE = ClientTimeout(total=None, sock_connect=20, sock_read=60)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Brings and fetches blobs over one line."""

    line: Line

    async def bring(self, path: Path, blob: bytes, size: int) -> None:
        """Bring what the broker lacks of the blob in the file ``path``.

        Raises:
            LineDownError: the line broke; what has come stays there.
            BrokerRefusedError: the broker takes it not now, or never.
        """
        while True:
            offset, whole = await self._progress(blob, size)
            if whole:
                return
            query = {"size": str(size), "from": str(offset)}
            await self._call("POST", blob, "", query, data=_from_file(path, offset))

    async def fetch(self, blob: bytes, path: Path, size: int) -> None:
        """Fetch into ``path`` what it lacks of the blob, at most one byte more than ``size``.

        Raises:
            LineDownError: the line broke; what has come stays here.
            BrokerRefusedError: the broker has no such blob for us.
        """
        offset = come_so_far(path)
        if offset >= size:
            return
        headers = {**await self._headers(), "Range": f"bytes={offset}-"}
        try:
            async with self.line.session.get(
                self.line.url + BLOBS_PATH + blob.hex(), headers=headers, timeout=SILENCE
            ) as response:
                await self._into_file(response, path, offset, size)
        except (ClientError, OSError, TimeoutError) as e:
            raise LineDownError("the line broke") from e

    async def hold(self, blob: bytes) -> None:
        """Say that this device holds the blob; raises as :meth:`fetch` does."""
        await self._call("POST", blob, HELD, {})

    async def _into_file(
        self, response: ClientResponse, path: Path, offset: int, size: int
    ) -> None:
        if not response.ok:
            await self._refused(response)
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            offset = 0  # a broker that knows no ranges begins anew
        with path.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            async for piece in response.content.iter_chunked(PIECE):
                # One byte too many is kept: that is how a longer blob is seen.
                taken = piece[: size + 1 - file.tell()]
                await asyncio.to_thread(file.write, taken)
                if len(taken) < len(piece):
                    break

    async def _progress(self, blob: bytes, size: int) -> tuple[int, bool]:
        found = await self._call("GET", blob, PROGRESS, {"size": str(size)})
        match found:
            case {"offset": int(offset), "whole": bool(whole)} if 0 <= offset <= size:
                return offset, whole
        raise LineDownError("the broker answers about a blob what no blob can be")

    async def _call(
        self,
        method: str,
        blob: bytes,
        what: str,
        query: Mapping[str, str],
        **more: Any,  # noqa: ANN401 - a body
    ) -> object:
        try:
            async with self.line.session.request(
                method,
                self.line.url + BLOBS_PATH + blob.hex() + what,
                params=query,
                headers=await self._headers(),
                timeout=SILENCE,
                **more,
            ) as response:
                if not response.ok:
                    await self._refused(response)
                answer: object = await response.json(content_type=None)
                return answer
        except (ClientError, OSError, TimeoutError, ValueError) as e:
            raise LineDownError("the line broke") from e

    async def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.line.token()}"}

    async def _refused(self, response: ClientResponse) -> None:
        """Raise what the broker answers; a token that counts no more is asked for anew."""
        try:
            await read_answer(response)
        except BrokerRefusedError as e:
            if e.code == Refusal.BLOB_TOKEN:
                self.line.forget_token()
                raise LineDownError("the token counts no more") from e
            raise


def come_so_far(path: Path) -> int:
    """Return how many bytes lie in ``path``; none when there is no such file."""
    return path.stat().st_size if path.exists() else 0


async def _from_file(path: Path, offset: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
