"""The fuzzing that atheris leads: each reader at length, and that it sees what it looks for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.properties.test_fuzz import MANY, TARGETS
from tests.support.figures import Tell
from tests.support.fuzz import Target
from tests.support.requirements import REPOSITORY

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="atheris has no wheel for this Python"
)

REACHED = re.compile(r"DONE +cov: (\d+) .*rss: (\d+Mb)")
#: Seconds for one reader's inputs on a busy machine.
PATIENCE = 900
PLANTED = """
import sys
from pathlib import Path
from tests.properties.guided import fuzz
from tests.support.fuzz import Target

def divide(raw):
    return 1 // (len(raw) < 3)

fuzz(Target("planted", divide, (b"ab",)), 500, Path(sys.argv[1]))
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return how a run over inputs kept in ``folder`` ended, and what it printed."""
    return subprocess.run(
        [sys.executable, *arguments, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=PATIENCE,
    )


@pytest.mark.soak
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_fifty_thousand_inputs_that_go_where_none_was_are_refused_soon_and_in_little_memory(
    target: Target, tmp_path: Path, tell: Tell
) -> None:
    ran = run(tmp_path, "-m", "tests.properties.guided", target.name, str(MANY))

    assert ran.returncode == 0, ran.stderr[-3_000:]
    reached = REACHED.search(ran.stderr)
    assert f"Done {MANY} runs" in ran.stderr
    assert reached is not None
    tell(f"{target.name}: {MANY:,} inputs led to {reached[1]} branches; {reached[2]} in all")


def test_an_error_that_is_not_ours_is_seen(tmp_path: Path) -> None:
    ran = run(tmp_path, "-c", PLANTED)

    assert ran.returncode != 0
    assert "ZeroDivisionError" in ran.stdout + ran.stderr
