import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from liaison.runtime.origin import PACKAGES
from tests.support.requirements import REPOSITORY

CONTRACTS = {"floors", "apps", "trust line", "open half", "sans-IO", "doors"}

#: Each violation: the contract it breaks, the file it is planted in, and the import.
VIOLATIONS = [
    ("floors", "liaison/runtime/planted.py", "import liaison.desk"),
    ("floors", "config/planted.py", "import crypto.attest"),
    ("floors", "protocols/casework/planted.py", "import translation"),
    ("apps", "liaison/witness/planted.py", "import liaison.broker"),
    ("trust line", "liaison/broker/planted.py", "import crypto.seal"),
    ("trust line", "liaison/witness/planted.py", "import protocols.casework"),
    ("trust line", "liaison/broker/planted.py", "import translation"),
    ("open half", "protocols/wire/planted.py", "import protocols.casework"),
    ("open half", "crypto/attest/planted.py", "import crypto.seal"),
    ("sans-IO", "crypto/seal/planted.py", "import secrets"),
    ("sans-IO", "protocols/casework/planted.py", "from pathlib import Path"),
    ("doors", "liaison/desk/planted.py", "import nacl.signing"),
    ("doors", "liaison/broker/planted.py", "import sqlalchemy.ext.asyncio"),
    ("doors", "liaison/broker/planted.py", "import apscheduler"),
    ("doors", "translation/planted.py", "import argostranslate"),
    ("doors", "protocols/wire/planted.py", "import crypto.attest.hashing"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return the root of a copy of the tree, as far as contracts read it."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for name in [*PACKAGES, "tests/architecture"]:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=ignore)
    (tmp_path / "tests/__init__.py").touch()
    return tmp_path


def lint(root: Path) -> dict[str, str]:
    """Return what lint-imports says of the tree at ``root``: contract -> KEPT or BROKEN."""
    report = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        check=False,
        cwd=root,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    ).stdout
    verdicts = re.findall(r"^([\w -]+): .* (KEPT|BROKEN)$", report, re.MULTILINE)
    assert verdicts, f"lint-imports gave no verdict:\n{report}"
    return dict(verdicts)


def test_our_tree_keeps_the_six_contracts() -> None:
    assert lint(REPOSITORY) == dict.fromkeys(CONTRACTS, "KEPT")


@pytest.mark.parametrize("contract, file, line", VIOLATIONS)
def test_planted_violation_breaks_its_contract_and_no_other(
    copy: Path, contract: str, file: str, line: str
) -> None:
    (copy / file).write_text(f"{line}\n", encoding="utf-8")

    broken = {name for name, verdict in lint(copy).items() if verdict == "BROKEN"}

    assert broken == {contract}


def test_reaching_the_seal_through_another_module_breaks_the_trust_line(copy: Path) -> None:
    (copy / "liaison/runtime/planted.py").write_text("import crypto.seal\n", encoding="utf-8")
    (copy / "liaison/broker/planted.py").write_text(
        "import liaison.runtime.planted\n", encoding="utf-8"
    )

    assert lint(copy)["trust line"] == "BROKEN"


@pytest.mark.parametrize(
    "file, line",
    [
        ("liaison/broker/store.py", "import sqlalchemy"),
        ("liaison/desk/migrations/planted.py", "import sqlalchemy"),
        ("crypto/seal/planted.py", "import nacl.bindings"),
        ("protocols/wire/planted.py", "import crypto.attest.encoding"),
    ],
)
def test_an_import_through_its_own_door_is_kept(copy: Path, file: str, line: str) -> None:
    planted = copy / file
    planted.parent.mkdir(exist_ok=True)
    (planted.parent / "__init__.py").touch()
    planted.write_text(f"{line}\n", encoding="utf-8")

    assert lint(copy)["doors"] == "KEPT"
