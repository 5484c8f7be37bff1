"""``liaison keys pin``: two people type what the other side reads, and a root is trusted from then.

Each types all sixty digits and sees neither what they type nor what the other typed. There is no
button that says that two numbers look the same, nothing to skip, and no time after which it ends.
Nothing is kept unless both typed the same and the root that came has these digits.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from crypto.attest.pin import GROUP, PIN_DIGITS, agree
from liaison.cli.ceremony.files import Root, read_root
from liaison.cli.console import (
    JsonOption,
    SessionOption,
    command,
    print_json,
    read_blind,
    say,
)
from liaison.cli.desk.calling import act_at_desk
from liaison.cli.wording import Wording
from liaison.runtime.clock import SystemClock
from liaison.runtime.pins import Comparison, Means, Pin, keep_pin

GROUPS = PIN_DIGITS // GROUP

PinsOption = Annotated[
    Path | None, typer.Option(help="The file of the fingerprints, new or not; both type at once.")
]
FirstOption = Annotated[
    str | None, typer.Option(help="The post of who types first, such as QN-07; with --pins.")
]
SecondOption = Annotated[
    str | None, typer.Option(help="The post of who types second; with --pins.")
]
DeskOption = Annotated[
    Path | None, typer.Option("--state", help="The folder of a running desk; one officer a run.")
]
HereOption = Annotated[
    str | None, typer.Option("--officer", help="Who types here, for the desk of --state.")
]
MeansOption = Annotated[Means, typer.Option("--by", help="How the other side read the digits.")]
TypedOption = Annotated[
    int | None,
    typer.Option(help="Read two lines, one a person, from this descriptor instead of asking."),
]

app = typer.Typer(no_args_is_help=True)


class PinWhereError(Exception):
    """Where the digits are kept was not said: in a file, or at a desk."""

    code = "keys.pin_where"


@dataclass(frozen=True, slots=True)
class Typing:
    """What an officer has typed of a root's digits, and how these came."""

    officer: str
    means: Means
    digits: str = field(repr=False)


@app.command()
@command
async def pin(  # noqa: PLR0913, PLR0917 - an option each that a person types
    root: Annotated[Path, typer.Argument(help="The other side's root entry, as it came.")],
    means: MeansOption,
    pins: PinsOption = None,
    first: FirstOption = None,
    second: SecondOption = None,
    state: DeskOption = None,
    officer: HereOption = None,
    session: SessionOption = None,
    typed_fd: TypedOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Trust a root whose digits two people have each typed as the other side read them."""
    words, held = Wording.here(), read_root(root)
    if state is not None and officer is not None and pins is None:
        typing = Typing(officer, means, type_digits(officer, words, typed_fd))
        is_done = await pin_at_desk(held, typing, state, session)
        if as_json:
            print_json({"compared": is_done})
        else:
            say(words.say("compared_here" if is_done else "typed_first"))
        return
    if state is not None or pins is None or first is None or second is None:
        raise PinWhereError("expected --pins, --first and --second, or --state and --officer")
    comparison = Comparison(SystemClock().now(), means, (first, second))
    agency = words.of(held.payload.names)
    if not as_json:
        say(words.say("compare", agency=agency))
    typed = [type_digits(post, words, typed_fd) for post in (first, second)]
    digits = agree(held.statement.payload, *typed)
    keep_pin(pins, Pin(digits, comparison), about=agency)
    if as_json:
        print_json({"pins": str(pins), "digits": digits, "by": [first, second], "how": means})
    else:
        say(words.say("pinned", agency=agency, first=first, second=second))


async def pin_at_desk(held: Root, typing: Typing, state: Path, session: Path | None) -> bool:
    """Give the running desk what an officer has typed of a root; say whether two now have.

    Raises:
        SessionFileError, PassphraseError: the officer could not be told.
        DeskNotReachableError, DeskRefusedError: the two differ, or the desk cannot take it.
    """
    answer = await act_at_desk(
        typing.officer,
        session,
        None,
        state,
        lambda desk: desk.post(
            f"/api/contacts/{held.agency.hex()}",
            officer=typing.officer,
            digits=typing.digits,
            means=str(typing.means),
        ),
    )
    return bool(answer["compared"])


def type_digits(post: str, words: Wording, descriptor: int | None) -> str:
    """Return the digits that the person at ``post`` types blind, group by group at a terminal.

    Raises:
        NothingTypedError: nothing came.
    """
    if descriptor is not None:
        return read_blind(post, descriptor)
    say(words.say("alone", post=post))
    return " ".join(_type_group(post, number, words) for number in range(1, GROUPS + 1))


def _type_group(post: str, number: int, words: Wording) -> str:
    """Return a group; one of another length is asked for again, whatever it says."""
    while True:
        group = read_blind(words.say("group", post=post, number=number, of=GROUPS))
        if len(group) == GROUP and group.isascii() and group.isdecimal():
            return group
        say(words.say("five_digits"))
