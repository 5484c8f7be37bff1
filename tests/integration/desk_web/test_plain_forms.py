from collections.abc import Awaitable, Callable

from tests.support.network import Desk, Network
from tests.support.screens import RESCUE, Page, Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]
FORM = "/requests/RESCUE"


async def send_rescue(screen: Screen) -> Page:
    return await screen.submit(await screen.get(FORM), FORM, RESCUE)


async def test_a_rescue_is_written_acknowledged_answered_and_closed_without_scripts(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)

    case = (await send_rescue(ours)).path
    ref = case.removeprefix("/cases/")
    await network.holds(network.dongxing, ref, 1)
    received = await theirs.get(case, lang="zh-CN")
    await theirs.submit(received, f"{case}/acts/acknowledge", lang="zh-CN")
    page = await theirs.get(f"{case}/acts/answer", lang="zh-CN")
    answered = await theirs.submit(
        page,
        f"{case}/acts/answer",
        {"outcome.P1": "outcome:rescued", "outcome.rest": "outcome:not_found", "text": "已解救。"},
        lang="zh-CN",
    )
    await network.holds(network.mongcai, ref, 3)
    read = await ours.get(case)
    closed = await ours.submit(await ours.get(f"{case}/acts/close"), f"{case}/acts/close")
    await network.settle()

    assert "请勿拨打该号码" in received.text
    assert answered.status == 200
    for shown in ("Đã giải cứu", "Không tìm thấy", "已解救。", "Xác nhận đã nhận"):
        assert shown in read.text
    assert closed.path == case
    view = await network.mongcai.case(ref)
    assert view["stage"] == "closed"
    outcomes = {person["label"]: person["outcome"] for person in view["persons"]}
    assert outcomes == {"P1": "rescued", "P2": "not_found", "P3": "not_found"}


