"""A broker that means ill, on a desk's line: what it does is told in its time, mail goes on."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.support.figures import Tell
from tests.support.hostile_line import BEHAVIOURS, HostileLine, hostile_line
from tests.support.network import Network

SEEDS = [
    pytest.param(range(10), id="10 seeds"),
    pytest.param(range(100), id="100 seeds", marks=pytest.mark.soak),
]


async def check_nothing_was_forged(line: HostileLine) -> int:
    """Check that each desk holds of the other only what that has sent; return how many messages."""
    held = 0
    pair = line.network.mongcai, line.network.dongxing
    for desk, other in (pair, pair[::-1]):
        for thread, _ in await desk.agent.store.threads():
            sent = await other.agent.store.messages_of(thread)
            contents = {message.mid: message.content for message in sent}
            came = [m for m in await desk.agent.store.messages_of(thread) if not m.outgoing]
            assert all(contents[message.mid] == message.content for message in came)
            held += len(came)
    return held


def count_plaintext(line: HostileLine) -> int:
    """Return in how many places the broker has a text that was planted."""
    files = [
        path.read_bytes() for path in (line.network.state / "broker").rglob("*") if path.is_file()
    ]
    heap = b"".join([*line.seen, *files])
    return sum(heap.count(text.encode()) for text in line.planted)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("behaves", BEHAVIOURS, ids=lambda behaves: behaves.__name__)
async def test_what_a_broker_does_on_the_line_is_told_in_its_time_and_mail_goes_on(
    parts: Network,
    behaves: Callable[[HostileLine], Awaitable[None]],
    seeds: Sequence[int],
    tell: Tell,
) -> None:
    expected = BEHAVIOURS[behaves]
    found: Counter[str] = Counter()
    async with hostile_line(parts) as line:
        for seed in seeds:
            codes = await line.told(behaves, seed)
            assert codes <= expected.codes
            assert bool(codes) is not expected.is_silent
            found.update(codes)
        if not expected.is_unproven:
            await line.network.settle()
        held = await check_nothing_was_forged(line)
        plaintext = count_plaintext(line)

    told = (
        ", ".join(f"{code} {count}" for code, count in sorted(found.items())) or "nothing to tell"
    )
    tell(
        f"{behaves.__name__}: {len(seeds)} plays, {held} messages held, 0 forged, "
        f"{plaintext} plaintext; {told}; {expected.bound}"
    )
    assert set(found) == expected.codes
    assert plaintext == 0
