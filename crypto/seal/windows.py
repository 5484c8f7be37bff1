"""Windows: the weekly keys to which a desk's mail is sealed, and when the next ones are due.

Follows docs/spec/directory.md, "Windows": a window is open for one week from Monday 00:00 UTC; a
desk publishes at least three weeks ahead, so that an office closed over a holiday keeps receiving.
Seeds come from :func:`crypto.seal.primitives.fresh`; when they are destroyed is decided in
:mod:`crypto.seal.destruction`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from crypto.attest.signing import key_id
from crypto.attest.statement import GrantKey, Window
from crypto.seal.primitives import KEY_BYTES, OpeningKey, fresh

WEEK = 7 * 86_400
#: Unix time began on a Thursday; the first Monday came four days later.
FIRST_MONDAY = 4 * 86_400
WEEKS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """A window of our own with the 32-byte seed that opens it."""

    window: Window
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnGrantKey:
    """A grant key of this device with the 32-byte seed that opens it."""

    key: GrantKey
    seed: bytes = field(repr=False)


def week_of(at: int) -> int:
    """Return the beginning (ts, Monday 00:00 UTC) of the week that holds ``at``."""
    return at - (at - FIRST_MONDAY) % WEEK


def published_until(windows: Iterable[Window], *, at: int) -> int | None:
    """Return the end (ts) of the last of these windows at ``at`` (ts), or None when there is none.

    One that lies further ahead than a desk publishes was published by a clock that had jumped. It
    counts for nothing, or the desk would publish no other until then.
    """
    furthest = week_of(at) + WEEKS_AHEAD * WEEK
    return max((w.not_after for w in windows if w.not_before <= furthest), default=None)


def weeks_wanted(published_until: int | None, *, at: int) -> list[int]:
    """Return the beginnings of the weeks for which windows must be published at ``at`` (ts).

    Args:
        published_until: the end (ts) of the last published window; None when there is none.
        at: now.
    """
    first = week_of(at) if published_until is None else max(published_until, week_of(at))
    return list(range(first, week_of(at) + (WEEKS_AHEAD + 1) * WEEK, WEEK))


def next_publication(published_until: int | None) -> int:
    """Return when (ts) the next window must be published; 0, at once, when there is none."""
    return 0 if published_until is None else published_until - WEEKS_AHEAD * WEEK


def make_window(begins: int) -> OwnWindow:
    """Return a new window for the week that begins at ``begins`` (ts)."""
    seed = fresh(KEY_BYTES)
    public = OpeningKey.from_seed(seed).public
    return OwnWindow(Window(key_id(public), public, begins, begins + WEEK), seed)


def make_grant_key() -> OwnGrantKey:
    """Return a new grant key."""
    seed = fresh(KEY_BYTES)
    public = OpeningKey.from_seed(seed).public
    return OwnGrantKey(GrantKey(key_id(public), public), seed)
