"""Files on the screen: added, told of, looked at, saved, and refused with a next step."""

import io
from collections.abc import Awaitable, Callable

import pytest
from PIL import Image

from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from tests.support.files import PDF, attach, files_at, have_come, photograph
from tests.support.languages import untranslated
from tests.support.network import Desk, Network
from tests.support.screens import Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]


async def test_two_files_are_added_on_the_screen_and_come_to_the_other_desk(
    network: Network, screen_at: ScreenAt
) -> None:
    ref = await network.mongcai.request()
    screen = await screen_at(network.mongcai)
    page = await screen.get(f"/cases/{ref}/files")
    fields = [
        (name, value) for name, value in page.form(f"/cases/{ref}/files").fields if name != "file"
    ]

    done = await screen.upload(
        f"/cases/{ref}/files", fields, ("ảnh.jpg", photograph()), ("hộ chiếu.pdf", PDF)
    )
    again = await screen.upload(f"/cases/{ref}/files", fields, ("ảnh.jpg", photograph()))
    await have_come(network.dongxing, ref, 2)

    assert (done.status, done.path) == (200, f"/cases/{ref}")
    assert again.path == f"/cases/{ref}"
    files = await files_at(network.dongxing, ref)
    assert [file["name"] for file in files] == ["ảnh.jpg", "hộ chiếu.pdf"]


async def test_a_bad_file_is_told_with_what_to_do_and_the_good_one_need_not_be_chosen_again(
    network: Network, screen_at: ScreenAt
) -> None:
    ref = await network.mongcai.request()
    screen = await screen_at(network.mongcai)
    page = await screen.get(f"/cases/{ref}/files")
    path = f"/cases/{ref}/files"
    fields = [pair for pair in page.form(path).fields if pair[0] != "file"]

    told = await screen.upload(path, fields, ("a.pdf", PDF), ("b.exe", b"MZ" + bytes(99)))
    fields = [pair for pair in told.form(path).fields if pair[0] != "file"]
    done = await screen.upload(path, fields)
    await have_come(network.dongxing, ref, 1)

    assert told.status == 422
    assert "b.exe" in told.text
    assert "PDF rồi đính kèm lại" in told.html
    assert "a.pdf" in told.text
    assert done.path == f"/cases/{ref}"
    assert [file["name"] for file in await files_at(network.dongxing, ref)] == ["a.pdf"]


async def test_a_form_without_a_file_says_so(network: Network, screen_at: ScreenAt) -> None:
    ref = await network.mongcai.request()
    screen = await screen_at(network.mongcai)

    told = await screen.upload(f"/cases/{ref}/files", [("once", "x"), ("text", "Xin chào")])

    assert told.status == 422
    assert "Chưa chọn tệp nào" in told.text
    assert "Xin chào" in told.html


async def test_a_file_is_saved_as_what_it_is_and_never_shown_as_a_page(
    network: Network, screen_at: ScreenAt
) -> None:
    ref = await network.mongcai.request()
    await attach(network.mongcai, ref, ("hộ chiếu.pdf", PDF), ("ảnh.png", photograph("PNG")))
    file, picture = await have_come(network.dongxing, ref, 2)
    screen = await screen_at(network.dongxing)
    page = await screen.get(f"/cases/{ref}")
    base = f"{network.dongxing.url}/cases/{ref}/files"

    async with screen.http.get(f"{base}/{file['blob']}") as answer:
        headers, whole = answer.headers, await answer.read()
    async with screen.http.get(f"{base}/{picture['blob']}/preview") as answer:
        preview = await answer.read()
        kind = answer.content_type
    async with screen.http.get(f"{base}/{file['blob']}/preview") as answer:
        no_picture = answer.status

    assert "hộ chiếu.pdf" in page.text
    assert f"/cases/{ref}/files/{picture['blob']}/preview" in page.html
    assert f"/cases/{ref}/files/{file['blob']}/preview" not in page.html
    assert whole == PDF
    assert headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''h%E1%BB%99%20chi%E1%BA%BFu.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert kind == "image/jpeg"
    with Image.open(io.BytesIO(preview)) as small:
        assert small.size == (40, 60)
    assert no_picture == 404


async def test_a_file_is_handed_out_under_its_own_case_alone(
    network: Network, screen_at: ScreenAt
) -> None:
    ref, other = await network.mongcai.request(), await network.mongcai.request()
    (file,) = await attach(network.mongcai, ref, ("a.pdf", PDF))
    screen = await screen_at(network.mongcai)

    async with screen.http.get(
        f"{network.mongcai.url}/cases/{other}/files/{file['blob']}"
    ) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("lang", list(Language))
async def test_the_pages_with_files_are_in_the_officers_language(
    network: Network, screen_at: ScreenAt, lang: Language
) -> None:
    ref = await network.mongcai.request()
    await attach(network.mongcai, ref, ("a.pdf", PDF))
    await have_come(network.dongxing, ref, 1)
    screen = await screen_at(network.dongxing)

    page = await screen.get(f"/cases/{ref}/files", lang=lang)

    assert f'<html lang="{TAGS[lang]}"' in page.html
    assert list(untranslated(page, lang)) == []
