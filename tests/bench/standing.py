"""The whole directory verified from nothing and entry by entry, and files sealed and opened.

The directory is one of eighty desks after a year: nearly all of its entries are the windows that
each desk's device states week by week, as in a real one.
"""

import time
from collections.abc import Iterator
from itertools import count, islice

from crypto.attest.directory import Directory
from crypto.attest.header import DeskId
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Role, Statement, parse_entry
from crypto.seal.ceremony import grant_key, name_desk, parse_request, publish_windows, request_key
from crypto.seal.stream import Opening, Sealing
from crypto.seal.windows import WEEK
from tests.bench.figures import Figure, at_most
from tests.support.world import (
    HERE,
    MONDAY,
    desk_payload,
    key_payload,
    seed,
    signing_key,
    window,
)

OFFICERS, WEEKS = 4, 55
#: The most that verifying may take: seconds from nothing, and milliseconds for one entry more.
FROM_NOTHING, EACH_MORE = 0.6, 1.0
#: How many entries are added one by one.
MORE = 200
#: Megabytes a second that a file should go through, sealed and opened, and the size of a piece.
FILE_RATE, PIECE = 300.0, 1 << 20


def measure_directory(entries: int) -> list[Figure]:
    """Return how long it takes to verify so many entries, and each one more."""
    made = list(islice(_entries(), entries + MORE))
    begun = time.process_time()
    directory = Directory.replay([HERE.pin], made[:entries])
    whole = time.process_time() - begun
    begun = time.process_time()
    for entry in made[entries:]:
        directory.append(entry)
    each = (time.process_time() - begun) / MORE
    return [
        at_most(f"directory of {entries:,} entries from nothing", whole, "CPU s", FROM_NOTHING),
        at_most("one entry more", each * 1_000, "CPU ms", EACH_MORE),
    ]


def measure_files(megabytes: int) -> list[Figure]:
    """Return how many megabytes a second are sealed and opened, of a file of so many."""
    pieces = [seed("file") * (PIECE // 32)] * megabytes
    begun = time.process_time()
    sealing = Sealing()
    sealed = [*(sealing.push(piece) for piece in pieces), *sealing.finish()]
    into = time.process_time() - begun
    begun = time.process_time()
    opening = Opening(sealing.attachment("file.bin", "application/octet-stream"))
    for chunk in sealed:
        opening.pull(chunk)
    opening.finish()
    out = time.process_time() - begun
    size = megabytes * PIECE / 1_000_000
    return [
        Figure("file sealed", size / into, "MB/CPU s", FILE_RATE, "goal"),
        Figure("file opened", size / out, "MB/CPU s", FILE_RATE, "goal"),
    ]


def _entries() -> Iterator[bytes]:
    """Yield the root's entry, then each desk's: itself, its keys, and a year of its windows."""
    yield HERE.entries[0]
    for number in count():
        slug = f"vn-bench-{number}"
        desk = DeskId(seed(slug)[:16])
        payload = desk_payload(slug, HERE.registrar)
        yield name_desk(HERE.agency, desk, payload, signers=HERE.roots[:2])
        device = signing_key(f"{slug} device")
        yield _key(device, desk, Role.DEVICE, f"{slug}-D")
        for officer in range(OFFICERS):
            name = f"{slug}-{officer}"
            yield _key(signing_key(name), desk, Role.OFFICER, name)
        after: Statement | None = None
        for week in range(WEEKS):
            made = window(slug, MONDAY + week * WEEK).window
            entry = publish_windows(HERE.agency, desk, [made], device=device, after=after)
            after = parse_entry(entry).statement
            yield entry


def _key(key: SigningKey, desk: DeskId, role: Role, pseudonym: str) -> bytes:
    payload = key_payload(key, desk, role, pseudonym)
    request = parse_request(request_key(HERE.agency, payload, key))
    return grant_key(request, HERE.registrar, after=None)
