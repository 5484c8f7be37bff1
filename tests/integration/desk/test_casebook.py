"""Cases are computed anew only when something of them was written, and are never stale."""

from liaison.desk.api.call import AGENT
from liaison.desk.casework.cases import Case
from tests.support.network import Desk, Network


async def computed(desk: Desk, ref: str) -> tuple[Case, Case]:
    """Return the case as the board has it, and as it is computed from the store."""
    casebook = desk.running[AGENT].casebook
    [kept] = [case for case in await casebook.every() if case.ref == ref]
    return kept, await casebook.find(ref)


async def test_what_the_board_has_is_what_the_store_says_after_each_step(network: Network) -> None:
    ours, theirs = network.mongcai, network.dongxing
    ref = await ours.request()
    await network.settle()
    seen = [await computed(desk, ref) for desk in (ours, theirs)]

    await theirs.open(ref)
    await network.settle()
    seen += [await computed(desk, ref) for desk in (ours, theirs)]
    await theirs.act(ref, "acknowledge")
    await network.settle()
    seen += [await computed(desk, ref) for desk in (ours, theirs)]

    assert [kept for kept, _ in seen] == [found for _, found in seen]
    assert [len(kept.steps) for kept, _ in seen] == [1, 1, 1, 1, 2, 2]
    assert [len(kept.openings) for kept, _ in seen] == [0, 0, 1, 1, 1, 1]


async def test_a_case_of_which_nothing_was_written_is_not_computed_again(network: Network) -> None:
    ours, theirs = network.mongcai, network.dongxing
    quiet = await ours.request()
    await network.settle()
    before, _ = await computed(theirs, quiet)

    await ours.request()
    await network.settle()

    assert (await computed(theirs, quiet))[0] is before
