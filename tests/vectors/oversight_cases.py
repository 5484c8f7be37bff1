"""The directories with panels of oversight."""

from collections.abc import Iterator
from dataclasses import replace

from crypto.attest.statement import (
    ArchiveKey,
    GrantKey,
    Oversight,
    Window,
)
from tests.support.world import (
    FIRSTS_GRANT_KEY,
    HERE,
    MONDAY,
    desk_payload,
    oversight,
    second_device,
)
from tests.vectors.directory_cases import (
    FOUNDED,
    WINDOWS,
    DirectoryCase,
    named,
    published,
)
from tests.vectors.grant_cases import stated

PANELS = oversight("overseen")


def overseen(slug: str, panels: Oversight = PANELS) -> bytes:
    """Return an entry that names a desk of HERE with these panels."""
    return named(desk_payload(slug, HERE.registrar, panels=panels))


def oversight_directories() -> Iterator[DirectoryCase]:
    """Yield directories with panels of oversight: those that stand, and those that are refused."""
    first = overseen("vn-overseen")
    yield DirectoryCase(
        "a-desk-with-oversight",
        "two panels of two supervisors each, told to the counterpart",
        "ok",
        (*FOUNDED, first),
    )
    yield DirectoryCase(
        "two-desks-under-one-oversight",
        "the same supervisors for two desks",
        "ok",
        (*FOUNDED, first, overseen("vn-twin")),
    )
    one = replace(PANELS, second=PANELS.second[:1])
    both = replace(PANELS, second=(PANELS.second[0], PANELS.first[0]))
    for name, comment, panels in (
        ("of-one", "a panel of one supervisor", one),
        ("by-one-in-both", "one supervisor in both panels could open alone", both),
    ):
        yield DirectoryCase(
            f"oversight-{name}",
            comment,
            "directory.refused",
            (*FOUNDED, overseen("vn-overseen", panels)),
        )
    yield from shared_keys(first)


def shared_keys(first: bytes) -> Iterator[DirectoryCase]:
    """Yield supervisors' keys that have another use, and the other way round."""
    window = with_key(ArchiveKey(HERE.window.kid, HERE.window.public))
    grant = with_key(ArchiveKey(FIRSTS_GRANT_KEY.key.kid, FIRSTS_GRANT_KEY.key.public))
    key = PANELS.second[1]
    week = Window(key.kid, key.public, MONDAY, MONDAY + 1)
    seconds = (*FOUNDED, WINDOWS, *second_device())
    again = stated(GrantKey(key.kid, key.public), after=seconds[-1])
    for name, comment, entries in (
        (
            "that-is-a-window",
            "a supervisor's key is a window",
            (*FOUNDED, WINDOWS, overseen("vn-overseen", window)),
        ),
        (
            "that-is-a-grant-key",
            "a supervisor's key is a device's grant key",
            (*seconds, overseen("vn-overseen", grant)),
        ),
        (
            "as-a-window",
            "a window under a supervisor's key",
            (*FOUNDED, WINDOWS, first, published(week, after=WINDOWS)),
        ),
        ("as-a-grant-key", "a grant key that is a supervisor's", (*seconds, first, again)),
    ):
        yield DirectoryCase(f"oversight-key-{name}", comment, "directory.rebound", entries)


def with_key(key: ArchiveKey) -> Oversight:
    """Return panels of which one supervisor has ``key``."""
    return replace(PANELS, second=(PANELS.second[0], key))
