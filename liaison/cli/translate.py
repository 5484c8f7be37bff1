"""``liaison translate``: a text and its view in another language, without a desk.

Runs with the demo models unless a folder of models or a model's file is named, and says so once on
standard error. The original is always printed; a sentence that failed the gate has no translation.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from config.load import load_catalogue, load_findings
from liaison.cli.console import Exit, JsonOption, command, fail, language, print_json
from translation.errors import ModelError
from translation.languages import Language
from translation.models import InstalledModel, available, install, read_catalogue
from translation.names import DeclaredName
from translation.pipeline import Segment
from translation.translator import Translation, Translator

app = typer.Typer(add_completion=False, help="Show a text in another language.")

LARGEST_TEXT = 200_000
STANDARD_INPUT = "-"
DEMO_NOTICE = "demo models: they know some hundred sentences by heart; not for casework"


class InputError(Exception):
    """The text to translate cannot be read."""

    code = "translate.input"


class PairError(Exception):
    """Source and target are the same or not known."""

    code = "translate.pair"


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one run, and what was wrong with those that were named."""

    usable: tuple[InstalledModel, ...]
    error: ModelError | None = None


@app.command()
@command
async def translate(
    file: Annotated[str, typer.Argument(help="A text file in UTF-8; - for standard input.")] = "-",
    *,
    source: Annotated[str, typer.Option("--from", help="The text's language: vi, zh or en.")],
    target: Annotated[str, typer.Option("--to", help="The reader's language: vi, zh or en.")],
    models: Annotated[
        Path | None, typer.Option(help="A folder of .argosmodel files, or one such file.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A name in the text, as VIETNAMESE=CHINESE or in one writing."),
    ] = None,
    as_json: JsonOption = False,
) -> Exit:
    """Print a text beside its translation; exit 1 if a sentence has none that may be shown."""
    langs = _pair(source, target)
    text = _read(file)
    with tempfile.TemporaryDirectory(prefix="liaison-models-") as folder:
        found = _models(models, Path(folder))
        if any(model.listed.demo for model in found.usable):
            sys.stderr.write(f"{DEMO_NOTICE}\n")
        async with Translator(found.usable, load_catalogue()) as translator:
            names = [_declared(entry) for entry in name or []]
            translation = await translator.translate(text, *langs, names=names)
    if as_json:
        print_json({"segments": [_view(segment, langs[1]) for segment in translation.segments]})
    else:
        _tell(translation)
    return _exit(translation, found)


def _pair(source: str, target: str) -> tuple[Language, Language]:
    known = set(Language)
    if source not in known or target not in known or source == target:
        raise PairError(f"expected two of vi, zh, en; found {source} and {target}")
    return Language(source), Language(target)


def _read(file: str) -> str:
    try:
        if file == STANDARD_INPUT:
            raw = sys.stdin.buffer.read(LARGEST_TEXT + 1)
        else:
            with Path(file).open("rb") as stream:
                raw = stream.read(LARGEST_TEXT + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"expected a text in UTF-8; {type(e).__name__}") from e
    if len(raw) > LARGEST_TEXT:
        raise InputError(f"expected at most {LARGEST_TEXT} bytes; found more")
    return text


def _models(named: Path | None, folder: Path) -> Models:
    """Return the models to use. A named one that is not usable is told; the original remains."""
    try:
        if named is None:
            return Models(tuple(available(folder)))
        files = sorted(named.glob("*.argosmodel")) if named.is_dir() else [named]
        catalogue = read_catalogue()
        return Models(tuple(install(file, folder, catalogue) for file in files))
    except ModelError as e:
        return Models((), e)


def _declared(entry: str) -> DeclaredName:
    vi, separator, zh = entry.partition("=")
    if separator:
        return DeclaredName(vi.strip(), zh.strip())
    return DeclaredName(zh=vi) if "\u4e00" <= vi[:1] <= "\u9fff" else DeclaredName(vi=vi)


def _view(segment: Segment, target: Language) -> dict[str, object]:
    return {
        "source": segment.source,
        "target": segment.target,
        "method": segment.method,
        "middle": segment.middle,
        "spans": [
            {"kind": span.kind, "text": span.text, "target": span.of(target)}
            for span in segment.spans
        ],
        "findings": [
            {"code": finding.code, "severity": finding.severity, "detail": finding.detail}
            for finding in segment.findings
        ],
        "estimate": segment.estimate,
    }


def _tell(translation: Translation) -> None:
    console = Console(soft_wrap=True, highlight=False)
    texts = load_findings()
    for segment in translation.segments:
        if not segment.source:
            continue
        console.print(Text(segment.source))
        console.print(_target_line(segment))
        for finding in segment.findings:
            if finding.code != "model.demo":  # told once, on standard error
                said = texts[finding.code].what.of(language())
                console.print(Text(f"    {said} [{finding.code}] {finding.detail}".rstrip()))
        if segment.failed:
            _tell_what_helps(console, segment.gloss, _next(segment))


def _target_line(segment: Segment) -> Text:
    mark = f"[{segment.method}, {segment.estimate}]" if segment.estimate else f"[{segment.method}]"
    if segment.target is None:
        return Text(f"  {mark} ✗", style="bold red")
    return Text(f"  {mark} {segment.target}", style="" if segment.estimate != "amber" else "yellow")


def _tell_what_helps(console: Console, gloss: Sequence[tuple[str, str]], following: str) -> None:
    for term, word in gloss:
        console.print(Text(f"    {term} = {word}"))
    console.print(Text(f"    -> {following}"))


def _next(segment: Segment) -> str:
    code = next(finding.code for finding in segment.findings if finding.fails)
    return load_findings()[code].next.of(language())


def _exit(translation: Translation, found: Models) -> Exit:
    if found.error is not None:
        return fail(found.error)
    codes = {f.code for segment in translation.segments for f in segment.findings if f.fails}
    if any(code.startswith(("engine.", "model.")) for code in codes):
        return Exit.NOT_REACHABLE
    return Exit.NO if translation.failed else Exit.GOOD
