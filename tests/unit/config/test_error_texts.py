"""Every error that a person can meet says what happened and what to do, in three languages.

The codes are read from the source itself, so a new error without a text fails here by its name.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from config.load import CATALOGUE, load_errors
from crypto.attest.pin import PIN_DIGITS
from crypto.seal.vault import SHORTEST_PASSPHRASE
from liaison.broker.login import CLOCKS_DIFFER
from liaison.cli.commands import ALONE, GROUPS

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("liaison", "translation", "protocols", "crypto", "config")
#: Functions whose second argument, or argument ``code``, is the code of a problem document.
PROBLEMS = frozenset({"ProblemError", "problem", "_refuse"})
#: Tables of codes that are no classes of errors: what a broker refuses, what a desk is alarmed by.
TABLES = frozenset({"Refusal", "Alarm"})
TEXTS = load_errors()
LANGUAGES = ("vi", "zh", "en")
LONGEST = 160
HAN = re.compile(r"[\u4e00-\u9fff]")
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
COMMAND = re.compile(r"`liaison ([a-z]+)(?: ([a-z-]+))?[^`]*`")

#: A class by its module and name.
Class = tuple[str, str]


@dataclass(frozen=True)
class Module:
    """A parsed file: its dotted name, its syntax, and what each imported name stands for."""

    name: str
    tree: ast.Module
    imported: dict[str, Class]

    def find(self, node: ast.expr) -> Class | None:
        """Return the class that a name or ``module.Name`` in this module may stand for."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, (self.name, node.id))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return ".".join(self.imported.get(node.value.id, (self.name,))), node.attr
        return None


def read_modules(root: Path) -> list[Module]:
    return [
        _module(".".join(path.relative_to(root).with_suffix("").parts), path)
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    ]


def codes_of(modules: list[Module]) -> set[str]:
    """Return every code that can reach a person."""
    found: set[str] = set()
    for reader in (_error_codes, _refusals, _problem_codes):
        found |= set(reader(modules))
    return found


def _module(name: str, path: Path) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return Module(name, tree, imported)


def _error_codes(modules: list[Module]) -> Iterator[str]:
    """Yield the code of each error class, but for a mere base: subclassed, itself never raised."""
    bases, raised = set(_bases(modules)), set(_raised(modules))
    for module, node in _classes(modules):
        name = (module.name, node.name)
        if node.name.endswith("Error") and (name not in bases or name in raised):
            yield from (text for target, text in _assigned(node) if target == "code")


def _refusals(modules: list[Module]) -> Iterator[str]:
    for _, node in _classes(modules):
        if node.name in TABLES:
            yield from (text for _, text in _assigned(node))


