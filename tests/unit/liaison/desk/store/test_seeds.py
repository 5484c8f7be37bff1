"""Seeds in the store: since when one is followed, and that a destroyed one is gone for good."""

from pathlib import Path

from crypto.seal.windows import make_grant_key, make_window
from liaison.desk.store import Store
from tests.support.pages import opened_pages
from tests.support.world import MONDAY
from tests.unit.liaison.desk.store.test_store import KEY, store

__all__ = ["store"]


async def test_a_seed_that_was_destroyed_does_not_come_back(store: Store) -> None:
    first, second = make_window(MONDAY), make_window(MONDAY)
    await store.add_windows([first])
    await store.destroy_seeds([first.window.kid], 7)

    await store.add_windows([first, second])

    assert await store.own_windows() == [(second.window.kid, second.seed)]
    both = [first.window.kid, second.window.kid]
    assert await store.destroyed(both) == {first.window.kid}


async def test_destroyed_seeds_are_in_no_page_of_the_file_and_of_its_log(
    store: Store, tmp_path: Path
) -> None:
    window, key = make_window(MONDAY), make_grant_key()
    await store.add_windows([window])
    await store.add_grant_key(key)
    path = tmp_path / "desk.sqlcipher"
    before = opened_pages(path, KEY)

    await store.destroy_seeds([window.window.kid, key.key.kid], 7)
    after = opened_pages(path, KEY)

    for seed in (window.seed, key.seed):
        assert seed in before
        assert seed not in after


async def test_since_when_something_is_followed_is_noted_once(store: Store) -> None:
    window, key = make_window(MONDAY), make_grant_key()
    await store.add_windows([window])
    await store.add_grant_key(key)

    for at in (5, 9):
        await store.note_followed([window.window.kid], at)
        await store.note_replaced([key.key.kid], at)

    assert [one.followed for one in await store.held_windows()] == [5]
    assert await store.replaced() == {key.key.kid: 5}
