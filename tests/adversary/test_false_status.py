"""A status that lies, or that tells of another lane, directory or ledger than ours."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from crypto.attest.directory import Head
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import What
from crypto.seal.ceremony import publish_windows
from crypto.seal.content import NO_CASE, Kind
from crypto.seal.primitives import fresh
from crypto.seal.status import Status, status_to_value
from crypto.seal.windows import make_window
from liaison.desk.line.broker_client import publish_entry
from tests.adversary.test_hostile_desk import check_the_next_arrives, set_aside_as
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.forge_desk import Forger, forging
from tests.support.hostile_line import fork_checkpoint
from tests.support.network import Network, start, until

REF = "GX-DX-2026-0001"


@pytest.fixture
async def forger(parts: Network) -> AsyncIterator[Forger]:
    """Yield the keys of the desk in Dongxing; only the desk in Móng Cái runs."""
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        yield forger


def honest(forger: Forger) -> Status:
    """Return what Dongxing's device would say."""
    directory = forger.directory
    return Status(
        peer=forger.id_of(forger.victim),
        at=forger.at,
        sent={},
        received={},
        dirhead=directory.head,
        checkpoint=None,
        windows=tuple(window.kid for window in directory.windows(forger.id_of(forger.desk))),
    )


def sealed(forger: Forger, status: Status) -> bytes:
    """Return a status as the forger's device seals it."""
    form = status_to_value(status)
    content = forger.content(form, kind=Kind.STATUS, thread=NO_CASE, signer=forger.device)
    return forger.forgery(content, signer=forger.device).build()


async def alarms(forger: Forger) -> list[tuple[str, str]]:
    """Return what the victim is alarmed by, and about what."""
    return [(a["code"], a["about"]) for a in (await forger.victim.status())["alarms"]]


async def check_alarm(forger: Forger, code: str, about: str) -> None:
    """Check that the victim comes to be alarmed."""

    async def is_told() -> bool:
        return (code, about) in await alarms(forger)

    await until(is_told, f"the alarm {code}")


def victims_key(forger: Forger) -> KeyId:
    """Return the key of the victim's officer."""
    return SigningKey.from_seed(forger.victim.keys.seed).kid


async def test_an_honest_status_is_taken(forger: Forger) -> None:
    await forger.caller.submit(sealed(forger, honest(forger)))
    await forger.network.settle()

    assert await forger.victim.set_aside() == []
    assert await alarms(forger) == []
    found = (await forger.victim.status())["peers"]
    assert [one["state"] for one in found if one["desk"] == DONGXING] == ["here"]


async def test_a_status_for_another_desk_is_refused(forger: Forger) -> None:
    other = replace(honest(forger), peer=forger.id_of(forger.desk))

    assert await set_aside_as(forger, sealed(forger, other)) == "status.false"
    await check_the_next_arrives(forger)


async def test_a_status_of_another_time_than_its_message_is_refused(forger: Forger) -> None:
    old = replace(honest(forger), at=forger.at - 1)

    assert await set_aside_as(forger, sealed(forger, old)) == "status.false"


async def test_a_status_about_anothers_lanes_is_refused(forger: Forger) -> None:
    end = {victims_key(forger): (1, MessageId(fresh(32)))}
    strange = replace(honest(forger), sent=end)

    assert await set_aside_as(forger, sealed(forger, strange)) == "status.false"


async def test_a_status_of_another_directory_is_refused(forger: Forger) -> None:
    head = Head(forger.directory.head.size, fresh(32))
    forked = replace(honest(forger), dirhead=head)

    assert await set_aside_as(forger, sealed(forger, forked)) == "directory.fork"
    assert ("directory.fork", DONGXING) in await alarms(forger)


async def test_a_status_that_names_another_message_at_a_place_of_theirs_is_an_alarm(
    forger: Forger,
) -> None:
    await forger.send(forger.request(REF))
    await forger.network.holds(forger.victim, REF, 1)
    forked = replace(honest(forger), sent={forger.officer.kid: (1, MessageId(fresh(32)))})

    await forger.caller.submit(sealed(forger, forked))

    await check_alarm(forger, "lane.fork", f"{DONGXING} DX-02 1")


async def test_a_status_that_received_another_message_at_a_place_of_ours_is_an_alarm(
    forger: Forger,
) -> None:
    await forger.victim.request()
    await forger.network.settle()
    other = {victims_key(forger): (1, MessageId(fresh(32)))}

    await forger.caller.submit(sealed(forger, replace(honest(forger), received=other)))

    await check_alarm(forger, "lane.fork", f"{DONGXING} MC-04 1")


async def test_what_a_status_has_sent_and_is_not_here_is_missing(forger: Forger) -> None:
    beyond = replace(honest(forger), sent={forger.officer.kid: (3, MessageId(fresh(32)))})

    await forger.caller.submit(sealed(forger, beyond))
    await forger.network.settle()

    missing = (await forger.victim.status())["missing"]
    assert [(gap["by"], gap["first"], gap["last"]) for gap in missing] == [("DX-02", 1, 3)]


async def test_a_window_in_their_name_that_their_computer_lacks_is_an_alarm(
    forger: Forger,
) -> None:
    await forger.caller.submit(sealed(forger, replace(honest(forger), windows=())))

    await check_alarm(forger, "peer.window", DONGXING)


async def test_a_status_need_not_name_a_window_that_was_published_after_it(
    forger: Forger,
) -> None:
    """What makes new windows for this week: a revoked key might have opened the old one."""
    before = honest(forger)
    ours = forger.id_of(forger.desk)
    week = forger.directory.open_window(ours, at=forger.at).not_before
    window = make_window(week).window
    agency = forger.directory.desk(ours).agency
    last = forger.directory.last(What.WINDOWS, agency, ours)
    entry = publish_windows(agency, ours, [window], device=forger.device, after=last)
    await publish_entry(forger.network.http, forger.network.broker.url, entry)
    await forger.network.settle()
    assert forger.directory.open_window(ours, at=forger.at) == window

    first = sealed(forger, before)
    await forger.caller.submit(first)
    await forger.network.settle()

    assert await forger.victim.set_aside() == []
    assert await alarms(forger) == []
    forger.ends[forger.device.kid] = (1, parse_envelope(first).mid)
    await forger.caller.submit(sealed(forger, replace(before, dirhead=forger.directory.head)))
    await check_alarm(forger, "peer.window", DONGXING)


async def test_a_checkpoint_that_the_witnesses_have_not_signed_is_an_alarm(forger: Forger) -> None:
    forged = replace(honest(forger), checkpoint=b"no checkpoint")

    await forger.caller.submit(sealed(forger, forged))

    await check_alarm(forger, "peer.checkpoint", DONGXING)


async def test_a_checkpoint_of_another_ledger_of_our_size_is_an_alarm(forger: Forger) -> None:
    await forger.network.settle()
    ours = await forger.victim.agent.store.fact("checkpoint")
    assert ours is not None
    forged = fork_checkpoint(forger.network, ours, "vn-quangninh-police", "cn-guangxi-police")

    await forger.caller.submit(sealed(forger, replace(honest(forger), checkpoint=forged)))

    await check_alarm(forger, "ledger.fork", DONGXING)
