"""``liaison keys collect`` and ``publish``: entries into one file, and to the broker.

A collection is what is carried: to the machine of the broker's operator, by whose hand roots enter,
and to those who write later statements. The broker is believed nothing; what it is given it checks.
"""

from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession

from crypto.seal.drafts import parse_draft
from liaison.cli.ceremony.files import collected, read_entries, write_collection
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.desk.line.broker_client import fetch_directory, publish_entry

FilesArgument = Annotated[list[Path], typer.Argument(help="Entries, or collections of them.")]

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def collect(
    out: Annotated[Path, typer.Option(help="The file of the collection.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Entries, or collections of them, in order.")
    ] = None,
    broker: Annotated[
        str | None, typer.Option(help="A broker's URL: what it has comes first.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Put entries into one file, what a broker has first; what does not stand is refused."""
    entries = read_entries(files or [])
    if broker is not None:
        async with ClientSession() as session:
            entries = [*await fetch_directory(session, broker), *entries]
    size = collected(entries).head.size
    write_collection(out, entries)
    if as_json:
        print_json({"collection": str(out), "entries": size})
    else:
        say(f"collection {out} {size}")


@app.command()
@command
async def publish(
    files: FilesArgument,
    broker: Annotated[str, typer.Option(help="The broker's URL.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Give entries to a broker that runs; a root enters by its operator's hand only."""
    entries = read_entries(files)
    async with ClientSession() as session:
        for raw in entries:
            await publish_entry(session, broker, raw)
    named = [parse_draft(raw).statement.what.name.lower() for raw in entries]
    if as_json:
        print_json({"published": named})
    else:
        for name in named:
            say(f"published {name}")
