import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY, REQUIRE, Finder, require, required_names
from tests.support.vectors import wycheproof

NOTHING_FOUND: dict[str, Finder] = {"vectors": lambda: None}


def test_missing_requirement_skips_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE, raising=False)

    with pytest.raises(pytest.skip.Exception, match="vectors was not found"):
        require("vectors", finders=NOTHING_FOUND)


def test_missing_requirement_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE, "postgres, vectors")

    with pytest.raises(pytest.fail.Exception, match="LIAISON_REQUIRE names it"):
        require("vectors", finders=NOTHING_FOUND)


def test_unknown_requirement_is_refused_by_name() -> None:
    with pytest.raises(pytest.UsageError, match="names chromum; known are: postgres, chromium"):
        required_names({REQUIRE: "postgres,chromum"})


def test_a_run_that_requires_something_unknown_does_not_start(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/browser"],
        check=False,
        cwd=REPOSITORY,
        env={REQUIRE: "chromum", "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "LIAISON_REQUIRE names chromum" in run.stderr


def test_published_vectors_can_be_read() -> None:
    signatures = wycheproof("ed25519_test.json")

    assert signatures["numberOfTests"] == sum(
        len(group["tests"]) for group in signatures["testGroups"]
    )
