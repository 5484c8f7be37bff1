"""Releases and records signed on the approver's screen: asked, read, granted, refused, told."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from crypto.attest.header import MessageId
from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from tests.integration.desk_web.test_pages import PAYLOAD
from tests.support.agencies import DONGXING
from tests.support.baby import TEXT_VI, TEXT_ZH
from tests.support.languages import untranslated
from tests.support.network import GUANGXI, Desk, Network
from tests.support.releases import (
    FILE,
    approval_in,
    asks_at,
    dna_request,
    draft_in,
    grant,
    request_dna,
    return_request,
)
from tests.support.screens import Page, Screen, browser_session

ScreenAt = Callable[[Desk], Awaitable[Screen]]


@pytest.fixture
async def province(network: Network) -> Desk:
    """Return the desk whose approver releases what Dongxing asks."""
    desk = network.desks[GUANGXI]
    await desk.start()
    await network.line_is(desk, "up")
    return desk


@pytest.fixture
async def officer_screen(network: Network, province: Desk) -> AsyncIterator[Screen]:
    """Yield a screen at the province of an officer whose key does not release."""
    async with browser_session() as session:
        screen = await Screen.open(province, session)
        await screen.unlock(network.founded.passphrase, "GX-02")
        yield screen


async def open_ask(screen: Screen, desk: Desk, *, lang: str = "zh") -> Page:
    """Return the page of the one question that waits at ``desk``."""
    [ask] = await asks_at(desk)
    return await screen.get(f"/asks/{ask['ask']}", lang=lang)


async def test_an_approver_reads_what_leaves_and_releases_it_on_the_screen(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    screen = await screen_at(province)
    await asks_at(province)

    queue = await screen.get("/asks", lang="zh")
    ask = await open_ask(screen, province)
    typed = {"file": FILE, "basis": "PALERMO"}
    done = await screen.submit(ask, f"{ask.path}/grant", typed, lang="zh")
    await network.holds(network.mongcai, ref, 1)

    for shown in (ref, "DX-02", "DNA比对", "15:00", "16:00"):
        assert shown in queue.text
    assert TEXT_ZH["text"] in ask.text
    assert done.path == ask.path
    assert "GX-01已签署" in done.text
    assert FILE in done.text
    approval = await approval_in(network.mongcai, ref)
    assert approval is not None
    assert (approval.officer, approval.file, approval.basis) == ("GX-01", FILE, "PALERMO")


async def test_every_field_that_the_addressee_is_sent_stands_on_the_approvers_page(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    ask = await open_ask(await screen_at(province), province)
    await grant(province)
    await network.holds(network.mongcai, ref, 1)

    sent = (await network.mongcai.case(ref, "zh"))["steps"][0]["fields"]
    labels = (".label", ".labels", "header.ref", "header.version", "header.sender", "header.to")
    missing = [
        field["path"]
        for field in sent
        if "release_approval" not in field["path"]
        and not field["path"].endswith(labels)
        and field["path"] not in ("case", "act")
        and str(field["value"]) not in ask.text
    ]

    assert len(sent) > 20
    assert missing == []


async def test_what_waits_is_counted_on_every_page_and_no_longer_once_it_is_decided(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    screen = await screen_at(province)
    before = await screen.get("/board", lang="en")
    await request_dna(network)
    ask = await open_ask(screen, province, lang="en")
    during = [await screen.get(path, lang="en") for path in ("/board", "/requests", "/asks")]

    after = await screen.submit(ask, f"{ask.path}/refuse", {"reason": "x"}, lang="en")

    assert "(0)" in before.text
    assert ["(1)" in page.text for page in during] == [True, True, True]
    assert "1 wait to be signed here" in during[0].text
    assert "(0)" in after.text


async def test_a_refusal_reaches_the_asking_desks_screen_with_its_reason_and_what_to_do(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    asking, screen = await screen_at(network.dongxing), await screen_at(province)
    ask = await open_ask(screen, province)
    waiting = await asking.get(f"/cases/{ref}", lang="zh")

    done = await screen.submit(ask, f"{ask.path}/refuse", {"reason": "样本编号有误"}, lang="zh")
    await draft_in(network.dongxing, "refused")
    board = await asking.get("/board", lang="zh")
    told = await asking.get(f"/cases/{ref}", lang="zh")
    await network.settle()

    assert "内容尚未发出" in waiting.text
    assert TEXT_ZH["text"] in waiting.text
    assert "DNA比对" in waiting.text
    assert "GX-01未予签署" in done.text
    for page in (board, told):
        assert "样本编号有误" in page.text
    assert "请按上述理由重新拟写" in told.text
    assert TEXT_ZH["text"] in told.text
    assert await network.mongcai.board() == []


async def test_a_released_request_says_on_both_sides_who_else_has_signed(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    await grant(province)
    await network.holds(network.mongcai, ref, 1)
    ours, theirs = await screen_at(network.dongxing), await screen_at(network.mongcai)

    sent, read = await ours.get(f"/cases/{ref}", lang="zh"), await theirs.get(f"/cases/{ref}")

    assert "GX-01签署" in sent.text
    assert "内容尚未发出" not in sent.text
    assert "chữ ký của GX-01" in read.text


async def test_an_officers_key_is_shown_the_question_and_may_not_decide_it(
    network: Network, province: Desk, officer_screen: Screen
) -> None:
    ref = await request_dna(network)
    ask = await open_ask(officer_screen, province)

    answers = [
        await officer_screen.post(f"{ask.path}/grant", [("file", FILE)], lang="zh"),
        await officer_screen.post(f"{ask.path}/refuse", [("reason", "不")], lang="zh"),
    ]

    assert TEXT_ZH["text"] in ask.text
    assert [form.action for form in ask.forms if form.action.startswith("/asks")] == []
    for page in (ask, *answers):
        assert "该人员的密钥无权用于审批" in page.text
    assert [page.status for page in answers] == [422, 422]
    assert len(await asks_at(province)) == 1
    assert (await network.dongxing.agent.store.drafts_in("asked"))[0].ref == ref


async def test_a_decision_without_what_it_needs_is_refused_at_its_field_and_keeps_what_was_typed(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    await request_dna(network)
    screen = await screen_at(province)
    ask = await open_ask(screen, province)

    no_file = await screen.submit(ask, f"{ask.path}/grant", {"basis": "PALERMO"}, lang="zh")
    too_long = await screen.submit(ask, f"{ask.path}/grant", {"file": "7" * 81}, lang="zh")
    no_law = await screen.submit(ask, f"{ask.path}/grant", {"file": "1", "basis": "NONE"})
    no_reason = await screen.submit(ask, f"{ask.path}/refuse", {"reason": "  "}, lang="zh")

    for page, field in (
        *((no_file, "file"), (too_long, "file")),
        *((no_law, "basis"), (no_reason, "reason")),
    ):
        assert page.status == 422
        assert f'id="{field}-wrong"' in page.html
    assert ("file", "7" * 81) in too_long.form(f"{ask.path}/grant").fields
    assert ("basis", "PALERMO") in no_file.form(f"{ask.path}/grant").fields
    assert len(await asks_at(province)) == 1


async def test_a_question_decided_meanwhile_shows_the_decision_instead_of_a_second_one(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    await request_dna(network)
    screen = await screen_at(province)
    ask = await open_ask(screen, province)
    await grant(province)

    again = await screen.submit(ask, f"{ask.path}/grant", {"file": "another"}, lang="zh")
    late = await screen.submit(ask, f"{ask.path}/refuse", {"reason": "晚了"}, lang="zh")

    for page in (again, late):
        assert (page.status, page.path) == (200, ask.path)
        assert "GX-01已签署" in page.text
        assert "another" not in page.text


async def test_what_is_no_question_of_this_desk_is_not_found(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    await request_dna(network)
    [ask] = await asks_at(province)
    await grant(province)
    await network.settle()
    screen, theirs = await screen_at(province), await screen_at(network.dongxing)
    thread = (await province.agent.releases.question(MessageId(bytes.fromhex(ask["ask"])))).thread
    messages = await network.dongxing.agent.store.messages_of(thread)
    [answer] = [message.mid for message in messages if not message.outgoing]

    found = [await screen.get(f"/asks/{name}") for name in ("00" * 32, "none")]
    found += [await theirs.get(f"/asks/{name}") for name in (ask["ask"], answer.hex())]

    assert [page.status for page in found] == [404, 404, 404, 404]
    assert all("release.unknown_ask" in page.text for page in found)


async def test_a_release_given_without_a_line_waits_for_it_and_says_so(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    screen = await screen_at(province)
    ask = await open_ask(screen, province)
    await network.broker.stop()
    await network.line_is(province, "down")

    done = await screen.submit(ask, f"{ask.path}/grant", {"file": FILE}, lang="zh")
    await network.broker.start()
    await network.holds(network.mongcai, ref, 1)
    async with screen.http.get(f"{province.url}{ask.path}/live") as stream:
        later = (await stream.content.readuntil(b"\r\n\r\n")).decode()

    assert "等待线路恢复" in done.text
    assert "Signed by GX-01" in later
    assert "waiting for the line" not in later


async def test_the_record_of_a_handover_is_read_in_the_other_language_and_signed_on_the_screen(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await network.dongxing.request("vn-mongcai-1", request=return_request())
    await grant(province)
    await network.holds(network.mongcai, ref, 1)
    agreed = [{"person": "P2", "outcome": "agreed"}]
    await network.mongcai.act(ref, "answer", outcomes=agreed, text=TEXT_VI)
    await network.holds(network.dongxing, ref, 2)
    ours, theirs = await screen_at(network.dongxing), await screen_at(network.mongcai)
    path = f"/cases/{ref}/acts/handover_record"
    waiting = await ours.submit(await ours.get(path, lang="zh"), path, {"text": "P2已交接。"})

    ask = await open_ask(theirs, network.mongcai, lang="vi")
    done = await theirs.submit(ask, f"{ask.path}/grant")
    await network.holds(network.dongxing, ref, 3)
    await network.settle()

    assert waiting.path == f"/cases/{ref}"
    assert "Ký biên bản" in ask.text
    assert "P2已交接。" in ask.text
    assert "MC-04 đã ký" in done.text
    assert (await network.dongxing.case(ref))["stage"] == "closed"


async def test_no_page_of_a_question_shows_a_string_of_another_language(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    ref = await request_dna(network)
    screen, asking = await screen_at(province), await screen_at(network.dongxing)
    ask = await open_ask(screen, province)
    pages = []

    for lang in Language:
        pages += [(lang, await screen.get(path, lang=lang)) for path in ("/asks", ask.path)]
        wrong = await screen.submit(ask, f"{ask.path}/grant", {"file": ""}, lang=lang)
        pages += [(lang, wrong), (lang, await asking.get(f"/cases/{ref}", lang=lang))]
    await screen.submit(ask, f"{ask.path}/refuse", {"reason": "7"}, lang="zh")
    await draft_in(network.dongxing, "refused")
    for lang in Language:
        pages.append((lang, await screen.get(ask.path, lang=lang)))
        pages.append((lang, await asking.get(f"/cases/{ref}", lang=lang)))

    found = [f"{lang} {p.path}: {text}" for lang, p in pages for text in untranslated(p, lang)]
    assert all(f'<html lang="{TAGS[lang]}"' in page.html for lang, page in pages)
    assert found == []


async def test_markup_in_what_is_asked_or_refused_is_shown_as_text(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    said = {"lang": "zh", "text": PAYLOAD}
    request = dna_request(summary=said)
    ref = await network.dongxing.request("vn-mongcai-1", request=request, text=said)
    screen, asking = await screen_at(province), await screen_at(network.dongxing)
    ask = await open_ask(screen, province)

    waiting = await asking.get(f"/cases/{ref}", lang="zh")
    done = await screen.submit(ask, f"{ask.path}/refuse", {"reason": PAYLOAD}, lang="zh")
    await draft_in(network.dongxing, "refused")
    told = [await asking.get(path, lang="zh") for path in ("/board", f"/cases/{ref}")]

    for page in (ask, waiting, done, *told):
        assert PAYLOAD in page.text
        assert "<script>alert" not in page.html
        assert "<img" not in page.html


async def test_a_question_appears_on_the_approvers_open_pages_by_itself(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    screen = await screen_at(province)
    heard: dict[str, str] = {}
    asked: list[str] = []
    for path in ("/asks", "/board"):
        async with screen.http.get(province.url + path + "/live") as stream:
            await stream.content.readuntil(b"\r\n\r\n")
            asked.append(await request_dna(network))
            part = ""
            while f"({len(asked)})" not in part:
                part = (await stream.content.readuntil(b"\r\n\r\n")).decode()
            heard[path] = part

    assert asked[0] in heard["/asks"]
    assert "<tr" in heard["/asks"]
    assert "2 wait to be signed here" in heard["/board"]
    assert DONGXING not in heard["/asks"]  # it is named, not coded


async def test_unlocking_leads_back_to_the_question_that_was_asked_for(
    network: Network, province: Desk, screen_at: ScreenAt
) -> None:
    await request_dna(network)
    screen = await screen_at(province)
    ask = await open_ask(screen, province)
    await screen.post("/lock", [])

    locked = await screen.get(ask.path)
    typed = {"officer": "GX-01", "passphrase": network.founded.passphrase}
    back = await screen.submit(locked, "/unlock", typed)

    assert locked.path.startswith("/unlock")
    assert back.path == ask.path
