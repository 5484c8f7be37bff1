"""``liaison keys pin``: two people type what the other side reads, and a root is trusted from then.

Each types all sixty digits and sees neither what they type nor what the other typed. There is no
button that says that two numbers look the same, nothing to skip, and no time after which it ends.
Nothing is kept unless both typed the same and the root that came has these digits.
"""

from pathlib import Path
from typing import Annotated

import typer

from crypto.attest.pin import GROUP, PIN_DIGITS, agree
from liaison.cli.ceremony_files import read_root
from liaison.cli.console import JsonOption, command, print_json, read_blind, say
from liaison.cli.wording import Wording
from liaison.runtime.clock import SystemClock
from liaison.runtime.pins import Comparison, Means, Pin, keep_pin

GROUPS = PIN_DIGITS // GROUP

FirstOption = Annotated[str, typer.Option(help="The post of who types first, such as QN-07.")]
SecondOption = Annotated[str, typer.Option(help="The post of who types second.")]
MeansOption = Annotated[Means, typer.Option("--by", help="How the other side read the digits.")]
TypedOption = Annotated[
    int | None,
    typer.Option(help="Read two lines, one a person, from this descriptor instead of asking."),
]

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def pin(
    root: Annotated[Path, typer.Argument(help="The other side's root entry, as it came.")],
    pins: Annotated[Path, typer.Option(help="The file of the fingerprints, new or not.")],
    first: FirstOption,
    second: SecondOption,
    means: MeansOption,
    typed_fd: TypedOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Trust a root whose digits two people have each typed as the other side read them."""
    words, held = Wording.here(), read_root(root)
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
