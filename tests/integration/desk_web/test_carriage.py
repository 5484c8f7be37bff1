"""Carrying by hand, on the screen: a file is saved at one desk and taken in at the other."""

from collections.abc import Awaitable, Callable
from io import BytesIO

import pytest
from aiohttp import FormData

from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from protocols.wire.carriage import FILE_LIMIT
from tests.support.carried import cut_off
from tests.support.files import PDF, add, files_at, read
from tests.support.languages import untranslated
from tests.support.network import Desk, Network
from tests.support.screens import Page, Screen, read_page

ScreenAt = Callable[[Desk], Awaitable[Screen]]


async def saved(screen: Screen, path: str) -> tuple[str, bytes]:
    """Save the file behind a link and return its name and bytes."""
    async with screen.http.get(screen.desk.url + path) as answer:
        assert answer.status == 200
        assert answer.content_disposition is not None
        return str(answer.content_disposition.filename), await answer.read()


async def taken_in(screen: Screen, *files: tuple[str, bytes], lang: str = "vi") -> Page:
    """Take files in by the form and return the page that says what became of them."""
    form = FormData()
    for name, raw in files:
        form.add_field("file", BytesIO(raw), filename=name)
    headers = {"Origin": screen.desk.url, "Accept-Language": TAGS[Language(lang)]}
    async with screen.http.post(
        screen.desk.url + "/carriage", data=form, headers=headers
    ) as answer:
        return read_page(answer.status, answer.url.path, await answer.text())


def links(page: Page) -> list[str]:
    """Return the addresses of the files that a page offers."""
    return [
        part.split('"')[0] for part in page.html.split('href="')[1:] if "/carriage/" in part[:11]
    ]


async def test_a_rescue_is_saved_at_one_desk_and_taken_in_at_the_other(
    network: Network, screen_at: ScreenAt
) -> None:
    here, there = await screen_at(network.mongcai), await screen_at(network.dongxing)
    await cut_off(network)
    ref = await network.mongcai.request()

    board = await here.get("/board")
    page = await here.get("/carriage")
    (link,) = links(page)
    file = await saved(here, link)
    done = await taken_in(there, file, file)
    back = await there.get("/carriage")

    assert 'href="/carriage"' in board.html
    assert ref in page.text
    assert file[0] == link.rsplit("/", 1)[1] + ".liaison"
    assert "đã nạp" in done.text
    assert "đã có từ trước" in done.text
    assert [row["case"] for row in await network.dongxing.board()] == [ref]
    assert "Chuyển tay, chưa vào nhật ký" in (await there.get(f"/cases/{ref}")).text
    word = await saved(there, links(back)[0])
    assert "đã nạp" in (await taken_in(here, word)).text
    (step,) = await network.mongcai.steps(ref)
    assert step["carried"]["had"] is not None


async def test_a_note_with_a_file_is_sealed_saved_and_taken_in_whichever_file_is_chosen_first(
    network: Network, screen_at: ScreenAt
) -> None:
    here, there = await screen_at(network.mongcai), await screen_at(network.dongxing)
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await cut_off(network)
    added = await add(network.mongcai, ref, "a.pdf", PDF)
    blobs = [bytes.fromhex(added["blob"])]
    await network.mongcai.agent.filing.send(network.mongcai.officer, ref, blobs, lang="vi")

    before = await here.get("/carriage")
    page = await here.post("/carriage/prepare", [])
    files = [await saved(here, link) for link in links(page)]
    done = await taken_in(there, *reversed(files))
    of_case = await there.get(f"/carriage?case={ref}")
    (again,) = [link for link in links(of_case) if added["blob"] in link]

    assert "1 ghi chú có tệp" in before.text
    assert len(files) == 2
    assert "1 ghi chú có tệp" not in page.text
    assert done.text.count("đã nạp") == 2
    assert [file["state"] for file in await files_at(network.dongxing, ref)] == ["here"]
    assert await read(network.dongxing, ref, added["blob"]) == PDF
    assert await saved(there, again) in files
    assert "Máy này không có tệp nào" in (await there.get("/carriage?case=x")).text


async def test_files_that_are_refused_are_named_with_what_to_do_next(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.dongxing)

    page = await taken_in(
        screen,
        ("<b>x</b>.liaison", b"%PDF-1.7"),
        ("large.liaison", bytes(FILE_LIMIT + 1)),
        ("empty.liaison", b""),
    )

    assert page.status == 200
    assert page.text.count("Tệp này không phải tệp thư nguyên vẹn") == 3
    assert page.text.count("Chép lại tệp từ bàn trực phía gửi") == 3
    assert "<b>x</b>" not in page.html
    assert await network.dongxing.board() == []


async def test_a_file_that_does_not_wait_is_not_given(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)

    page = await screen.get("/carriage/" + "0" * 64)

    assert page.status == 404


@pytest.mark.parametrize("lang", list(Language))
async def test_the_page_is_whole_in_each_language(
    network: Network, screen_at: ScreenAt, lang: Language
) -> None:
    screen = await screen_at(network.mongcai)
    await cut_off(network)
    await network.mongcai.request()

    page = await screen.get("/carriage", lang=lang)

    assert f'<html lang="{TAGS[lang]}"' in page.html
    assert list(untranslated(page, lang)) == []
