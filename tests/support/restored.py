"""A desk's backup, and an installation that was restored from it: enrolled anew, not started."""

from pathlib import Path

from crypto.attest.statement import Role
from crypto.seal.ceremony import grant_key, parse_request
from crypto.seal.papers import join
from liaison.desk.archive.backup import backup_papers, keys_beside
from liaison.desk.archive.restore import Officer, Restored, Sources, restore_desk
from liaison.desk.line.broker_client import fetch_directory, publish_entry
from tests.support.installations import registrar_of
from tests.support.network import Desk, Network, serve_by

PASSPHRASE = "sau khi máy cũ bị mất"


async def papers(network: Network, desk: Desk) -> bytes:
    """Make the papers of a desk's backups and return what they give."""
    halves: list[bytes] = []
    passphrase = network.founded.passphrase
    await backup_papers(desk.state, desk.officer, passphrase, lambda *both: halves.extend(both))
    return join(*halves)


async def backed_up(desk: Desk, path: Path) -> Path:
    """Return the file of a backup that the running desk has made."""
    await desk.client.post("/api/backup", path=str(path))
    return path


async def sources(network: Network, path: Path, keys: Path | None = None) -> Sources:
    """Return what a backup is restored from: its files, the pins, the broker's directory."""
    entries = await fetch_directory(network.http, network.broker.url)
    return Sources(path, keys or keys_beside(path), network.founded.pins, entries)


async def restored(
    network: Network, desk: Desk, path: Path, seed: bytes, *, name: str = "restored"
) -> tuple[Desk, Restored]:
    """Return a restored installation, admitted by the registrar, and what was restored."""
    state = network.state / f"{desk.slug}-{name}"
    state.mkdir(mode=0o700)
    officer = Officer(f"MC-{len(network.desks) + 10}", Role.OFFICER, PASSPHRASE)
    done = await restore_desk(state, await sources(network, path), seed, officer, network.clock)
    for raw in done.desk.requests:
        entry = grant_key(parse_request(raw), registrar_of(network, desk), after=None)
        await publish_entry(network.http, network.broker.url, entry)
    further = Desk(desk.build, slug=desk.slug, state=state, keys=done.desk.keys, http=network.http)
    serve_by(further, network.broker, network.founded, network.clock)
    network.desks[f"{desk.slug}-{name}"] = further
    return further, done
