"""Messages go by hand: the same message, once, by whichever way and in whichever order it comes."""

from datetime import timedelta
from pathlib import Path

import pytest

from liaison.desk.carriage.carrier import Carrier
from liaison.desk.client import DeskRefusedError
from tests.support.agencies import DONGXING
from tests.support.carried import carry_in, carry_out, cut_off, hand_over
from tests.support.interposed import interpose
from tests.support.network import Desk, Network, start, until
from tests.support.women import TEXT_ZH


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Return an empty folder, as a stick shows one."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_two_desks_without_any_broker_work_a_rescue_through_to_the_answer(
    network: Network, stick: Path
) -> None:
    mongcai, dongxing = network.mongcai, network.dongxing
    await cut_off(network)

    ref = await mongcai.request(phrases=["REQ-12"])
    await network.clock_on(timedelta(minutes=5))
    await hand_over(mongcai, dongxing, stick)
    assert await dongxing.open(ref) == 1
    for act in ("acknowledge", "accept"):
        await dongxing.act(ref, act)
        await network.clock_on(timedelta(minutes=5))
    await hand_over(dongxing, mongcai, stick)
    outcomes = [
        {"persons": "P1..P7", "outcome": "rescued"},
        {"persons": "P8..P22", "outcome": "not_found"},
    ]
    await dongxing.act(ref, "answer", text=TEXT_ZH, outcomes=outcomes)
    await hand_over(dongxing, mongcai, stick)
    await hand_over(mongcai, dongxing, stick)

    vn, cn = await mongcai.case(ref), await dongxing.case(ref)
    assert [vn["stage"], cn["stage"]] == ["answered", "answered"]
    assert vn["clocks"] == cn["clocks"]
    assert vn["opened_at"] == "2026-03-02T08:05:00Z"
    assert vn["steps"][0]["delivery"]["opened"] == "2026-03-02T08:05:00Z"
    assert [step["carried"]["in_ledger"] for step in vn["steps"]] == [False] * 4
    assert (vn["not_in_ledger"], vn["waiting_for_line"]) == (4, 0)
    assert await dongxing.set_aside() == []

    await network.broker.start()
    await network.settle()

    after = [await desk.case(ref) for desk in (mongcai, dongxing)]
    assert [view["clocks"] for view in after] == [vn["clocks"]] * 2
    assert [view["not_in_ledger"] for view in after] == [0, 0]
    assert [[step["mid"] for step in view["steps"]] for view in after] == [
        [step["mid"] for step in vn["steps"]]
    ] * 2
    assert await mongcai.set_aside() == await dongxing.set_aside() == []


async def test_what_was_carried_out_goes_over_the_line_too_and_stands_once(
    network: Network, stick: Path
) -> None:
    await cut_off(network)
    ref = await network.mongcai.request()
    (name,) = await carry_out(network.mongcai, stick)
    (waiting,) = await network.mongcai.agent.store.outbox()

    await network.broker.start()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    (handed,) = await carry_in(network.dongxing, stick)

    assert name == f"{waiting.eid.hex()}.liaison"
    assert (handed["name"], handed["outcome"]) == (name, "known")
    assert len(await network.dongxing.steps(ref)) == 1
    assert (await network.dongxing.steps(ref))[0]["carried"] is None
    assert await carry_out(network.mongcai, stick) == []


async def test_a_file_that_came_first_is_entered_when_the_broker_brings_the_same(
    network: Network, stick: Path
) -> None:
    await cut_off(network)
    ref = await network.mongcai.request()
    assert await hand_over(network.mongcai, network.dongxing, stick) == ["taken"]
    (before,) = await network.dongxing.steps(ref)
    await network.clock_on(timedelta(hours=3))

    await network.broker.start()
    await network.settle()

    (row,) = await network.dongxing.board()
    (here,) = await network.dongxing.steps(ref)
    (there,) = await network.mongcai.steps(ref)
    assert before["carried"] == {"written": None, "had": "2026-03-02T08:00:00Z", "in_ledger": False}
    assert here["carried"] == {"written": None, "had": "2026-03-02T08:00:00Z", "in_ledger": True}
    assert there["carried"]["had"] == "2026-03-02T08:00:00Z"
    assert here["proven_in"] is not None
    # The clocks go on from when the file came: the broker's later time gives nobody more time.
    assert {clock["starts"] for clock in row["clocks"]} == {"2026-03-02T08:00:00Z"}
    assert row["clocks"] == (await network.mongcai.board())[0]["clocks"]


