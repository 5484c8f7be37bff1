"""Having a picture made anew by a process of its own, which holds no key and ends after it."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from liaison.desk.files.kinds import PictureError

WORKER = Path(__file__).with_name("pictures.py")
#: Seconds after which a picture is given up.
PATIENCE = 60
#: What of the environment a Python needs to start, here or on Windows; nothing else goes along.
ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


async def make_anew(raw: bytes, *, preview: bool = False) -> bytes:
    """Return the picture in ``raw`` turned upright and without metadata; a small JPEG of it if so.

    Raises:
        PictureError: it cannot be decoded, has too many dots, or takes too long.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", str(WORKER)),
        *(["preview"] if preview else []),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            made, _ = await process.communicate(raw)
    except TimeoutError as e:
        raise PictureError(f"a picture that decodes within {PATIENCE} s expected") from e
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not made:
        raise PictureError("a whole JPEG, PNG or WebP of up to 64 million dots expected")
    return made
