"""``python -m tests.bench [--long | --smoke] [--json FILE]``: print what was measured."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from liaison.runtime.clock import SystemClock
from tests.bench.figures import as_json, machine, show
from tests.bench.plan import LONG, SHORT, SMOKE, measure


def main() -> None:
    """Measure at the scale that the command line names."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure Liaison on this machine.")
    scales = parser.add_mutually_exclusive_group()
    for name, scale in (("long", LONG), ("smoke", SMOKE)):
        scales.add_argument(f"--{name}", action="store_const", dest="scale", const=scale)
    parser.add_argument("--json", type=Path, help="a file to which the figures are written too")
    given = parser.parse_args()
    at = SystemClock().now()
    with tempfile.TemporaryDirectory(prefix="liaison-bench-") as folder:
        parts = asyncio.run(measure(given.scale or SHORT, Path(folder), begun=_tell))
    console = Console(width=120)
    console.print(f"{at:%Y-%m-%d %H:%M} UTC, {machine()}")
    for part in parts:
        show(part, console)
    if given.json is not None:
        given.json.write_text(json.dumps(as_json(parts, at=at), indent=2) + "\n")


def _tell(title: str) -> None:
    sys.stderr.write(f"measuring: {title}\n")


if __name__ == "__main__":
    main()
