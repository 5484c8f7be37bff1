"""A rescue request goes across and is answered; both desks hold the same."""

from datetime import datetime, timedelta

import pytest

from liaison.desk.client import DeskRefusedError
from protocols.casework.codes import Language
from protocols.casework.render import SEPARATORS
from tests.support.network import AT, Desk, Network, View
from tests.support.women import TEXT_ZH, request_fields

LADDER = ("sealed", "taken", "arrived", "delivered", "opened", "acknowledged")
ANSWERED = 5


async def went(network: Network, desk: Desk, ref: str, steps: int) -> None:
    """Have a step come to the other desk and be opened there, and a few minutes pass."""
    other = network.dongxing if desk is network.mongcai else network.mongcai
    await network.holds(other, ref, steps)
    await other.open(ref)
    await network.settle()
    await network.move(network.clock.now() + timedelta(minutes=5))


async def answered_case(network: Network) -> str:
    """Play a rescue from the request to the answer and return its reference."""
    mongcai, dongxing = network.mongcai, network.dongxing
    ref = await mongcai.request(phrases=["REQ-12"])
    await went(network, mongcai, ref, 1)
    await dongxing.act(ref, "acknowledge")
    await went(network, dongxing, ref, 2)
    await dongxing.act(ref, "accept")
    await went(network, dongxing, ref, 3)
    await dongxing.act(
        ref,
        "situation_report",
        text=TEXT_ZH,
        outcomes=[{"persons": "P1..P7", "outcome": "rescued"}],
    )
    await went(network, dongxing, ref, 4)
    await dongxing.act(
        ref,
        "answer",
        phrases=["REP-13"],
        outcomes=[{"persons": "P8..P22", "outcome": "not_found"}],
    )
    await went(network, dongxing, ref, ANSWERED)
    return ref


def without_words(view: View) -> View:
    """Return what of a case must be the same on both desks in any language."""
    persons = [{k: v for k, v in person.items() if k != "says"} for person in view["persons"]]
    steps = [
        {key: step[key] for key in ("mid", "act", "desk", "by", "created", "stage_after")}
        for step in view["steps"]
    ]
    same = ("case", "stage", "type", "urgency", "requester", "requested", "clocks", "opened_at")
    return {**{key: view[key] for key in same}, "persons": persons, "steps": steps}


def value_of(step: View, path: str) -> tuple[str, str, str | None]:
    """Return value, method and original of one field."""
    shown = next(field for field in step["fields"] if field["path"] == path)
    return shown["value"], shown["method"], shown["original"]


async def test_both_desks_hold_the_same_case_from_request_to_answer(network: Network) -> None:
    ref = await answered_case(network)

    vn, cn = await network.mongcai.case(ref, "vi"), await network.dongxing.case(ref, "zh")
    assert without_words(vn) == without_words(cn)
    assert vn["stage"] == "answered"
    outcomes = [person["outcome"] for person in vn["persons"]]
    assert outcomes == ["rescued"] * 7 + ["not_found"] * 15
    assert all(person["final"] for person in vn["persons"])
    states = {clock["limit"]: clock["state"] for clock in vn["clocks"]}
    assert set(states.values()) <= {"met", "stopped"}
    assert (vn["turn"], cn["turn"]) == ("ours", "theirs")


async def test_the_sender_sees_every_rung_of_each_message_in_the_order_of_time(
    network: Network,
) -> None:
    ref = await answered_case(network)

    vn, cn = await network.mongcai.case(ref), await network.dongxing.case(ref)
    sent = [step for view in (vn, cn) for step in view["steps"] if step["outgoing"]]
    assert len(sent) == ANSWERED
    for step in sent:
        reached = [step["delivery"][rung] for rung in LADDER]
        expected = reached[:-1] if step["act"] != "request" else reached
        assert None not in expected, step["act"]
        assert expected == sorted(expected)
    request = sent[0]["delivery"]
    assert (request["sealed"], request["acknowledged"]) == (
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:05:00Z",
    )


