"""The bench runs: its smallest scale, with real programs, so that it cannot rot unseen."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figures import Figure, at_most, percentile
from tests.support.requirements import REPOSITORY

PATIENCE = 120
#: What each part must have measured, by one of its lines.
MEASURED = {
    "seal 4 KiB to 9 readers",
    "seal 4 KiB to 64 readers",
    "file sealed",
    "file opened",
    "directory of 10 entries from nothing",
    "one entry more",
    "open 4 KiB",
    "accepted",
    "delivered",
    "send to receive p99",
    "server CPU of 1,000 messages",
    "stored a message",
    "broker: cold start",
    "broker: resident at rest",
}


def test_every_part_of_the_bench_measures_something_above_nothing(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    words = [sys.executable, "-m", "tests.bench", "--smoke", "--json", str(file)]

    ran = subprocess.run(
        words, check=False, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE
    )

    assert ran.returncode == 0, ran.stderr
    figures = json.loads(file.read_text())["figures"]
    assert {figure["name"] for figure in figures} >= MEASURED
    # Processor time is counted in hundredths of a second: four messages may cost none.
    counted = [f for f in figures if not f["name"].startswith("server CPU")]
    assert [figure["name"] for figure in counted if not figure["value"] > 0] == []
    assert all(figure["name"] in ran.stdout for figure in figures)


def test_a_ratio_is_the_value_by_what_stands_beside_it() -> None:
    assert at_most("start", 0.5, "s", 2.0).ratio == 0.25
    assert Figure("rate", 3.0, "/s", 6.0, "peer").ratio == 0.5
    assert Figure("alone", 3.0, "/s").ratio is None


@pytest.mark.parametrize("share, expected", [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected
