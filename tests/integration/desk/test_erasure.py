"""A case is erased at one desk, by two officers, once it is over; the other side keeps its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.seal.content import NO_CASE, Kind
from crypto.seal.erasure import ErasureSignersError
from liaison.demo.hand_clock import HandClock
from liaison.desk.client import ADDRESS, DeskRefusedError
from liaison.desk.entrance.roster import STORE
from liaison.desk.files.cabinet import FOLDER
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.command import liaison
from tests.support.files import PDF, attach, have_come
from tests.support.installations import admit_each_other, enrol_installation, second_of
from tests.support.network import AT, GUANGXI, Desk, Foundation, Network, start, until
from tests.support.pages import opened_pages
from tests.support.screens import Screen, browser_session
from tests.support.women import TEXT_ZH

RULE = "个人信息保护法 第47条"
#: Officer and approver at the desk above: who asks for the erasure, and who agrees.
FIRST, SECOND = "GX-02", "GX-01"


@pytest.fixture
async def network(founded: Foundation, tmp_path: Path) -> AsyncIterator[Network]:
    """Yield a network whose provinces' desks run; at the Chinese one both officers are there."""
    async with founded.copy(tmp_path / "network") as network:
        await start(network, QUANGNINH, GUANGXI)
        await network.desks[GUANGXI].client.post(
            "/api/unlock", officer=FIRST, passphrase=network.founded.passphrase
        )
        yield network


async def requested(network: Network) -> str:
    """Return the reference of a request that Guangxi has before it."""
    ref = await network.desks[QUANGNINH].request(GUANGXI)
    await network.holds(network.desks[GUANGXI], ref, 1)
    await network.settle()
    return ref


async def declined(network: Network) -> str:
    """Return the reference of a request that Guangxi has declined."""
    ref = await requested(network)
    await network.desks[GUANGXI].act(ref, "decline", reason_code="NOT_COMPETENT", text=TEXT_ZH)
    await network.holds(network.desks[QUANGNINH], ref, 2)
    await network.settle()
    return ref


async def erase(network: Network, ref: str, **other: str) -> object:
    """Have Guangxi's two officers erase a case, or say otherwise in ``other``."""
    said = {
        "officer": FIRST,
        "second": SECOND,
        "passphrase": network.founded.passphrase,
        "reason": "retention_over",
        "rule": RULE,
    }
    return await network.desks[GUANGXI].client.post(f"/api/cases/{ref}/erase", **said | other)


async def refusal(network: Network, ref: str, **other: str) -> tuple[int, str]:
    """Return status and code with which an erasure is refused; the case is still there."""
    with pytest.raises(DeskRefusedError) as refused:
        await erase(network, ref, **other)
    assert ref in [row["case"] for row in await network.desks[GUANGXI].board()]
    return refused.value.status, refused.value.code


async def test_an_erased_case_is_gone_here_and_stays_there(network: Network) -> None:
    guangxi, quangninh = network.desks[GUANGXI], network.desks[QUANGNINH]
    ref = await declined(network)
    [key] = [key.raw for key in (await guangxi.agent.store.case_keys()).values()]
    path = guangxi.state / STORE
    assert key in opened_pages(path, guangxi.keys.master)

    await erase(network, ref)

    assert await guangxi.board() == []
    assert [row["case"] for row in await quangninh.board()] == [ref]
    with pytest.raises(DeskRefusedError) as refused:
        await guangxi.case(ref)
    assert (refused.value.status, refused.value.code) == (410, "casework.case_erased")
    assert key not in opened_pages(path, guangxi.keys.master)
    [stub] = (await guangxi.client.get("/api/erased"))["erased"]
    assert stub == {
        "case": ref,
        "at": "2026-03-02T08:00:00Z",
        "officers": [SECOND, FIRST],
        "reason": "retention_over",
        "rule": RULE,
        "messages": 2,
        "elsewhere": [],
    }


async def shown_erased(desk: Desk) -> list[tuple[str, list[bool]]]:
    """Return each erased case that a computer shows, and whether it is erased at the others."""
    found = (await desk.client.get("/api/erased"))["erased"]
    return [(one["case"], [other["at"] is not None for other in one["elsewhere"]]) for one in found]


