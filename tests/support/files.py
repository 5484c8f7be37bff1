"""Files as officers attach them, and desks that do so over their own API."""

import io
from collections.abc import AsyncIterator
from typing import Any

from PIL import Image

from tests.support.network import Desk, until

View = dict[str, Any]

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n" + b"% passport of P1\n" * 40
#: GPS of Dongxing, as a telephone writes it into a photograph.
GPS_TAG, MAKE_TAG, ORIENTATION = 0x8825, 0x010F, 0x0112


def photograph(kind: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a photograph, wider than high, that says where it was taken and must be turned."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[MAKE_TAG], exif[ORIENTATION] = "Telephone of an officer", 6
    exif.get_ifd(GPS_TAG).update({1: "N", 2: (21.0, 32.0, 0.0)})
    made = io.BytesIO()
    picture.save(made, kind, exif=exif)
    return made.getvalue()


async def in_pieces(whole: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """Yield ``whole`` in pieces."""
    for begin in range(0, len(whole), size):
        yield whole[begin : begin + size]


async def add(desk: Desk, ref: str, name: str, whole: bytes) -> View:
    """Return a file that the desk's officer added to a case."""
    return await desk.client.upload(
        f"/api/cases/{ref}/files", in_pieces(whole), officer=desk.officer, name=name
    )


async def attach(desk: Desk, ref: str, *files: tuple[str, bytes], text: str = "") -> list[View]:
    """Add files to a case and put them in line with a note."""
    added = [await add(desk, ref, name, whole) for name, whole in files]
    await desk.client.post(
        f"/api/cases/{ref}/parcels",
        officer=desk.officer,
        files=[file["blob"] for file in added],
        lang="vi",
        text=text,
    )
    return added


async def files_at(desk: Desk, ref: str) -> list[View]:
    """Return the files of all steps of a case, as the desk shows them."""
    return [file for step in await desk.steps(ref) for file in step["files"]]


async def have_come(desk: Desk, ref: str, count: int, state: str = "here") -> list[View]:
    """Return the files of a case once ``count`` of them are in ``state``."""

    async def is_so() -> bool:
        found = [file for file in await files_at(desk, ref) if file["state"] == state]
        return len(found) >= count

    await until(is_so, f"{count} files of {ref} are {state} at {desk.slug}")
    return await files_at(desk, ref)


async def read(desk: Desk, ref: str, blob: str) -> bytes:
    """Return a file as the desk hands it out."""
    pieces = desk.client.download(f"/api/cases/{ref}/files/{blob}")
    return b"".join([piece async for piece in pieces])
