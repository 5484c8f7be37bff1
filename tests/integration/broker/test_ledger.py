"""The ledger as anyone can check it: proofs, cosigned heads, and what a witness's absence does."""

import asyncio

import pytest

from crypto.attest.checkpoint import open_checkpoint
from crypto.attest.proof import verify_consistency, verify_inclusion
from crypto.attest.tree import Frontier, TreeHead, hash_leaf
from liaison.broker.ledger import log_key
from protocols.wire.api import (
    CHECKPOINT_PATH,
    CONSISTENCY_PATH,
    DIRECTORY_PATH,
    INCLUSION_PATH,
    LEDGER_PATH,
    Grew,
    parse_page,
)
from protocols.wire.ledger_event import EventKind, parse_leaf
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.broker import Served


async def page(broker: Served, path: str, **query: int) -> list[bytes]:
    status, body = await broker.get(path, **query)
    assert status == 200
    return parse_page(body, limit=1 << 24)


def heads(leaves: list[bytes]) -> list[TreeHead]:
    """Return the head of the tree after each number of leaves, from none on."""
    frontier = Frontier()
    found = [frontier.head()]
    for leaf in leaves:
        frontier, _ = frontier.append(hash_leaf(leaf))
        found.append(frontier.head())
    return found


async def test_every_leaf_is_proved_to_stand_under_the_cosigned_checkpoint(either: Served) -> None:
    sender = await either.call(MONGCAI)
    for _ in range(5):
        await sender.submit(either.corridor.seal())
    size = len(await either.leaves())

    cosigned = await either.cosigned(size)

    head = cosigned.checkpoint.head
    leaves = await page(either, LEDGER_PATH, to=head.size)
    assert len(cosigned.cosignatures) == 2
    assert heads(leaves)[-1] == head
    for index, leaf in enumerate(leaves):
        proof = await page(either, INCLUSION_PATH, index=index, size=head.size)
        verify_inclusion(hash_leaf(leaf), proof, index=index, head=head)


async def test_each_tree_is_proved_to_continue_each_older_one(either: Served) -> None:
    known = heads(await page(either, LEDGER_PATH))

    for new in known:
        for old in known[: new.size + 1]:
            proof = await page(either, CONSISTENCY_PATH, old=old.size, size=new.size)
            verify_consistency(proof, old=old, new=new)


async def test_every_signed_checkpoint_is_of_the_one_ledger(broker: Served) -> None:
    sender = await broker.call(MONGCAI)
    log = log_key(broker.key.verify_key)
    notes = set()
    for _ in range(6):
        await sender.submit(broker.corridor.seal())
        notes.add((await broker.get(CHECKPOINT_PATH, any=1))[1])
    await broker.cosigned(len(await broker.leaves()))

    known = heads(await page(broker, LEDGER_PATH))

    for note in notes:
        head = open_checkpoint(note, log).head
        assert head == known[head.size]


async def test_directory_entries_are_leaves_that_commit_to_the_directorys_head(
    broker: Served,
) -> None:
    entries = await page(broker, DIRECTORY_PATH)

    stated = [e for e in await broker.leaves() if e.kind is EventKind.DIRECTORY_STATED]

    assert entries == broker.corridor.entries
    assert len(stated) == len(entries)
    assert stated[-1].commitment == broker.corridor.directory.head.hash


async def test_messages_flow_while_a_witness_is_away_and_it_catches_up(broker: Served) -> None:
    await broker.cosigned(len(await broker.leaves()))
    away = broker.witnesses[1]
    await away.stop()
    sender, reader = await broker.call(MONGCAI), await broker.call(DONGXING)

    for _ in range(3):
        await sender.submit(broker.corridor.seal())
    await reader.items(3)
    size = len(await broker.leaves())
    _, before = await broker.get(CHECKPOINT_PATH)
    await away.start()

    after = await broker.cosigned(size)

    assert open_checkpoint(before, broker.policy.log).size < size
    assert after.checkpoint.size == size


async def test_a_device_hears_that_the_cosigned_ledger_has_grown(broker: Served) -> None:
    caller = await broker.call(MONGCAI)
    await caller.submit(broker.corridor.seal())
    size = len(await broker.leaves())

    async with asyncio.timeout(10):
        while (grew := await caller.wait(Grew)).cosigned < size:
            pass

    assert grew.directory == broker.corridor.directory.head.size


async def test_a_witness_that_was_told_less_says_so_and_is_caught_up_after_a_restart(
    broker: Served,
) -> None:
    sender = await broker.call(MONGCAI)
    await sender.submit(broker.corridor.seal())
    await broker.cosigned(len(await broker.leaves()))

    await broker.restart()
    sender = await broker.call(MONGCAI)
    await sender.submit(broker.corridor.seal())

    found = await broker.cosigned(len(await broker.leaves()))
    assert found.checkpoint.head == heads(await page(broker, LEDGER_PATH))[found.checkpoint.size]


async def test_ranges_outside_the_ledger_are_refused(broker: Served) -> None:
    size = len(await broker.leaves())

    for path, query in (
        (LEDGER_PATH, {"from": 2, "to": 1}),
        (LEDGER_PATH, {"to": size + 1}),
        (INCLUSION_PATH, {"index": size, "size": size}),
        (INCLUSION_PATH, {}),
        (CONSISTENCY_PATH, {"old": 3, "size": 2}),
        (CONSISTENCY_PATH, {"old": 1, "size": size + 1}),
    ):
        status, body = await broker.get(path, **query)
        assert status == 400, (path, query)
        assert b'"ledger.range"' in body


@pytest.mark.parametrize("number", ["-1", "x", "1.0", "", "٣", "1" * 16])
async def test_what_is_no_number_is_refused(broker: Served, number: str) -> None:
    url = f"{broker.url}{LEDGER_PATH}?from={number}"

    async with broker.http.get(url) as response:
        assert response.status == 400
        assert (await response.json(content_type=None))["code"] == "ledger.range"


async def test_a_leaf_holds_no_text_that_was_not_enumerated(broker: Served) -> None:
    sender = await broker.call(MONGCAI)
    await sender.submit(broker.corridor.seal(text="Nguyễn Thị A, 0912345678"))

    for raw in await page(broker, LEDGER_PATH):
        leaf = parse_leaf(raw)
        assert all(len(item) in {16, 32} for item in leaf.objects)
        assert all(isinstance(c, int) or c.isascii() for c in leaf.codes)
