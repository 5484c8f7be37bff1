"""The search finds the attack in each weakened design, and none in the design as it is."""

from pathlib import Path

import pytest

from tests.soundness.design import Design
from tests.soundness.search import HONEST, search
from tests.support.figures import Tell

ROBBED = Design(checks_role=False)
#: What is left out, and the attacks that the search then finds, in the order of the page.
WEAKENED: dict[str, tuple[Design, set[str]]] = {
    "desks": (Design(signs_desks=False), {"other desks"}),
    "desks and readers": (
        Design(signs_desks=False, signs_kids=False, checks_readers=False),
        {"forwarding", "other desks", "other readers", "hidden reader"},
    ),
    "readers": (
        Design(signs_kids=False, checks_readers=False),
        {"other readers", "hidden reader"},
    ),
    "check 9b": (Design(checks_readers=False), {"hidden reader"}),
    "the body": (Design(signs_body=False), {"forgery"}),
    "labels": (Design(signs_label=False), {"forgery"}),
    "the signature": (Design(checks_signature=False), {"forgery", "other desks", "replay"}),
    "the sender": (Design(checks_sender=False), {"forgery", "other desks"}),
    "the signer's desk": (Design(checks_desk=False), {"forgery"}),
    "the role": (ROBBED, {"forgery"}),
    "memory": (Design(remembers=False), {"replay"}),
    "memory of messages": (Design(remembers_message_not_bytes=False), {"replay"}),
    "the directory's windows": (Design(takes_windows_from_directory=False), {"secrecy"}),
}
NAMES = set().union(*(attacks for _, attacks in WEAKENED.values()))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "soundness.md"
#: What the search does not miss, because something else keeps the same.
KEPT_TWICE = {
    "readers are not signed but checked": Design(signs_kids=False),
    "the box is bound to no message": Design(binds_box=False),
    "a wrap is bound to no message": Design(binds_wrap=False),
}


@pytest.mark.parametrize("robbed", [False, True], ids=["", "a device robbed"])
def test_against_the_whole_design_the_search_finds_nothing(
    robbed: bool,  # noqa: FBT001 - a case of this test
    tell: Tell,
) -> None:
    found = search(Design(), robbed=robbed)

    tell(f"whole design: {found.tried:,} envelopes offered, {len(found.attacks)} attacks")
    assert found.attacks == {}
    assert {sent for sent in HONEST.values() if "B" in sent.dst} <= found.taken
    assert f" {found.tried:,} " in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("design, attacks", WEAKENED.values(), ids=list(WEAKENED))
def test_a_weakened_design_falls_to_its_attack(
    design: Design, attacks: set[str], tell: Tell
) -> None:
    found = search(design, robbed=design is ROBBED)

    tell(f"{found.tried:,} offered; {'; '.join(f'{k}: {v}' for k, v in found.attacks.items())}")
    assert set(found.attacks) == attacks


def test_a_robbed_device_writes_steps_only_where_roles_are_not_checked() -> None:
    assert (
        "device of a of A to have written the step"
        in search(ROBBED, robbed=True).attacks["forgery"]
    )


def test_the_page_names_the_attacks_that_are_found() -> None:
    rows = [
        line.split("|")[2]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    told = [{name for name in NAMES if name in row} for row in rows[1:-1]]

    assert told == [attacks for _, attacks in WEAKENED.values()]


@pytest.mark.parametrize("design", KEPT_TWICE.values(), ids=list(KEPT_TWICE))
def test_what_is_kept_twice_is_not_missed(design: Design) -> None:
    assert search(design).attacks == {}
