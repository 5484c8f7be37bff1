"""A fresh PostgreSQL database for a test.

The server is the one that LIAISON_TEST_POSTGRES names (an SQLAlchemy URL whose user may create
databases), else a private cluster, one for each test process, in a temporary folder. It listens
on a socket in that folder only, so it takes no port and nobody else can reach it. PostgreSQL
refuses to run as root; there the cluster belongs to the user ``postgres``.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.requirements import require

SERVER = "LIAISON_TEST_POSTGRES"
OWNER = "postgres"
ROOT = 0


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """Yield the URL of a server, connected to its maintenance database."""
    given = os.environ.get(SERVER)
    if given:
        yield make_url(given).set(drivername="postgresql+asyncpg")
        return
    programs = require("postgres")
    # Not below pytest's own folder: that one is closed to the user postgres.
    folder = Path(tempfile.mkdtemp(prefix="liaison-postgres-"))
    with ExitStack() as afterwards:
        afterwards.callback(shutil.rmtree, folder)
        server = _start(programs, folder)
        stop = ("stop", "-D", str(folder / "cluster"), "-m", "immediate", "-w")
        afterwards.callback(_run, programs / "pg_ctl", *stop)
        yield server


@pytest.fixture
async def postgres_url(postgres_server: URL) -> AsyncIterator[str]:
    """Yield the URL (``postgresql+asyncpg://...``) of an empty database, dropped afterwards."""
    name = f"liaison_{uuid4().hex}"
    await _administer(postgres_server, f'CREATE DATABASE "{name}"')
    yield postgres_server.set(database=name).render_as_string(hide_password=False)
    await _administer(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _start(programs: Path, folder: Path) -> URL:
    if os.geteuid() == ROOT:
        shutil.chown(folder, user=OWNER, group=OWNER)
    cluster = str(folder / "cluster")
    _run(
        programs / "initdb",
        *("-D", cluster, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
    )
    # fsync off: these databases need not survive a power cut.
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    log = str(folder / "log")
    _run(programs / "pg_ctl", "start", "-D", cluster, "-l", log, "-w", "-o", options)
    return URL.create(
        "postgresql+asyncpg", username=OWNER, database=OWNER, query={"host": str(folder)}
    )


def _run(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end, as its own user when we are root."""
    owner = OWNER if os.geteuid() == ROOT else None
    subprocess.run(
        [program, *arguments],
        check=True,
        cwd="/",
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would stay open in the server and never end
    )


async def _administer(server: URL, statement: str) -> None:
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()
