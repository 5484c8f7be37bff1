"""A headless Chromium for tests: one page in, its document out.

Chromium refuses its sandbox to root, so tests run by root go without it; nothing but tests does.
"""

import os
import subprocess
from pathlib import Path

from tests.support.requirements import require

#: No first run, no calls home, no graphics card, no shared state: the same page every time.
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_SECONDS = 120  # a cold start on two busy cores took up to 20


def command(*arguments: str, profile: Path) -> list[str]:
    """Return the command line of a browser whose profile is the empty folder ``profile``."""
    browser = require("chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [str(browser), *FLAGS, *sandbox, f"--user-data-dir={profile}", *arguments]


def dump_dom(page: Path, *, profile: Path) -> str:
    """Return the document of ``page`` as HTML after its scripts have run."""
    finished = subprocess.run(
        command("--dump-dom", page.as_uri(), profile=profile),
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    return finished.stdout.decode()
