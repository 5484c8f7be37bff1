"""The broker rewrites its ledger: the desk to which it shows that raises an alarm, mail goes on."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.attest import labels
from crypto.attest.signing import pack_signed, split_signed
from liaison.audit.sources import LedgerCopy, fetch_ledger
from liaison.audit.verify import BrokenCheckpointError, BrokenRootError, verify_ledger
from protocols.wire import api
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import parse_noted, parse_took
from tests.support.agencies import MONGCAI
from tests.support.hostile_line import fork_checkpoint
from tests.support.interposed import Interposed, interpose
from tests.support.network import Desk, Network, start, until


async def alarm(network: Network, desk: Desk) -> str | None:
    """Return the alarm that a desk raises; None when all comes to rest without one."""

    async def raised() -> str | None:
        code: str | None = (await desk.status())["ledger"]["alarm"]
        return code

    async def is_over() -> bool:
        return await raised() is not None or await network.is_settled()

    await until(is_over, f"an alarm at {desk.slug}, or rest")
    return await raised()


async def check_mail_goes_on(network: Network, desk: Desk) -> None:
    """Check that a request still comes to ``desk`` and is delivered."""
    other = network.mongcai if desk is network.dongxing else network.dongxing
    ref = await other.request(desk.slug)
    await network.holds(desk, ref, 1)
    await until(lambda: is_delivered(other, ref), "it is delivered")


async def is_delivered(sender: Desk, ref: str) -> bool:
    """Say whether the sender knows its request to be delivered."""
    return bool((await sender.steps(ref))[0]["delivery"]["delivered"])


def change_leaf(database: Path, position: int) -> None:
    """Turn one bit of a leaf in the broker's database."""
    with sqlite3.connect(database) as db:
        (leaf,) = db.execute(
            "SELECT leaf FROM ledger_leaves WHERE position = ?", (position,)
        ).fetchone()
        changed = leaf[:-1] + bytes([leaf[-1] ^ 1])
        db.execute("UPDATE ledger_leaves SET leaf = ? WHERE position = ?", (changed, position))
    db.close()


async def test_a_leaf_that_was_changed_in_the_database_is_caught_by_desk_and_audit(
    parts: Network,
) -> None:
    await start(parts, MONGCAI)
    ref = await parts.mongcai.request()
    await parts.settle()
    verify_ledger(await fetch_ledger(parts.broker.url), parts.founded.pins)
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    assert held.message.position is not None

    change_leaf(parts.database, held.message.position)
    await parts.dongxing.start()

    assert await alarm(parts, parts.dongxing) == "proof.mismatch"
    assert (await parts.mongcai.status())["ledger"]["alarm"] is None
    await check_mail_goes_on(parts, parts.dongxing)
    with pytest.raises(BrokenRootError):
        verify_ledger(await fetch_ledger(parts.broker.url), parts.founded.pins)


