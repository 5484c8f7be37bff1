"""Randomness enters the libraries at one named place, so that everything else can be repeated."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY

NAMED_ENTRY = REPOSITORY / "crypto/seal/primitives.py"
#: Calls by which the libraries we use draw randomness without an import that would show it.
DRAWS = {"generate", "generate_key", "keypair", "random", "randombytes", "token_bytes", "urandom"}


def draws(source: str) -> Iterator[str]:
    """Yield the name of every call in ``source`` that draws randomness."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name) if name in DRAWS:
                    yield name


def library_modules() -> list[Path]:
    """Return every module that may not draw randomness."""
    folders = ("crypto", "protocols", "config")
    modules = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]
    return [path for path in modules if path != NAMED_ENTRY]


def test_no_library_module_but_the_named_entry_draws_randomness() -> None:
    found = {
        str(path.relative_to(REPOSITORY)): names
        for path in library_modules()
        if (names := list(draws(path.read_text(encoding="utf-8"))))
    }

    assert found == {}


@pytest.mark.parametrize("call", ["X25519PrivateKey.generate()", "nacl.utils.random(24)"])
def test_a_draw_would_be_seen(call: str) -> None:
    assert list(draws(f"key = {call}"))
