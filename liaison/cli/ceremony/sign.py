"""``liaison keys root-sign``: one holder of a share reads what a statement says, and signs it.

Two people do it, each with the own share, perhaps on computers that have no network; the file goes
from one to the other. When a desk follows one of another agency, two of each agency do. Nothing is
signed that was not shown, and nothing before the word is typed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from crypto.attest.payload import decode_payload
from crypto.attest.statement import AgencyId, RootPayload, Statement, SuccessionPayload
from crypto.seal.drafts import Draft, missing, roots_for, sign_draft
from liaison.cli.ceremony.files import Known, Root, read_draft, read_known, read_root, write_again
from liaison.cli.ceremony.words import describe
from liaison.cli.console import Exit, JsonOption, command, print_json, read_line, say
from liaison.cli.wording import Wording
from liaison.runtime.seeds import load_key

#: What is typed to sign, in any of the languages: nobody signs by pressing a key too often.
ASSENT = ("sign", "ký", "ky", "签署")

app = typer.Typer(no_args_is_help=True)


class NotAssentedError(Exception):
    """The word that signs was not typed."""

    code = "ceremony.not_assented"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that waits for a signature: where it lies, and whose thresholds it must reach."""

    file: Path
    draft: Draft
    roots: tuple[RootPayload, ...]


@app.command("root-sign")
@command
async def root_sign(
    statements: Annotated[list[Path], typer.Argument(help="Statements to be signed.")],
    share: Annotated[Path, typer.Option(help="The file of your own share.")],
    root: Annotated[
        list[Path] | None,
        typer.Option(
            help="The agency's root entry that counts now; not for its first root. Of a succession"
            " between two agencies, the roots of both: give it twice."
        ),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(help="Entries that were made before; a succession's desks are found in them."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Say in plain words what is to be signed, and sign it with one share."""
    roots = {one.agency: one for one in map(read_root, root or [])}
    drafts = [read_draft(file) for file in statements]
    before = Known((*read_known(known or []).statements, *(one.statement for one in drafts)))
    waiting = [
        Waiting(file, draft, _signers(draft.statement, roots, before))
        for file, draft in zip(statements, drafts, strict=True)
    ]
    key = await asyncio.to_thread(load_key, share)
    signed = [sign_draft(one.draft, key, one.roots) for one in waiting]
    words = Wording.here()
    for line in _told(waiting, roots, before, words):
        say(line) if not as_json else typer.echo(line, err=True)
    ask_assent(words.say("assent", count=len(waiting)))
    for one, draft in zip(waiting, signed, strict=True):
        write_again(one.file, draft)
    _report(waiting, signed, words, as_json=as_json)
    return Exit.GOOD


def ask_assent(asked: str, descriptor: int | None = None) -> None:
    """Return when the word that signs was typed in answer to ``asked``.

    Args:
        asked: what is shown before it is typed.
        descriptor: where it is read from, if not from standard input.

    Raises:
        NotAssentedError: anything else was typed, or nothing.
    """
    if read_line(asked, descriptor).casefold() not in ASSENT:
        raise NotAssentedError(f"expected one of {', '.join(ASSENT)}; nothing was signed")


def _signers(
    statement: Statement, roots: Mapping[AgencyId, Root], known: Known
) -> tuple[RootPayload, ...]:
    """Return the roots that sign; of a succession, that of the desk which follows as well."""
    payload = decode_payload(statement)
    said = {agency: root.payload for agency, root in roots.items()}
    accepting = known.agency_of(payload.new) if isinstance(payload, SuccessionPayload) else None
    other = None if accepting is None else said.get(accepting)
    return roots_for(statement, said.get(statement.agency), other)


def _told(
    waiting: Sequence[Waiting], roots: Mapping[AgencyId, Root], known: Known, words: Wording
) -> list[str]:
    return [
        line
        for number, one in enumerate(waiting, 1)
        for line in (
            f"{number}. {one.file}",
            *describe(one.draft.statement, roots, known, words),
            "",
        )
    ]


def _report(
    waiting: Sequence[Waiting], signed: Sequence[Draft], words: Wording, *, as_json: bool
) -> None:
    lacking = [missing(draft, one.roots) for one, draft in zip(waiting, signed, strict=True)]
    if as_json:
        files = [str(one.file) for one in waiting]
        rows = [{"file": f, "missing": n} for f, n in zip(files, lacking, strict=True)]
        print_json({"signed": rows})
        return
    for one, count in zip(waiting, lacking, strict=True):
        state = words.say("still_missing", count=count) if count else words.say("finished")
        say(f"{one.file}: {state}")