async def test_each_message_and_acknowledgement_is_seen_in_the_cosigned_ledger_by_both_desks(
    network: Network,
) -> None:
    ref = await answered_case(network)

    for desk in (network.mongcai, network.dongxing):
        status = await desk.status()
        assert status["unproven"] == 0
        assert status["ledger"]["alarm"] is None
        assert status["ledger"]["cosignatures"] == [
            "witness-vn-quangninh-police",
            "witness-cn-guangxi-police",
        ]
        view = await desk.case(ref)
        assert all(0 < step["proven_in"] <= status["ledger"]["size"] for step in view["steps"])
        case = await desk.agent.casebook.find(ref)
        assert len(case.acks) == ANSWERED
        assert all(ack.proven for ack in case.acks)


async def test_an_own_copy_comes_back_and_is_the_same_message(network: Network) -> None:
    ref = await answered_case(network)

    status = await network.mongcai.status()
    case = await network.mongcai.agent.casebook.find(ref)
    # Its mailbox holds its own copies too: more than what the other desk wrote and acknowledged.
    assert status["mailbox"]["rescue"] > len(case.acks) + ANSWERED
    assert [step.message.outgoing for step in case.steps] == [True, False, False, False, False]
    assert status["set_aside"] == 0


async def test_free_text_is_shown_as_written_and_codes_in_the_readers_language(
    network: Network,
) -> None:
    ref = await answered_case(network)

    cn, vn = await network.dongxing.case(ref, "zh"), await network.mongcai.case(ref, "vi")
    text, method, original = value_of(cn["steps"][0], "request.place")
    assert text.startswith("Nhà nghỉ gần bến xe")
    assert (method, original) == ("none", "vi")
    assert value_of(vn["steps"][3], "text") == (TEXT_ZH["text"], "none", "zh")
    dangers = "request.dangers"
    listed = SEPARATORS[Language.CHINESE].join(["被关押", "遭殴打", "即将被转移"])
    assert value_of(cn["steps"][0], dangers) == (listed, "code", None)
    assert value_of(vn["steps"][0], dangers)[0].startswith("Bị nhốt; ")
    assert {p["label"]: p["says"] for p in cn["persons"]}["P1"] == "已解救"
    assert {p["label"]: p["says"] for p in vn["persons"]}["P22"] == "Không tìm thấy"


async def test_a_phrase_is_read_from_the_catalogue_in_either_language(network: Network) -> None:
    ref = await answered_case(network)

    cn, vn = await network.dongxing.case(ref, "zh"), await network.mongcai.case(ref, "vi")
    asked = value_of(cn["steps"][0], "phrases.0")
    answered = value_of(vn["steps"][4], "phrases.0")
    assert (asked[0], asked[1]) == ("存在危及生命的紧迫危险。", "phrase")
    assert answered[0].startswith("Qua kiểm tra tại địa chỉ nêu trên không tìm th")


async def test_a_phrase_that_does_not_exist_is_not_sent(network: Network) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.request(phrases=["REQ-99"])

    assert (refused.value.status, refused.value.code) == (422, "casework.catalogue")
    assert await network.mongcai.board() == []


async def test_every_finding_about_a_form_is_told_at_once_and_nothing_is_kept(
    network: Network,
) -> None:
    broken = request_fields(persons_total=3, dangers=["no_such_danger"])

    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.request(request=broken)

    assert (refused.value.status, refused.value.code) == (422, "casework.form")
    assert len(refused.value.findings) >= 1
    assert all(set(f) == {"code", "field", "expected", "found"} for f in refused.value.findings)
    assert await network.mongcai.board() == []
    assert (await network.mongcai.status())["unsent"] == 0


async def test_an_act_that_the_table_forbids_is_refused_before_it_is_sealed(
    network: Network,
) -> None:
    ref = await network.mongcai.request()

    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.act(ref, "accept")

    assert (refused.value.status, refused.value.code) == (409, "casework.illegal_step")
    assert len(await network.mongcai.steps(ref)) == 1


async def test_opening_is_receipted_once_an_officer(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)

    assert await network.dongxing.open(ref) == 1
    assert await network.dongxing.open(ref) == 0
    await network.settle()

    request = (await network.mongcai.steps(ref))[0]
    assert datetime.fromisoformat(request["delivery"]["opened"]) == AT


async def test_a_desk_without_a_channel_cannot_be_written_to(network: Network) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.request(to="cn-guangxi")

    assert refused.value.status == 422
    assert await network.mongcai.board() == []


async def test_a_case_that_is_not_here_is_not_found(network: Network) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.case("QN-MC1-2026-0099")

    assert (refused.value.status, refused.value.code) == (404, "casework.unknown_case")