def _problem_codes(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _called(node) in PROBLEMS:
                named = [word.value for word in node.keywords if word.arg == "code"]
                for value in [*node.args[1:2], *named]:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield value.value


def _classes(modules: list[Module]) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def _bases(modules: list[Module]) -> Iterator[Class | None]:
    for module, node in _classes(modules):
        yield from (module.find(base) for base in node.bases)


def _raised(modules: list[Module]) -> Iterator[Class | None]:
    """Yield what is raised or made anywhere: ``raise A``, ``raise A(…)``, ``return A(…)``."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                yield module.find(node.func)
            if isinstance(node, ast.Raise) and node.exc is not None:
                yield module.find(node.exc)


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield name and value of every class attribute that is a literal text."""
    for line in node.body:
        targets: list[ast.expr] = []
        if isinstance(line, ast.Assign):
            targets = line.targets
        if isinstance(line, ast.AnnAssign):
            targets = [line.target]
        for target in targets:
            value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                yield target.id, str(value.value)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


CODES = codes_of(read_modules(ROOT))


def _texts() -> Iterator[tuple[str, str, str]]:
    """Yield each text as its place ("desk.locked what"), its language and itself."""
    for code, said in TEXTS.items():
        for language in LANGUAGES:
            yield f"{code} what", language, said.what.of(language)
            yield f"{code} next", language, said.next.of(language)


def test_every_error_that_a_person_can_meet_has_a_text() -> None:
    missing = sorted(CODES - set(TEXTS))

    assert not missing, "errors.toml has no text for: " + ", ".join(missing)


def test_no_text_is_for_an_error_that_does_not_exist() -> None:
    left_over = sorted(set(TEXTS) - CODES)

    assert not left_over, "no error has these codes of errors.toml: " + ", ".join(left_over)


def test_a_code_is_found_wherever_it_is_written(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "crypto" / "errors.py").write_text(
        dedent(
            """
            class MereBaseError(Exception):
                code = "mere_base"
            class RaisedBaseError(MereBaseError):
                code = "raised_base"
            class LeafError(RaisedBaseError):
                code: str = "leaf"
            class Ruling:
                code = "no_error"
            class Refusal(StrEnum):
                BUSY = "refusal"
            class Alarm(StrEnum):
                FORK = "alarm"
            """
        )
    )
    (tmp_path / "liaison" / "use.py").write_text(
        dedent(
            """
            from crypto import errors
            from crypto.errors import MereBaseError
            def use():
                try:
                    raise ProblemError(400, "problem.positional", "detail")
                except MereBaseError:
                    raise errors.RaisedBaseError from None
                return problem(400, code="problem.named", detail="text")
            """
        )
    )

    assert codes_of(read_modules(tmp_path)) == {
        *("raised_base", "leaf", "refusal", "alarm", "problem.positional", "problem.named")
    }


def test_two_classes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    for place in ("desk", "broker"):
        (tmp_path / "liaison" / f"{place}.py").write_text(
            f'class StoreError(Exception):\n    code = "{place}.store"\n'
            "class FullError(StoreError):\n    pass\n"
        )
    (tmp_path / "config" / "use.py").write_text(
        "from liaison.desk import StoreError\nraise StoreError('gone')\n"
    )

    assert codes_of(read_modules(tmp_path)) == {"desk.store"}


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_the_three_languages_of_a_text_differ(code: str) -> None:
    for names in (TEXTS[code].what, TEXTS[code].next):
        assert len({names.vi, names.zh, names.en}) == len(LANGUAGES)
    assert TEXTS[code].what != TEXTS[code].next


def test_every_text_is_a_short_sentence_in_its_own_script() -> None:
    wrong = []
    for where, language, text in _texts():
        stop = "。" if language == "zh" else "."
        fits = text == text.strip() and text.endswith(stop) and len(text) <= LONGEST
        if not fits or bool(HAN.search(text)) != (language == "zh"):
            wrong.append(f"{where} {language}: {text} ({len(text)} characters)")
        if language == "vi" and not VIETNAMESE.search(text):
            wrong.append(f"{where} vi has no Vietnamese letter: {text}")

    assert not wrong, "\n".join(wrong)


def test_no_text_shows_its_code_or_a_place_to_fill() -> None:
    # The texts are printed as they stand: nothing would fill a brace.
    wrong = [
        f"{where} {language}: {text}"
        for where, language, text in _texts()
        if re.search(r"[{}]", text) or re.search(r"(?<![\w`])[a-z]+[._][a-z_]+\b", text)
    ]

    assert not wrong, "\n".join(wrong)


def test_every_command_that_a_text_names_exists() -> None:
    named = {found for *_, text in _texts() for found in COMMAND.findall(text)}

    assert named
    for group, command in named:
        assert group in ALONE or command in GROUPS[group].commands, f"liaison {group} {command}"


def test_the_commands_of_a_text_are_the_same_in_every_language() -> None:
    for code, said in TEXTS.items():
        for names in (said.what, said.next):
            found = {tuple(sorted(re.findall(r"`[^`]*`", names.of(lang)))) for lang in LANGUAGES}
            assert len(found) == 1, code


@pytest.mark.parametrize(
    "code,figure",
    [
        ("vault.weak_passphrase", SHORTEST_PASSPHRASE),
        ("directory.pin", PIN_DIGITS),
        ("login.stale", CLOCKS_DIFFER // 60),
    ],
)
def test_a_figure_in_a_text_is_the_one_that_is_checked(code: str, figure: int) -> None:
    said = TEXTS[code]

    for language in LANGUAGES:
        assert str(figure) in said.what.of(language) + said.next.of(language)


def test_the_file_says_that_no_native_has_read_it() -> None:
    head = (CATALOGUE / "errors.toml").read_text(encoding="utf-8").partition("\n[")[0]

    assert "No native reader has read it yet" in head
