"""Blobs as a device brings them to a broker and fetches them, over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

from aiohttp import ClientSession

from crypto.attest.blob import BlobHash, blob_size
from crypto.seal.attachment import Attachment
from crypto.seal.stream import Sealing
from protocols.wire.api import BLOBS_PATH, HELD, PROGRESS, AskToken, Token
from tests.support.broker import Caller, Served

Body = bytes | BytesIO | AsyncIterator[bytes]
Answer = tuple[int, dict[str, object]]


def sealed_file(plain: bytes = b"\x25PDF-1.7 x", name: str = "a.pdf") -> tuple[Attachment, bytes]:
    """Return what a message says of a file, and its blob."""
    sealing = Sealing()
    blob = sealing.push(plain) + b"".join(sealing.finish())
    return sealing.attachment(name, "application/pdf"), blob


def name_of(blob: bytes) -> bytes:
    """Return the name of a blob."""
    named = BlobHash()
    named.update(blob)
    return named.id()


async def ask_token(caller: Caller) -> Token:
    """Return the token that the broker gives a logged-in device."""
    await caller.send(AskToken())
    return await caller.wait(Token)


@dataclass
class Carrier:
    """A device that shows its token."""

    http: ClientSession
    url: str
    token: str

    async def bring(
        self,
        blob: bytes,
        body: Body,
        *,
        size: int,
        begin: int = 0,
    ) -> Answer:
        """Return the answer to bytes of ``blob`` (a name) from ``begin`` on."""
        query = {"size": size, "from": begin}
        return await self._call("POST", BLOBS_PATH + blob.hex(), query, body)

    async def bring_all(self, blob: bytes) -> bytes:
        """Bring a whole blob and return its name."""
        name = name_of(blob)
        assert await self.bring(name, blob, size=len(blob)) == (
            200,
            {"offset": len(blob), "whole": True},
        )
        return name

    async def progress(self, blob: bytes, size: int) -> Answer:
        """Return how far a blob has come."""
        return await self._call("GET", BLOBS_PATH + blob.hex() + PROGRESS, {"size": size}, b"")

    async def hold(self, blob: bytes) -> Answer:
        """Say that the device holds a blob."""
        return await self._call("POST", BLOBS_PATH + blob.hex() + HELD, {}, b"")

    async def fetch(self, blob: bytes, begin: int = 0) -> tuple[int, bytes]:
        """Return status and body of a blob from ``begin`` on."""
        async with self.http.get(
            self.url + BLOBS_PATH + blob.hex(), headers=self._headers | {"Range": f"bytes={begin}-"}
        ) as response:
            return response.status, await response.read()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def _call(self, method: str, path: str, query: dict[str, int], body: Body) -> Answer:
        async with self.http.request(
            method, self.url + path, params=query, headers=self._headers, data=body
        ) as response:
            return response.status, await response.json(content_type=None)


async def carrier(served: Served, slug: str, device: int = 0) -> Carrier:
    """Return a device of an office that has logged in and shows its token."""
    caller = await served.call(slug, device)
    return Carrier(served.http, served.url, (await ask_token(caller)).token.hex())


SMALLEST_BLOB = blob_size(1)
