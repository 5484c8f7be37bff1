import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import chain

from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from protocols.casework.forms.registry import FORMS
from tests.support.languages import untranslated
from tests.support.network import AT, Desk, Network
from tests.support.screens import RESCUE, Form, Page, Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]
FORM = "/requests/RESCUE"
#: Every control in which something is typed or chosen.
CONTROL = re.compile(r"<(?:input|select|textarea)(?![^>]*type=\"(?:hidden|checkbox)\")[^>]*>")
PAYLOAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
#: Acts of the requested side that have words of their own.
WORDED = ("ask", "interim", "situation_report", "answer", "note")


async def a_case(network: Network, screen: Screen) -> str:
    """Return the address of a case with an answer, a refused step and one yet unopened."""
    page = await screen.submit(await screen.get(FORM), FORM, RESCUE)
    ref = page.path.removeprefix("/cases/")
    await network.holds(network.dongxing, ref, 1)
    await network.dongxing.act(ref, "acknowledge")
    await network.dongxing.act(
        ref,
        "situation_report",
        text={"lang": "zh", "text": "继续查找。"},
        outcomes=[
            {"persons": "P1", "outcome": "located"},
            {"persons": "P2", "reason": "DATA_NOT_HELD"},
        ],
    )
    await network.holds(network.mongcai, ref, 3)
    # Two rungs of the next report are due at once: one is overtaken, both are late.
    await network.move(AT + timedelta(hours=10))
    await network.settle()
    return page.path


async def test_no_page_shows_a_string_of_another_language(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    case = await a_case(network, ours)
    paths = ["/board", "/unlock", "/requests", case, "/nowhere", "/cases/QN-MC1-2026-0999"]
    paths += [f"/requests/{kind}" for kind in FORMS]
    acts = [f"{case}/acts/{act}" for act in WORDED]
    found = []

    for lang in Language:
        for screen, path in chain(((ours, p) for p in paths), ((theirs, p) for p in acts)):
            page = await screen.get(path, lang=lang)
            assert page.path == path
            assert f'<html lang="{TAGS[lang]}"' in page.html
            found += [f"{lang} {path}: {text}" for text in untranslated(page, lang)]
        wrong = await ours.submit(await ours.get(FORM, lang=lang), FORM, lang=lang)
        found += [f"{lang} {FORM} wrong: {text}" for text in untranslated(wrong, lang)]

    assert found == []


async def test_the_browser_is_asked_to_keep_and_send_nothing(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)

    for path in ("/unlock", "/requests/RESCUE"):
        page = await screen.get(path)
        controls = CONTROL.findall(page.html)
        assert 'translate="no"' in page.html
        assert [c for c in controls if 'autocomplete="off"' not in c] == []
        typed = [c for c in controls if not c.startswith("<select")]
        assert [c for c in typed if 'spellcheck="false"' not in c] == []
        assert " style=" not in page.html
        assert re.search(r"\son[a-z]+=", page.html) is None


async def test_markup_in_any_free_text_of_a_request_is_shown_as_text(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    form = await ours.get(FORM)
    typed = {**RESCUE, **dict.fromkeys(free_texts(form), PAYLOAD)}
    typed["request.persons.0.accounts.0.service"] = PAYLOAD[:40]

    sent = await ours.submit(form, FORM, typed)
    await network.holds(network.dongxing, sent.path.removeprefix("/cases/"), 1)
    acts = await theirs.get(f"{sent.path}/acts/answer")
    pages = [sent, await theirs.get(sent.path, lang="zh"), acts]

    assert sent.path.startswith("/cases/")
    assert sent.text.count(PAYLOAD) >= 10
    for page in pages:
        assert PAYLOAD in page.text
        assert "<script>alert" not in page.html
        assert "<img" not in page.html


async def test_markup_in_any_free_text_of_an_act_is_shown_as_text(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    case = (await ours.submit(await ours.get(FORM), FORM, RESCUE)).path
    ref = case.removeprefix("/cases/")
    await network.holds(network.dongxing, ref, 1)

    for act in ("note", "situation_report", "ask"):
        path = f"{case}/acts/{act}"
        page = await theirs.get(path)
        names = {name for name, _ in page.form(path).fields} & {"text", "question", "reason"}
        await theirs.submit(page, path, dict.fromkeys(names, PAYLOAD))
    await network.holds(network.mongcai, ref, 4)
    read = await ours.get(case)

    assert read.text.count(PAYLOAD) == 4
    assert "<script>alert" not in read.html


async def test_markup_in_what_is_refused_comes_back_as_text(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    typed = {**RESCUE, "request.place": PAYLOAD, "request.persons_total": PAYLOAD, "to": PAYLOAD}

    refused = await screen.submit(await screen.get(FORM), FORM, typed)
    missing = await screen.get("/cases/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert refused.status == 422
    assert ("request.place", PAYLOAD) in refused.form(FORM).fields
    for page in (refused, missing):
        assert "<script>alert" not in page.html
        assert "<img" not in page.html


def free_texts(page: Page) -> list[str]:
    """Return the names of the controls of a rescue in which any text may be written."""
    form: Form = page.form(FORM)
    names = {
        *("place", "holder", "header.urgency_reason", "header.summary", "header.link"),
        *("header.handling_text", "persons.0.marks", "persons.0.accounts.0.name"),
        *(f"persons.0.names.{form}" for form in ("vi", "zh", "latin", "alias")),
    }
    known = {name for name, _ in form.fields}
    return [f"request.{name}" for name in sorted(names) if f"request.{name}" in known]


async def test_a_case_shows_which_reminders_came_late_and_which_were_only_recorded(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    case = await a_case(network, screen)

    pages = {lang: await screen.get(case, lang=lang) for lang in Language}

    for lang, late, overtaken in (
        (Language.VIETNAMESE, "‼ MUỘN: đến hạn nhắc lúc", "chỉ ghi lại: mốc sau cũng đã qua"),
        (Language.CHINESE, "‼ 迟到：本应于", "仅记录：后一级也已到期"),  # noqa: RUF001
        (Language.ENGLISH, "‼ LATE: was due", "recorded only: a later one was due as well"),
    ):
        text = pages[lang].text
        # The next report's officer (at half of twelve hours) and head of unit (at four fifths).
        assert text.count(late) == 2
        assert text.count(overtaken) == 1


async def test_board_and_case_show_what_waits_for_the_line_until_it_has_gone(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    case = await screen.submit(await screen.get(FORM), FORM, RESCUE)

    for lang, waits in (
        (Language.VIETNAMESE, "‼ Đã lưu, chờ đường truyền (1)"),
        (Language.CHINESE, "‼ 已保存，等待线路恢复 (1)"),  # noqa: RUF001
        (Language.ENGLISH, "‼ Kept, waiting for the line (1)"),
    ):
        for path in ("/board", case.path):
            assert waits in (await screen.get(path, lang=lang)).text
    await network.broker.start()
    await network.settle()
    for path in ("/board", case.path):
        assert "waiting" not in (await screen.get(path, lang=Language.ENGLISH)).text
