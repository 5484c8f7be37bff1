"""The command line: one program, its command groups loaded only when they are asked for.

Exit codes everywhere: 0 good, 1 the answer is no, 2 bad input, 3 not reachable. A group's module is
imported on use, so commands that touch no server start in under half a second.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from liaison.cli.commands import ALONE, GROUPS, Listed
from liaison.cli.console import fail, say
from liaison.runtime.origin import OriginError, check_origin


class ListedCommand(TyperCommand):
    """A command as lists show it; the module that holds it is imported when it is used."""

    def __init__(self, name: str, listed: Listed) -> None:
        super().__init__(name=name, help=listed.line)
        self._module = listed.module

    def load(self) -> TyperCommand:
        """Return the command itself, from its module."""
        found = get_command(import_module(self._module).app)
        command = found.commands[str(self.name)] if isinstance(found, TyperGroup) else found
        command.name = self.name
        return cast("TyperCommand", command)


class CommandGroup(TyperGroup):
    """A group that lists its commands without importing them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - typer's own types
        """Return the command that ``args`` begin with, imported now, its name, and the rest."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, ListedCommand) else command, rest


class ProgramGroup(CommandGroup):
    """The program: its groups in the order in which an officer meets them."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**attributes)
        self.commands = _listed(ALONE) | {
            name: CommandGroup(
                name=name, help=group.help, commands=_listed(group.commands), no_args_is_help=True
            )
            for name, group in GROUPS.items()
        }


def _listed(commands: Mapping[str, Listed]) -> dict[str, Any]:
    return {name: ListedCommand(name, listed) for name, listed in commands.items()}


app = typer.Typer(cls=ProgramGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature of a callback
    if wanted:
        say(f"liaison {version('border-liaison')}")
        raise typer.Exit


@app.callback()
def liaison(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Sealed verification and rescue requests between police desks of two countries."""


def main() -> None:
    """Run the program and exit with its code."""
    try:
        check_origin()
    except OriginError as e:
        sys.exit(fail(e))
    app(prog_name="liaison")
