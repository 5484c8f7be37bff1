"""The texts of the screens as the source holds them: in templates and in the pages' own modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2.ext import babel_extract

WEB = Path(__file__).resolve().parents[2] / "liaison" / "desk" / "web"
#: What a template calls to show a text, and what a module calls.
IN_TEMPLATES, IN_MODULES = "_", "text"


def extract() -> list[str]:
    """Return every text of the screens, each once, in order."""
    return sorted({*_in_templates(), *_in_modules()})


def _in_templates() -> Iterator[str]:
    for path in sorted((WEB / "templates").glob("*.html")):
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
            for _, _, message, _ in babel_extract(file, [IN_TEMPLATES], [], options):
                # With values to fill in, a text stands first among the arguments.
                yield message if isinstance(message, str) else str((message or ("",))[0])


def _in_modules() -> Iterator[str]:
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
                if node.func.attr == IN_MODULES and is_text:
                    yield str(first.value)  # type: ignore[union-attr]
