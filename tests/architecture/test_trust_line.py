import json
import subprocess
import sys

import pytest

from tests.support.requirements import REPOSITORY

#: What a broker or a witness must never have in its memory (house rule: the trust line).
CLOSED_HALF = ("crypto.seal", "protocols.casework", "translation", "liaison.desk")

IMPORT_ALL = """
import importlib, json, pkgutil, sys
app = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(app.__path__, app.__name__ + "."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


def modules_after_importing(app: str) -> list[str]:
    """Return all modules of a new interpreter that has imported every module of ``app``."""
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, app],
        check=True,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    return list(json.loads(answer.stdout))


def closed(modules: list[str]) -> list[str]:
    """Return those of ``modules`` that belong to the closed half."""
    return [name for name in modules if f"{name}.".startswith(tuple(f"{c}." for c in CLOSED_HALF))]


@pytest.mark.parametrize("app", ["liaison.broker", "liaison.witness"])
def test_no_module_of_the_app_loads_the_closed_half(app: str) -> None:
    modules = modules_after_importing(app)

    assert app in modules
    assert closed(modules) == []


def test_loading_the_closed_half_would_be_seen() -> None:
    assert "crypto.seal" in closed(modules_after_importing("crypto"))
