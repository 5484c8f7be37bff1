"""A process that runs named tests over a tree, each time in a fork of itself.

It has imported what takes long and is none of ours. A fork imports the rest from the tree as it
then stands, so that a run sees what was changed there and costs no start of an interpreter. Speaks
one JSON object a line: ``{"tests": [...], "seconds": n, "folder": "..."}`` is answered with
``{"ended": how, "outcomes": {test: {"phase", "raised"}}}``; what pytest prints goes to a file
in the folder. Knows nothing of mutants.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import default_plugins

PRELOADED = (
    *(
        "aiohttp.web",
        "aiohttp_jinja2",
        "aiohttp_sse",
        "aiosqlite",
        "apscheduler.schedulers.asyncio",
    ),
    *("babel.support", "cbor2", "cryptography.hazmat.primitives.hpke", "hypothesis.strategies"),
    *("nacl.bindings", "nacl.pwhash", "nacl.signing", "pydantic", "sqlalchemy.ext.asyncio"),
    *(
        "sqlalchemy.dialects.postgresql",
        "sqlcipher3",
        "structlog",
        "tomllib",
        "typer",
        "rich.table",
    ),
)
OUTCOMES, OUTPUT = "outcomes.json", "output.txt"


class Outcomes:
    """A pytest plugin: notes of each test whether it passed, or where and with what it failed."""

    def __init__(self, file: Path) -> None:
        self.seen: dict[str, dict[str, Any]] = {}
        self._file = file

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the first phase that does not pass; a test passes when its call does."""
        report = yield
        if report.passed and report.when == "call":
            self.seen.setdefault(item.nodeid, {"phase": "passed", "raised": []})
        elif not report.passed:
            error = None if call.excinfo is None else call.excinfo.value
            noted = {"phase": report.when, "raised": [*_names(error)]}
            if self.seen.get(item.nodeid, {"phase": "passed"})["phase"] == "passed":
                self.seen[item.nodeid] = noted
        return report

    def pytest_runtest_logfinish(self) -> None:
        """Write down what is known: the next test may not end."""
        self._file.write_text(json.dumps(self.seen))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be imported."""
        if report.failed:
            self.seen[report.nodeid] = {"phase": "collect", "raised": []}
            self._file.write_text(json.dumps(self.seen))


def _names(error: BaseException | None) -> Iterator[str]:
    """Yield the full names of the error's class, or of all classes in a group of errors."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _names(inner)
    elif error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"


def serve(tree: Path) -> None:
    """Answer requests until there are no more."""
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    for name in (*PRELOADED, *(f"_pytest.{name}" for name in default_plugins)):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # pytest collects at the end of each run: what is here already is left out
    _say({"ready": True})
    for line in sys.stdin:
        _say(_answer(json.loads(line)))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    folder = Path(request["folder"])
    fork = os.fork()
    if not fork:
        _run(request["tests"], folder, request["seconds"])
    _, status = os.waitpid(fork, 0)
    _end_what_it_left(fork)
    told = folder / OUTCOMES
    return {
        "ended": f"signal {os.WTERMSIG(status)}"
        if os.WIFSIGNALED(status)
        else f"exit {os.WEXITSTATUS(status)}",
        "outcomes": json.loads(told.read_text()) if told.exists() else {},
    }


def _end_what_it_left(fork: int) -> None:
    """End the processes that the tests started and, having been cut off, did not end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(fork, signal.SIGKILL)


def _run(tests: list[str], folder: Path, seconds: float) -> None:
    """Run ``tests`` in this fork and end it."""
    code = 1
    try:
        os.setsid()  # what it starts is found by its group
        signal.setitimer(signal.ITIMER_REAL, seconds)  # ends the fork: nobody handles it
        output = os.open(folder / OUTPUT, os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        arguments = ["-n0", "-p", "no:cacheprovider", "--tb=short", "--hypothesis-profile=fork"]
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # what is preloaded
        arguments += [f"--basetemp={folder / 'tmp'}", *tests]
        _take_the_same_examples_every_time()
        code = int(pytest.main(arguments, plugins=[Outcomes(folder / OUTCOMES)]))
    except BaseException:  # noqa: BLE001 - the outermost frame of the fork: said, then it ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what the tests left of threads does not hold it up


def _take_the_same_examples_every_time() -> None:
    from hypothesis import settings  # noqa: PLC0415 - loaded in the parent already

    settings.register_profile(
        "fork", derandomize=True, database=None, deadline=None, max_examples=25
    )


if __name__ == "__main__":
    serve(Path(sys.argv[1]).resolve())
