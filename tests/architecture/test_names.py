"""No other distribution beside ours provides one of our top-level names."""

from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from liaison.runtime.origin import PACKAGES

OURS = "border-liaison"


def claims(installed: Iterable[Distribution]) -> set[tuple[str, str]]:
    """Return (distribution, file) wherever a file would lie on one of our packages, in any case.

    Case is ignored because some disks ignore it: there ``Crypto/`` and ``crypto/`` are one folder.
    """
    return {
        (distribution.name, file.parts[0])
        for distribution in installed
        if distribution.name != OURS
        for file in distribution.files or []
        if file.parts[0].removesuffix(".py").casefold() in PACKAGES
    }


def test_no_other_distribution_provides_one_of_our_names() -> None:
    assert claims(distributions()) == set()


def test_a_distribution_with_our_name_in_other_case_is_seen(tmp_path: Path) -> None:
    record = tmp_path / "stranger-1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Name: stranger\nVersion: 1\n", encoding="utf-8")
    (record / "RECORD").write_text("Crypto/__init__.py,,\nconfig.py,,\n", encoding="utf-8")

    found = claims(distributions(path=[str(tmp_path)]))

    assert found == {("stranger", "Crypto"), ("stranger", "config.py")}
