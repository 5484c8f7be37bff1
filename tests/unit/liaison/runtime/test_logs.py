import json
import subprocess
import sys

from liaison.runtime.logs import LONGEST_VALUE
from tests.support.requirements import REPOSITORY

SCRIPT = """
import logging, structlog
from liaison.runtime.logs import configure_logs
configure_logs()
log = structlog.get_logger()
log.info("message.taken", mid="00" * 16, size=2048)
log.warning("long", value="x" * 4_000)
logging.getLogger("some.library").warning("from a library")
logging.getLogger("some.library").info("chatter")
print("on standard output")
"""


def lines() -> tuple[list[str], str]:
    """Return what a process wrote on standard error, line by line, and on standard output."""
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        check=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
    )
    return finished.stderr.splitlines(), finished.stdout


def test_logs_are_json_lines_on_standard_error_and_nothing_else_is_there() -> None:
    errors, output = lines()
    taken, long = (json.loads(line) for line in errors[:2])

    assert output == "on standard output\n"
    assert (taken["event"], taken["level"], taken["size"]) == ("message.taken", "info", 2_048)
    assert taken["timestamp"].endswith("Z")
    assert long["value"] == "x" * LONGEST_VALUE
    assert errors[2:] == ["from a library"]
