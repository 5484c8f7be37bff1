"""A large file between two desks and their broker, as processes: what each holds of it."""

import os
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.operated import GROUP, Operated

pytestmark = GROUP

MIB = 1 << 20
#: What a process may hold more while a file passes through it, whatever its size.
MOST_HELD = 64 * MIB
#: For so many MiB to cross: a machine with two cores that does other things moves 10 MiB a second.
PATIENCE, EACH_MIB = 60.0, 0.1
DESKS = {"dongxing": "DX-02", "mongcai": "MC-04"}


def write_file(path: Path, size: int) -> str:
    """Write a PDF of ``size`` bytes and return its hash."""
    made = sha256()
    with path.open("wb") as file:
        for number in range(size // MIB):
            piece = os.urandom(MIB) if number else b"%PDF-1.7\n" + os.urandom(MIB - 9)
            file.write(piece)
            made.update(piece)
    return made.hexdigest()


def hash_of(path: Path) -> str:
    """Return the hash of a file, read in pieces."""
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(MIB):
            found.update(piece)
    return found.hexdigest()


def memory_of(pid: int, field: str) -> int:
    """Return a figure of a process's memory in bytes: VmRSS now, VmHWM at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(field)


def processes(network: Operated) -> Iterator[tuple[str, int]]:
    """Yield the broker and the two desks that a file crosses, each with its process."""
    for serving in network.serving:
        words = Path(f"/proc/{serving.pid}/cmdline").read_text().split("\0")
        text = " ".join(words)
        if "broker serve" in text:
            yield "broker", serving.pid
        for name in DESKS:
            if f"desk serve --state {name} " in text:
                yield name, serving.pid


@pytest.mark.parametrize(
    "mebibytes", [64, pytest.param(1_024, marks=pytest.mark.soak)], ids=["64 MiB", "1 GiB"]
)
def test_no_process_holds_more_than_64_mib_of_a_file_that_passes_through(
    network: Operated, tmp_path: Path, mebibytes: int
) -> None:
    there, here = network.folder / "dongxing", network.folder / "mongcai"
    session, file = tmp_path / "session", tmp_path / "film.pdf"
    written = write_file(file, mebibytes * MIB)
    network.liaison(
        *("desk", "unlock", "--state", str(there), "--officer", "DX-02"),
        *("--session", str(session)),
        passphrase=network.passphrase("DX-02"),
    )
    signed = ("--state", str(there), "--officer", "DX-02", "--session", str(session))
    sent = network.liaison(
        *("desk", "send", "--to", "vn-mongcai-1", "--file", str(network.folder / "rescue.toml")),
        *signed,
    )
    assert sent.code == 0, sent.err
    ref = sent.out.strip()
    parts = dict(processes(network))
    for pid in parts.values():
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the most so far is what it is now
    before = {name: memory_of(pid, "VmRSS") for name, pid in parts.items()}

    began = time.monotonic()
    attached = network.liaison("desk", "attach", ref, str(file), *signed)
    assert attached.code == 0, attached.err
    blob = attached.out.split()[0]
    took_in = time.monotonic() - began
    saved = tmp_path / "saved.pdf"
    ends = time.monotonic() + PATIENCE + EACH_MIB * mebibytes
    while True:
        got = network.liaison("desk", "save", ref, blob, "--state", str(here), "--to", str(saved))
        if got.code == 0 or time.monotonic() > ends:
            break
        time.sleep(0.5)
    crossed = time.monotonic() - began
    held = {name: memory_of(pid, "VmHWM") - before[name] for name, pid in parts.items()}
    print(  # noqa: T201 - what was measured is read with -s
        f"{mebibytes} MiB: taken in {took_in:.1f} s, saved on the other side after {crossed:.1f} s;"
        + "".join(f" {name} +{more / MIB:.1f} MiB" for name, more in held.items())
    )

    assert got.code == 0, got.err
    assert set(parts) == {"broker", *DESKS}
    assert hash_of(saved) == written
    assert {name: more for name, more in held.items() if more > MOST_HELD} == {}
