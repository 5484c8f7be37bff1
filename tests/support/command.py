"""The installed `liaison` command as a subprocess: what it printed, its exit code, its CPU time."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("liaison")
#: Nothing that this program does alone takes longer.
PATIENCE = 120


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Return the one object on standard output."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer


def environment(**more: str) -> dict[str, str]:
    """Return the environment without settings of ours, in English, with ``more``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LIAISON_", "COLUMNS"))}
    return kept | {"LIAISON_LANG": "en"} | more


def liaison(
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    typed: str = "",
    passphrase: str | None = None,
) -> Outcome:
    """Run the command to its end and return what it came to.

    Args:
        arguments: what is typed after `liaison`.
        env: the environment; without it, ``environment()``.
        cwd: where it runs.
        typed: what comes on standard input.
        passphrase: handed over on a descriptor, with the option that names it.
    """
    words = [str(PROGRAM), *map(str, arguments)]
    descriptors: list[int] = []
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, passphrase.encode() + b"\n")
        os.close(writing)
        descriptors.append(reading)
        words += ["--passphrase-fd", str(reading)]
    try:
        ran = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            input=typed,
            cwd=cwd,
            env=environment() if env is None else dict(env),
            pass_fds=descriptors,
            timeout=PATIENCE,
        )
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return Outcome(ran.returncode, ran.stdout, ran.stderr)


def running_with(name: str, value: str) -> list[int]:
    """Return the ids of this machine's processes whose environment has ``name=value``."""
    wanted = f"{name}={value}".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdecimal() and wanted in _environ(folder).split(b"\0")
    ]


def _environ(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # ended meanwhile, or another user's
        return b""