async def lied_to(parts: Network) -> Interposed:
    """Start both desks; Móng Cái has a broker that lies."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return between


async def test_a_ledger_that_was_rolled_back_is_caught(parts: Network) -> None:
    between = await lied_to(parts)
    old = await parts.get(api.CHECKPOINT_PATH)
    ref = await parts.mongcai.request()
    await parts.holds(parts.dongxing, ref, 1)
    await parts.settle()

    async def show_the_old(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, old if path == api.CHECKPOINT_PATH else answer

    between.answer = show_the_old
    await parts.dongxing.act(ref, "acknowledge")

    assert await alarm(parts, parts.mongcai) == "ledger.rolled_back"
    await check_mail_goes_on(parts, parts.mongcai)
    assert (await parts.dongxing.status())["ledger"]["alarm"] is None


def forked(network: Network, note: bytes, *, witnesses: bool) -> bytes:
    """Return a checkpoint over other leaves, by the broker and, it may be, both witnesses."""
    agencies = [agency.slug for agency in network.founded.corridor.agencies]
    return fork_checkpoint(network, note, *(agencies if witnesses else ()))


@pytest.mark.parametrize(
    "witnesses, code",
    [
        pytest.param(True, "proof.mismatch", id="with both witnesses"),
        pytest.param(False, "checkpoint.quorum", id="alone"),
    ],
)
async def test_a_broker_that_forks_its_ledger_is_caught_by_the_desk_to_which_it_shows_the_fork(
    parts: Network,
    witnesses: bool,  # noqa: FBT001 - a case of this test
    code: str,
) -> None:
    between = await lied_to(parts)

    async def show_the_fork(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        if path != api.CHECKPOINT_PATH:
            return 200, answer
        return 200, forked(parts, answer, witnesses=witnesses)

    between.answer = show_the_fork
    ref = await parts.dongxing.request(MONGCAI)
    await parts.holds(parts.mongcai, ref, 1)

    assert await alarm(parts, parts.mongcai) == code
    await check_mail_goes_on(parts, parts.mongcai)
    assert (await parts.dongxing.status())["ledger"]["alarm"] is None
    true = await fetch_ledger(parts.broker.url)
    shown = LedgerCopy(
        true.directory, true.leaves, forked(parts, true.checkpoint, witnesses=witnesses)
    )
    with pytest.raises(BrokenRootError if witnesses else BrokenCheckpointError):
        verify_ledger(shown, parts.founded.pins)


async def test_a_fork_in_which_nothing_of_ours_was_changed_is_caught(parts: Network) -> None:
    between = await lied_to(parts)

    async def show_the_fork(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, forked(parts, answer, witnesses=True) if path == api.CHECKPOINT_PATH else answer

    between.answer = show_the_fork
    await parts.dongxing.stop()
    await parts.dongxing.start()  # its login is a leaf, and all that is new

    assert await alarm(parts, parts.mongcai) == "proof.mismatch"


def misplaced(frame: api.Frame, network: Network, item: ItemKind) -> api.Frame:
    """Return ``frame`` with the broker's word that what it is about stands at 0 of the ledger."""
    key = network.broker_key

    def took(raw: bytes) -> bytes:
        body = parse_took(split_signed(raw)[0])
        return pack_signed(key, labels.TOOK, replace(body, index=0).encoded())

    def noted(raw: bytes) -> bytes:
        body = parse_noted(split_signed(raw)[0])
        return pack_signed(key, labels.NOTED, replace(body, index=0).encoded())

    match frame:
        case api.Taken(number, receipt) if item is ItemKind.ENVELOPE:
            return api.Taken(number, took(receipt))
        case api.Deliver() if frame.item == item:
            again = took if item is ItemKind.ENVELOPE else noted
            return replace(frame, second=again(frame.second))
    return frame


@pytest.mark.parametrize("item", [ItemKind.ENVELOPE, ItemKind.ACK], ids=lambda item: item.name)
async def test_a_receipt_that_names_another_leaf_than_its_own_is_caught(
    parts: Network, item: ItemKind
) -> None:
    between = await lied_to(parts)

    async def misplace(frame: api.Frame) -> Sequence[api.Frame]:
        return [misplaced(frame, parts, item)]

    between.to_desk = misplace
    await parts.mongcai.request()

    assert await alarm(parts, parts.mongcai) == "ledger.false_leaf"
    await check_mail_goes_on(parts, parts.mongcai)


async def test_an_alarm_stands_after_a_restart(parts: Network) -> None:
    between = await lied_to(parts)
    true = between.answer

    async def show_the_fork(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, forked(parts, answer, witnesses=True) if path == api.CHECKPOINT_PATH else answer

    between.answer = show_the_fork
    await parts.dongxing.request(MONGCAI)
    await alarm(parts, parts.mongcai)
    await parts.mongcai.stop()
    between.answer = true

    await parts.mongcai.start()
    await parts.settle()

    assert (await parts.mongcai.status())["ledger"]["alarm"] == "proof.mismatch"


async def test_a_proof_that_is_no_list_of_hashes_does_not_stop_the_mail(parts: Network) -> None:
    between = await lied_to(parts)

    async def garble(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, b"\xff" if path.startswith("/v1/proof/") else answer

    between.answer = garble
    await check_mail_goes_on(parts, parts.mongcai)

    assert (await parts.mongcai.status())["line"] == "up"