async def test_an_answer_over_the_line_to_a_request_that_came_as_a_file_is_not_ruled_out(
    parts: Network, stick: Path
) -> None:
    await start(parts, DONGXING)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.settle()
    await between.stop()
    await parts.line_is(parts.mongcai, "down")
    ref = await parts.mongcai.request()
    await hand_over(parts.mongcai, parts.dongxing, stick)

    for act in ("acknowledge", "accept"):
        await parts.dongxing.act(ref, act)
    await until(lambda: has_sent_all(parts.dongxing), "the answers are in the ledger")
    await between.start()
    await parts.settle()

    views = [await desk.case(ref) for desk in (parts.mongcai, parts.dongxing)]
    for view in views:
        assert [step["act"] for step in view["steps"]] == ["request", "acknowledge", "accept"]
        assert [step["applied"] for step in view["steps"]] == [True] * 3
        assert [step["refused"] for step in view["steps"]] == [None] * 3
    assert views[0]["clocks"] == views[1]["clocks"]


async def has_sent_all(desk: Desk) -> bool:
    """Say whether nothing waits at a desk."""
    return bool((await desk.status())["unsent"] == 0)


async def test_a_file_that_is_no_file_of_ours_is_told_and_left_and_stops_no_other(
    network: Network, stick: Path
) -> None:
    await cut_off(network)
    await network.mongcai.request()
    await carry_out(network.mongcai, stick)
    (stick / "zz.liaison").write_bytes(b"%PDF-1.7")
    before = names_in(stick)

    handed = await carry_in(network.dongxing, stick, stick / "gone.liaison")

    assert [one["code"] or one["outcome"] for one in handed] == [
        *("taken", "carriage.malformed", "carriage.not_read")
    ]
    assert names_in(stick) == before


async def test_files_may_come_in_any_order(network: Network, stick: Path) -> None:
    await cut_off(network)
    ref = await network.mongcai.request()
    for number in range(3):
        await network.mongcai.act(ref, "note", text={"lang": "vi", "text": f"Thêm {number}."})
    names = await carry_out(network.mongcai, stick)

    handed = await carry_in(network.dongxing, *(stick / name for name in reversed(names)))

    assert [one["outcome"] for one in handed] == ["taken"] * 4
    assert (await network.dongxing.case(ref))["stage"] == "received"


async def test_a_stick_that_takes_no_more_is_told_and_everything_still_waits(
    network: Network, stick: Path
) -> None:
    await cut_off(network)
    await network.mongcai.request()

    with pytest.raises(DeskRefusedError) as refused:
        await carry_out(network.mongcai, stick / "pulled out")

    assert (refused.value.status, refused.value.code) == (409, "carriage.not_written")
    assert len(await carry_out(network.mongcai, stick)) == 1


async def test_a_file_that_breaks_our_own_code_stops_no_other(
    network: Network, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cut_off(network)
    await network.mongcai.request()
    await carry_out(network.mongcai, stick)
    (stick / "00.liaison").write_bytes(b"breaks")
    honest = Carrier.take

    async def take(carrier: Carrier, raw: bytes) -> bool:
        return 1 / 0 > 0 if raw == b"breaks" else await honest(carrier, raw)

    monkeypatch.setattr(Carrier, "take", take)

    handed = await carry_in(network.dongxing, stick)

    assert [one["code"] or one["outcome"] for one in handed] == ["carriage.unforeseen", "taken"]