async def test_an_erasure_reaches_the_computer_that_was_off_and_the_one_that_comes_later(
    network: Network,
) -> None:
    guangxi = network.desks[GUANGXI]
    second = await second_of(network, guangxi, officer="GX-07")
    ref = await declined(network)
    await network.holds(second, ref, 2)
    [key] = [key.raw for key in (await second.agent.store.case_keys()).values()]
    kid, tidings = second.agent.keyring.device.kid, guangxi.agent.devices.tidings
    await second.stop()

    await erase(network, ref)

    async def is_on_its_way() -> bool:
        return await tidings.lacking(kid) == []

    await until(is_on_its_way, "the erasure is given to the second computer")
    await network.settle()
    later = replace(tidings, clock=HandClock(AT + timedelta(days=36)))
    assert [told.kind for told in await later.lacking(kid)] == [Kind.ERASURE]
    assert await shown_erased(guangxi) == [(ref, [False])]
    (guangxi.state / ADDRESS).write_text(guangxi.url + "\n", encoding="utf-8")
    printed = await asyncio.to_thread(liaison, "desk", "erased", "--state", guangxi.state)
    assert ref in printed.out.splitlines()[0], printed.err
    assert printed.out.splitlines()[1].strip().startswith("… GX-07-device")
    async with browser_session() as http:
        screen = await Screen.open(guangxi, http)
        await screen.unlock(network.founded.passphrase, FIRST)
        page = await screen.get("/erased", lang="zh")
    assert "GX-07-device: 该电脑尚未清除" in page.text
    await second.start()

    async def is_told() -> bool:
        return await shown_erased(guangxi) == [(ref, [True])]

    await until(is_told, "the first computer knows that it is erased at the second")
    assert await later.lacking(kid) == []
    assert await second.board() == []
    assert key not in opened_pages(second.state / STORE, second.keys.master)
    assert (await second.client.get("/api/erased"))["erased"][0]["officers"] == [SECOND, FIRST]
    await guangxi.stop()
    third = await enrol_installation(network, guangxi, officer="GX-08", name="third")
    await third.start()
    await network.settle()
    await admit_each_other(second, third)
    await network.settle()
    assert [case for case, _ in await shown_erased(third)] == [ref]
    assert await third.board() == []
    assert (await third.agent.store.case_keys()).keys() <= {NO_CASE}


async def test_what_no_two_officers_of_the_desk_have_signed_erases_nothing_elsewhere(
    network: Network,
) -> None:
    guangxi, quangninh = network.desks[GUANGXI], network.desks[QUANGNINH]
    ref = await declined(network)
    eraser, thread = quangninh.agent.eraser, await guangxi.agent.store.thread_of(ref)
    await erase(network, ref)
    assert thread is not None
    [stub] = await guangxi.agent.store.erased()

    with pytest.raises(ErasureSignersError, match="our own desk"):
        await eraser.take_told(stub.statement)

    assert [row["case"] for row in await quangninh.board()] == [ref]


async def test_it_is_still_erased_after_a_restart_and_all_goes_on(network: Network) -> None:
    guangxi = network.desks[GUANGXI]
    ref = await declined(network)
    await erase(network, ref)

    await guangxi.stop()
    await guangxi.start()
    other = await requested(network)

    assert [row["case"] for row in await guangxi.board()] == [other]
    assert await guangxi.set_aside() == []
    assert [stub["case"] for stub in (await guangxi.client.get("/api/erased"))["erased"]] == [ref]


async def test_what_comes_for_it_later_is_set_aside_and_not_acknowledged(network: Network) -> None:
    guangxi, quangninh = network.desks[GUANGXI], network.desks[QUANGNINH]
    ref = await declined(network)
    await erase(network, ref)

    await quangninh.act(ref, "note", text=TEXT_ZH)
    await network.settle()

    assert await guangxi.set_aside() == ["inbox.case_erased"]
    assert await guangxi.board() == []
    assert (await quangninh.steps(ref))[-1]["delivery"]["delivered"] is None