async def test_a_verification_is_written_in_vietnamese_and_answered_in_chinese(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    form = "/requests/VERIFY-ID"
    typed: dict[str, str | list[str]] = {
        "request.persons_total": "1",
        "request.persons.0.names.vi": "Nguyễn Thị Thuỳ Hường",
        "request.persons.0.birth": "05/03/2008",
        "request.persons.0.documents.0.type": "vn_citizen_id",
        "request.persons.0.documents.0.number": "022308001234",
        "request.persons.0.documents.0.issued": "21/08/2024",
        "request.questions": ["identity"],
    }

    case = (await ours.submit(await ours.get(form), form, typed)).path
    ref = case.removeprefix("/cases/")
    await network.holds(network.dongxing, ref, 1)
    received = await theirs.get(case, lang="zh")
    answer = f"{case}/acts/answer"
    chosen = {"outcome.P1": "outcome:match"}
    await theirs.submit(await theirs.get(answer, lang="zh"), answer, chosen, lang="zh")
    await network.holds(network.mongcai, ref, 2)
    read = await ours.get(case)

    assert case.startswith("/cases/")
    for shown in ("身份和国籍核实", "2008年3月5日", "2024年8月21日", "Nguyễn Thị Thuỳ Hường"):
        assert shown in received.text
    assert "Trùng khớp" in read.text


VERIFY = "/requests/VERIFY-ID"
#: 22 is Quảng Ninh; its third digit says a man or a woman of which century, and no place is 003.
PAPER: dict[str, str | list[str]] = {
    "request.persons_total": "1",
    "request.persons.0.names.vi": "Nguyễn Thị Thuỳ Hường",
    "request.persons.0.documents.0.type": "vn_citizen_id",
    "request.persons.0.documents.0.number": "003308001234",
    "request.questions": ["identity"],
}


async def test_a_doubtful_number_is_told_before_it_leaves_and_sent_as_it_is_when_it_stands_so(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)

    told = await screen.submit(await screen.get(VERIFY), VERIFY, PAPER)
    before = await network.mongcai.board()
    changed = await screen.submit(
        told, VERIFY, {"request.persons.0.documents.0.number": "005308001234"}
    )
    sent = await screen.submit(changed, VERIFY)

    for page in (told, changed):
        assert (page.status, page.path) == (200, VERIFY)
        assert "Chưa gửi. Đề nghị xem lại:" in page.text
        assert 'href="#request.persons.0.documents.0.number"' in page.html
    assert before == []
    assert sent.path.startswith("/cases/")
    view = await network.mongcai.case(sent.path.removeprefix("/cases/"))
    values = [field["value"] for field in view["steps"][0]["fields"]]
    assert "005308001234" in values


async def test_a_rescue_with_a_doubtful_number_is_sent_at_once(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    papers = {name: value for name, value in PAPER.items() if ".documents." in name}

    sent = await screen.submit(await screen.get(FORM), FORM, {**RESCUE, **papers})

    assert sent.path.startswith("/cases/")


async def test_a_wanted_time_that_is_over_is_refused_at_its_field(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    sound = {**PAPER, "request.persons.0.documents.0.number": "022308001234"}
    wanted = "request.header.due_wanted"

    over = await screen.submit(
        await screen.get(VERIFY), VERIFY, {**sound, wanted: "14:59 02/03/2026"}
    )
    to_come = await screen.submit(over, VERIFY, {wanted: "15:01 02/03/2026"})

    assert over.status == 422
    assert f'id="{wanted}-wrong"' in over.html
    assert "Thời điểm này đã qua" in over.text
    assert to_come.path.startswith("/cases/")


async def test_all_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    typed = {**RESCUE, "request.persons.0.birth": "31/02/1995", "request.place": ""}
    typed |= {"request.asked": [], "request.header.urgency_reason": ""}

    refused = await screen.submit(await screen.get(FORM), FORM, typed)

    assert refused.status == 422
    places = ["persons.0.birth", "place", "asked", "header.urgency_reason"]
    assert [name for name in places if f'id="request.{name}-wrong"' not in refused.html] == []
    fields = refused.form(FORM).fields
    assert ("request.persons.0.names.vi", "Trần Thị Hồng Hạnh") in fields
    assert ("request.persons.0.birth", "31/02/1995") in fields
    assert [value for name, value in fields if name == "request.dangers"] == ["locked_in", "beaten"]
    assert await network.mongcai.board() == []


async def test_a_person_is_added_without_scripts_and_stands_beside_the_first(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)

    more = await screen.submit(
        await screen.get(FORM), FORM, RESCUE, press=("add", "request.persons")
    )
    typed = {**RESCUE, "request.persons.1.names.vi": "Võ Thị Thu"}
    sent = await screen.submit(more, FORM, typed | {"request.persons.1.birth": "16-18"})

    assert more.status == 200
    view = await network.mongcai.case(sent.path.removeprefix("/cases/"))
    values = {field["path"]: field["value"] for field in view["steps"][0]["fields"]}
    assert values["request.persons.P2.names.0"] == "Võ Thị Thu"
    assert values["request.groups.P3.labels"] == "P3"


async def test_a_wrong_row_below_an_empty_one_is_marked_where_it_stands(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    typed = {name: value for name, value in RESCUE.items() if ".persons.0." not in name}
    form = await screen.get(FORM)
    for _ in range(2):
        form = await screen.submit(form, FORM, press=("add", "request.persons"))

    refused = await screen.submit(form, FORM, typed | {"request.persons.2.phone.number": "?"})

    assert 'id="request.persons.2.phone.number-wrong"' in refused.html


async def test_enter_in_a_field_never_sends(network: Network, screen_at: ScreenAt) -> None:
    screen = await screen_at(network.mongcai)
    form = await screen.get(FORM)
    first = form.form(FORM).buttons[0]

    page = await screen.submit(form, FORM, RESCUE, press=first)

    assert page.status == 200
    assert await network.mongcai.board() == []


async def test_a_button_pressed_twice_sends_once(network: Network, screen_at: ScreenAt) -> None:
    screen = await screen_at(network.mongcai)
    form = await screen.get(FORM)

    first = await screen.submit(form, FORM, RESCUE)
    second = await screen.submit(form, FORM, RESCUE)

    assert first.path == second.path
    assert len(await network.mongcai.board()) == 1


async def test_what_a_broken_line_holds_back_is_counted_on_the_board(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    case = await send_rescue(screen)
    board = await screen.get("/board")

    assert "Hãy gọi điện cho phía bạn ngay." in case.text
    assert "Mất đường truyền: 1 thư chờ gửi" in board.text
    for shown in ("Đã lưu, chờ đường truyền", "Giải cứu", "Cục Công an thành phố Đông Hưng"):
        assert shown in board.text


async def test_an_answer_that_leaves_a_person_open_says_so_in_the_officers_language(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    case = (await send_rescue(ours)).path
    await network.holds(network.dongxing, case.removeprefix("/cases/"), 1)

    page = await theirs.get(f"{case}/acts/answer", lang="zh")
    typed = {"outcome.P2": "outcome:rescued", "text": "其余继续查找"}
    refused = await theirs.submit(page, f"{case}/acts/answer", typed, lang="zh")

    assert refused.status == 422
    assert "仍有人员无最终结果" in refused.text
    assert ("text", "其余继续查找") in refused.form(f"{case}/acts/answer").fields


async def test_an_act_without_what_it_needs_is_refused_at_its_field(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    case = (await send_rescue(ours)).path
    await network.holds(network.dongxing, case.removeprefix("/cases/"), 1)
    wanted = {"ask": "question", "decline": "reason_code", "situation_report": "text"}

    for act, field in wanted.items():
        page = await theirs.get(f"{case}/acts/{act}", lang="zh")
        refused = await theirs.submit(page, f"{case}/acts/{act}", lang="zh")

        assert refused.status == 422
        assert f'id="{field}-wrong"' in refused.html


async def test_what_arrives_on_an_open_page_is_signed_as_opened_only_when_opened(
    network: Network, screen_at: ScreenAt
) -> None:
    ours = await screen_at(network.mongcai)
    case = (await send_rescue(ours)).path
    ref = case.removeprefix("/cases/")
    await network.holds(network.dongxing, ref, 1)
    await network.dongxing.act(ref, "note", text={"lang": "zh", "text": "请稍候"})
    await network.holds(network.mongcai, ref, 2)

    async with ours.http.get(f"{network.mongcai.url}{case}/live") as stream:
        shown = await stream.content.readuntil(b"\r\n\r\n")
    await network.settle()
    before = (await network.dongxing.case(ref))["steps"][1]["delivery"]["opened"]
    await ours.get(case)
    await network.settle()
    after = (await network.dongxing.case(ref))["steps"][1]["delivery"]["opened"]

    assert "请稍候" not in shown.decode()
    assert before is None
    assert after is not None
