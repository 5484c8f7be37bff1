"""Second signatures and translations as officers meet them on the command line."""

import asyncio
from datetime import timedelta

import pytest

from liaison.cli.desk.calling import write_session
from liaison.desk.client import ADDRESS
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.command import Outcome, environment, liaison
from tests.support.network import AT, GUANGXI, Desk, Network, start
from tests.support.releases import (
    APPROVER,
    FILE,
    asks_at,
    draft_in,
    request_dna,
    verify_request,
)

KNOWN = "请贵方核实阮氏兰的身份、住址及近亲属，并告知其是否报案。"  # noqa: RUF001
UNKNOWN = "河边石头夜里忽然唱歌飞鸟向南借来一千把伞。"


@pytest.fixture
async def three(parts: Network) -> Network:
    """Return a network with the desk that asks, the one that releases and the addressee running."""
    await start(parts, MONGCAI, DONGXING, GUANGXI)
    return parts


async def typed(desk: Desk, *words: str) -> Outcome:
    """Return what a command of `liaison desk` at a desk comes to, in the session of its officer."""
    (desk.state / ADDRESS).write_text(desk.url + "\n", encoding="utf-8")
    options = ["--state", str(desk.state)]
    if "--officer" in words:
        officer = words[words.index("--officer") + 1]
        own = desk.state.parent / f"{officer}.session"
        write_session(own, desk.client.officers[officer])
        options += ["--session", str(own)]
    env = environment(COLUMNS="200")
    return await asyncio.to_thread(liaison, "desk", *words, *options, env=env)


async def test_an_approver_reads_what_waits_and_grants_it(three: Network) -> None:
    province = three.desks[GUANGXI]
    ref = await request_dna(three)
    [ask] = await asks_at(province)

    shown = await typed(province, "asks", "--lang", "zh")
    granted = await typed(
        province, "grant", ask["ask"], "--officer", APPROVER, "--file", FILE, "--basis", "PALERMO"
    )

    assert shown.code == 0, shown.err
    assert ask["ask"] in shown.out
    assert ref in shown.out
    assert "QN-2017-118" in shown.out
    assert granted.code == 0, granted.err
    assert len(bytes.fromhex(granted.out.strip())) == 32
    await three.holds(three.mongcai, ref, 1)
    assert (await typed(province, "asks")).out.strip() == "No question waits here."


async def test_board_and_case_say_what_a_draft_waits_for_and_why_it_was_refused(
    three: Network,
) -> None:
    province = three.desks[GUANGXI]
    ref = await request_dna(three)
    [ask] = await asks_at(province)
    for command in (("board",), ("show", ref)):
        waiting = await typed(three.dongxing, *command)
        assert "Draft, waits for" in waiting.out, waiting.err

    refused = await typed(
        province,
        *("refuse", ask["ask"], "--officer", APPROVER, "--reason", "样本编号有误。"),
        *("--lang", "zh"),
    )
    await draft_in(three.dongxing, "refused")

    assert refused.code == 0, refused.err
    for command in (("board",), ("show", ref)):
        told = await typed(three.dongxing, *command)
        assert "Not signed by" in told.out
        assert "样本编号有误。" in told.out


async def test_a_question_that_does_not_wait_is_not_granted(network: Network) -> None:
    told = await typed(network.mongcai, "grant", "00" * 32, "--officer", "MC-04", "--file", "1")

    assert told.code == 2
    assert "release.unknown_ask" in told.err


async def test_a_case_shows_each_original_with_its_translation_or_why_there_is_none(
    network: Network,
) -> None:
    ref = await network.dongxing.request(
        MONGCAI, request=verify_request(), text={"lang": "zh", "text": KNOWN + UNKNOWN}
    )
    await network.holds(network.mongcai, ref, 1)

    shown = await typed(network.mongcai, "show", ref, "--lang", "vi")

    lines = shown.out.splitlines()
    original = next(i for i, line in enumerate(lines) if KNOWN in line)
    assert shown.code == 0, shown.err
    assert any("[Máy dịch]" in line and "Nguyễn Thị Lan" in line for line in lines[original:])
    assert any("✗" in line and UNKNOWN in line for line in lines[original:])


async def test_a_case_shows_its_reminders_and_which_of_them_came_late(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await network.move(AT + timedelta(minutes=15))
    in_time = await typed(network.dongxing, "show", ref, "--officer", "DX-02", "--lang", "en")
    await network.move(AT + timedelta(minutes=90))

    shown = {
        lang: await typed(network.dongxing, "show", ref, "--officer", "DX-02", "--lang", lang)
        for lang in ("vi", "zh", "en")
    }

    assert "Acknowledgement due: Case officer" in in_time.out
    assert "LATE" not in in_time.out
    for lang, late, overtaken in (
        ("vi", "MUỘN: đến hạn nhắc lúc 15:24", "chỉ ghi lại"),
        ("zh", "迟到：本应于", "仅记录"),  # noqa: RUF001
        ("en", "LATE: was due", "recorded only"),
    ):
        assert shown[lang].code == 0, shown[lang].err
        assert late in shown[lang].out
        assert overtaken in shown[lang].out


async def test_a_step_that_waits_for_the_line_is_shown_as_waiting_until_it_has_gone(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await network.broker.stop()
    await network.line_is(network.dongxing, "down")
    await network.dongxing.act(ref, "acknowledge")

    down = {
        lang: await typed(network.dongxing, "board", "--lang", lang) for lang in ("vi", "zh", "en")
    }
    shown = await typed(network.dongxing, "show", ref, "--lang", "en")
    as_json = (await typed(network.dongxing, "board", "--json")).json
    await network.broker.start()
    await network.settle()
    up = await typed(network.dongxing, "board", "--lang", "en")

    for lang, waits, line in (
        ("vi", "‼ Đã lưu, chờ đường truyền (1)", "Mất đường truyền: 1 thư chờ gửi"),
        ("zh", "‼ 已保存，等待线路恢复 (1)", "线路中断：1封待发"),  # noqa: RUF001
        ("en", "‼ Kept, waiting for the line (1)", "Line down: 1 waiting to be sent"),
    ):
        assert waits in down[lang].out
        assert line in down[lang].out
    assert "‼ Kept, waiting for the line (1)" in shown.out
    assert (as_json["line"], as_json["unsent"]) == ("down", 1)
    assert [row["waiting_for_line"] for row in as_json["cases"]] == [1]
    assert "waiting" not in up.out