async def test_a_case_that_is_open_or_waits_for_the_line_is_not_erased(network: Network) -> None:
    guangxi = network.desks[GUANGXI]
    ended, still_open = await declined(network), await requested(network)
    await network.broker.stop()
    await network.line_is(guangxi, "down")
    await guangxi.act(ended, "note", text=TEXT_ZH)

    for ref in (ended, still_open):
        assert await refusal(network, ref) == (409, "casework.not_erasable")


#: What differs from an erasure as it should be, and how the desk answers.
OTHER_WORDS = (
    ({"second": FIRST}, (403, "erasure.signers")),
    ({"passphrase": "not the passphrase"}, (403, "vault.wrong_passphrase")),
    ({"second": "GX-09"}, (403, "vault.unknown_officer")),
    ({"officer": "GX-09"}, (423, "desk.locked")),
    ({"rule": "?"}, (422, "casework.retention_rule")),
    ({"reason": "tidy"}, (422, "desk.erasure_reason")),
)


async def test_nothing_is_erased_on_another_word(network: Network) -> None:
    ref = await declined(network)

    for other, expected in OTHER_WORDS:
        assert await refusal(network, ref, **other) == expected


async def test_two_officers_neither_of_whom_may_release_erase_nothing(
    founded: Foundation, tmp_path: Path
) -> None:
    async with founded.copy(tmp_path / "network") as network:
        await start(network, MONGCAI, DONGXING)
        mongcai = network.mongcai
        ref = await mongcai.request()
        await network.holds(network.dongxing, ref, 1)
        await mongcai.act(ref, "withdraw", text=TEXT_ZH)
        await network.holds(network.dongxing, ref, 2)
        await network.settle()
        said = {"officer": mongcai.officer, "second": "MC-05", "reason": "ordered", "rule": RULE}

        with pytest.raises(DeskRefusedError) as refused:
            await mongcai.client.post(
                f"/api/cases/{ref}/erase", **said, passphrase=network.founded.passphrase
            )

        assert refused.value.code == "erasure.signers"
        assert [row["case"] for row in await mongcai.board()] == [ref]


async def test_it_is_erased_on_the_screen_with_the_second_officers_passphrase(
    network: Network,
) -> None:
    ref = await declined(network)
    guangxi, passphrase = network.desks[GUANGXI], network.founded.passphrase
    async with browser_session() as session:
        screen = await Screen.open(guangxi, session)
        await screen.unlock(passphrase, FIRST)
        page = await screen.get(f"/cases/{ref}")
        assert f"/cases/{ref}/erase" in page.html

        path = f"/cases/{ref}/erase"
        page = await screen.get(path)
        typed = {"second": SECOND, "rule": RULE, "passphrase": "wrong one here"}
        again = await screen.submit(page, path, {**typed, "reason": "ordered"})
        assert again.status == 422
        assert "vault.wrong_passphrase" not in again.text
        assert "wrong one here" not in again.html
        assert dict(again.form(path).fields)["rule"] == RULE
        done = await screen.submit(again, path, {"passphrase": passphrase})

        assert (done.status, done.path) == (200, "/erased")
        assert ref in done.text
        assert RULE in done.text
        assert "Theo lệnh của cơ quan có thẩm quyền" in done.text
    assert await guangxi.board() == []


async def test_an_erased_case_leaves_none_of_its_files(network: Network) -> None:
    guangxi = network.desks[GUANGXI]
    ref = await declined(network)
    await attach(network.desks[QUANGNINH], ref, ("a.pdf", PDF))
    await have_come(guangxi, ref, 1)
    await network.settle()
    [there] = (guangxi.state / FOLDER).iterdir()

    await erase(network, ref)

    assert not there.exists()
    assert await guangxi.agent.store.file_blobs() == set()
    assert len(list((network.desks[QUANGNINH].state / FOLDER).iterdir())) == 1


async def test_a_case_with_files_that_wait_to_go_is_not_erased(network: Network) -> None:
    guangxi = network.desks[GUANGXI]
    ref = await declined(network)
    await network.broker.stop()
    await network.line_is(guangxi, "down")
    await attach(guangxi, ref, ("a.pdf", PDF))

    assert await refusal(network, ref) == (409, "casework.not_erasable")
