"""``liaison desk review``: two supervisors, one of each panel, open one case of a desk's archive.

Each opens their own token with their own passphrase; the desk learns that both did, records it, and
shows the case. Neither opens anything without the other.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from crypto.seal.oversight import (
    Half,
    join_halves,
    open_half,
    open_token,
    parse_halves,
    prove_review,
)
from crypto.seal.primitives import self_test
from liaison.cli.console import (
    JsonOption,
    SettingsOption,
    StateOption,
    command,
    language,
    print_json,
    read_passphrase,
)
from liaison.cli.desk import board
from liaison.cli.desk.calling import ask_desk
from liaison.desk.client import DeskClient
from protocols.casework.codes import Language, ReviewReason

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def review(  # noqa: PLR0913 - two people, each with a token and a passphrase
    case: Annotated[str, typer.Argument(help="The case's number, such as QN-MC1-2026-0117.")],
    first: Annotated[Path, typer.Option(help="The token of a supervisor of one panel.")],
    second: Annotated[Path, typer.Option(help="The token of a supervisor of the other panel.")],
    reason: Annotated[ReviewReason, typer.Option(help="Why; recorded with the review.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    first_fd: Annotated[
        int | None, typer.Option(help="Read the first passphrase from this descriptor.")
    ] = None,
    second_fd: Annotated[
        int | None, typer.Option(help="Read the second passphrase from this descriptor.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Open one case for two supervisors, one of each panel; its officers see that they did."""
    self_test()
    lang = Language(language())

    async def look(desk: DeskClient) -> dict[str, Any]:
        path = f"/api/cases/{quote(case, safe='')}"
        asked = await desk.get(f"{path}/halves")
        sealed = parse_halves(bytes.fromhex(asked["halves"]))
        halves = [
            open_half(sealed, open_token(file.read_bytes(), read_passphrase(fd, f"{file}")))
            for file, fd in ((first, first_fd), (second, second_fd))
        ]
        key = join_halves(sealed, *halves)
        one, other = sorted(halves, key=_panel)
        nonce = bytes.fromhex(asked["nonce"])
        tag = prove_review(key, nonce, one.supervisor, other.supervisor, reason=reason)
        return await desk.post(
            f"{path}/review?lang={lang}",
            first=one.supervisor.hex(),
            second=other.supervisor.hex(),
            reason=reason.value,
            tag=tag.hex(),
        )

    view = await ask_desk(settings, state, look)
    if as_json:
        print_json(view)
    else:
        board.print_case(view, lang)
        board.print_reviews(view["reviews"], lang)


def _panel(half: Half) -> int:
    return half.panel
