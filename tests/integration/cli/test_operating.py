"""Every command of docs/operating.md runs as it stands there, and prints what stands below it."""

from pathlib import Path

from tests.support.operated import DOCUMENT, GROUP, Operated, left_behind
from tests.support.transcript import commands, masked

pytestmark = GROUP


def test_every_command_succeeds(network: Operated) -> None:
    failed = [
        f"{command.text}\n{outcome.err}"
        for command, outcome in network.outcomes
        if outcome.code != 0
    ]

    assert failed == []
    assert [command for command, _ in network.outcomes] == commands(DOCUMENT)


def test_what_is_shown_is_what_is_printed(network: Operated) -> None:
    shown = {c.text: masked(c.shown) for c, _ in network.outcomes if c.shown}
    printed = {c.text: masked(outcome.out) for c, outcome in network.outcomes if c.shown}

    assert shown == printed


def test_the_document_sets_up_every_part() -> None:
    said = "\n".join(command.text for command in commands(DOCUMENT))

    for part in ("broker serve", "witness serve", "desk serve", "keys enroll", "audit verify"):
        assert f"liaison {part}" in said


def test_everything_ends_when_it_is_asked_to(tmp_path: Path, network: Operated) -> None:
    alive = len(left_behind(network))
    ended = Operated(tmp_path)

    # A broker, two witnesses, two desks and a second computer; nothing of one that never was.
    assert alive == 6
    assert left_behind(ended) == []
