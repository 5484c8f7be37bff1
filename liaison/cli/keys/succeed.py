"""``liaison keys succeed``: which desk has the place of one that is dissolved, merged or split.

It writes a statement that nobody has signed yet; the holders of both agencies' shares sign it, and
when both desks are of one agency, those of the one.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from crypto.attest.header import ID_BYTES
from crypto.attest.statement import SuccessionPayload, What
from crypto.seal.ceremony import state_succession
from crypto.seal.drafts import Draft
from liaison.cli.ceremony.desks import SUFFIX, OutOption
from liaison.cli.ceremony.files import collected, read_entries, read_known, write_new
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.cli.wording import Wording
from liaison.runtime.clock import timestamp

app = typer.Typer(no_args_is_help=True)


class ThreadFileError(Exception):
    """The file does not hold the ids of cases, one a line."""

    code = "ceremony.threads"


@app.command()
@command
async def succeed(
    old: Annotated[str, typer.Argument(help="The desk that is followed, by its slug.")],
    new: Annotated[str, typer.Argument(help="The desk that follows, by its slug.")],
    known: Annotated[
        list[Path], typer.Option(help="All entries that were made before; may be several files.")
    ],
    starts: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (UTC).")
    ],
    out: OutOption,
    threads: Annotated[
        Path | None,
        typer.Option(help="A file with the ids of the cases that go there, one a line; else all."),
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the statement by which another desk has the place of one, in all or in some cases."""
    directory = collected(read_entries(known))
    left, right = directory.desk_named(old), directory.desk_named(new)
    given = None if threads is None else read_threads(threads)
    payload = SuccessionPayload(right.id, timestamp(starts.replace(tzinfo=UTC)), given)
    last = read_known(known).last(What.SUCCESSION, left.agency, left.id)
    draft = Draft(state_succession(left.agency, left.id, payload, after=last))
    file = out / f"succeed-{old}-{new}{SUFFIX}"
    write_new(file, draft)
    if as_json:
        print_json({"statements": [str(file)]})
        return
    say(f"statement {file}")
    for agency in dict.fromkeys((left.agency, right.agency)):
        root = directory.root(agency)
        words = Wording.here()
        say(words.say("speaks", agency=words.of(root.names)))
        say(words.say("sign_next", threshold=root.threshold))


def read_threads(file: Path) -> tuple[bytes, ...]:
    """Return the ids of cases in ``file``, sorted, each once.

    Raises:
        OSError: it cannot be read.
        ThreadFileError: a line is no id of 16 bytes in hex.
    """
    try:
        lines = file.read_text(encoding="ascii").split()
        found = {bytes.fromhex(line) for line in lines}
    except ValueError as e:
        raise ThreadFileError(f"{file}: expected ids in hex, one a line: {e}") from e
    if not found or any(len(one) != ID_BYTES for one in found):
        raise ThreadFileError(f"{file}: expected ids of {ID_BYTES} bytes, one a line")
    return tuple(sorted(found))
