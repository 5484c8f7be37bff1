"""Requests that wait for an approver, and records that wait for the other side, between desks."""

from typing import Any

import pytest

from crypto.attest.encoding import encode
from crypto.attest.signing import SigningKey
from crypto.seal.content import Kind
from liaison.desk.casework.release import STANDING
from liaison.desk.client import DeskRefusedError
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.baby import TEXT_VI, TEXT_ZH
from tests.support.forge_desk import forging, form
from tests.support.network import AT, GUANGXI, Desk, Network, View, start, until
from tests.support.releases import (
    APPROVER,
    FILE,
    approval_in,
    asks_at,
    dna_request,
    draft_in,
    grant,
    keys_of,
    refuse,
    request_dna,
    return_request,
    signed,
    standing,
    unlock,
    verify_request,
    waits_for,
)


def countersigners(step: View) -> list[View]:
    """Return who signed a step a second time, by desk and pseudonym."""
    return [{"desk": one["desk"], "by": one["by"]} for one in step["countersigned_by"]]


@pytest.fixture
async def three(parts: Network) -> Network:
    """Return a network with the desk that asks, the one that releases and the addressee running."""
    await start(parts, MONGCAI, DONGXING, GUANGXI)
    return parts


@pytest.fixture
def province(three: Network) -> Desk:
    """Return the desk that holds the class for Dongxing's requests."""
    return three.desks[GUANGXI]


async def approve_beforehand(desk: Desk, *approvals: bytes) -> None:
    """Put signed standing approvals in the place of those that ``desk`` holds."""
    await desk.agent.store.set_fact(STANDING, encode(list(approvals)))


async def test_a_request_above_the_desks_class_waits_and_nothing_of_it_leaves(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    [ask] = await asks_at(province)
    await three.settle()

    assert await waits_for(three.dongxing, ref) == {
        "desk": GUANGXI,
        "purpose": "release",
        "state": "asked",
        "reason": None,
    }
    assert (ask["case"], ask["from"], ask["by"], ask["to"]) == (ref, DONGXING, "DX-02", MONGCAI)
    assert await three.mongcai.board() == []
    assert (await three.dongxing.case(ref))["steps"] == []


@pytest.mark.parametrize("lang,kind", [("zh", "DNA比对"), ("vi", "ADN"), ("en", "DNA")])
async def test_the_approver_reads_in_their_language_exactly_what_would_leave(
    three: Network, province: Desk, lang: str, kind: str
) -> None:
    ref = await request_dna(three)
    [ask] = await asks_at(province, lang)

    await grant(province)
    view = await three.holds(three.mongcai, ref, 1)

    shown = (await three.mongcai.case(ref, lang))["steps"][0]["fields"]
    approval = "request.header.release_approval."
    assert ask["fields"] == [field for field in shown if not field["path"].startswith(approval)]
    assert TEXT_ZH["text"] in [field["value"] for field in ask["fields"]]
    assert any(kind in str(field["value"]) or kind in field["label"] for field in ask["fields"])
    assert view["waits_for"] is None


async def test_a_granted_request_leaves_with_the_approval_and_the_second_signature(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)

    await grant(province)
    view = await three.holds(three.mongcai, ref, 1)

    for desk in (three.mongcai, three.dongxing):
        approval = await approval_in(desk, ref)
        assert approval is not None
        assert (approval.desk, approval.officer) == (GUANGXI, APPROVER)
        assert (approval.authority, approval.file, approval.basis) == (
            *("provincial", FILE),
            "PALERMO",
        )
        assert approval.at == AT
    [step] = view["steps"]
    assert (step["desk"], step["by"]) == (DONGXING, "DX-02")
    assert countersigners(step) == [{"desk": GUANGXI, "by": APPROVER}]
    assert step["applied"] is True
    assert await waits_for(three.dongxing, ref) is None
    assert (await province.client.get("/api/asks"))["asks"] == []


async def test_a_refusal_comes_back_with_its_reason_and_nothing_leaves(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)

    await refuse(province, "样本编号有误。")
    await draft_in(three.dongxing, "refused")
    await three.settle()

    waiting = await waits_for(three.dongxing, ref)
    assert waiting is not None
    assert (waiting["state"], waiting["reason"]) == (
        "refused",
        {"lang": "zh", "text": "样本编号有误。"},
    )
    assert await three.mongcai.board() == []
    assert (await province.client.get("/api/asks"))["asks"] == []


async def test_an_officers_key_does_not_release(three: Network, province: Desk) -> None:
    ref = await request_dna(three)
    await unlock(three, province, "GX-02")

    with pytest.raises(DeskRefusedError) as refused:
        await grant(province, "GX-02")

    assert refused.value.code == "release.not_an_approver"
    assert len(await asks_at(province)) == 1
    assert (await waits_for(three.dongxing, ref) or {})["state"] == "asked"


async def test_an_officers_key_does_not_refuse_a_release_either(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    await unlock(three, province, "GX-02")

    with pytest.raises(DeskRefusedError) as refused:
        await refuse(province, "样本编号有误。", officer="GX-02")

    assert refused.value.code == "release.not_an_approver"
    assert len(await asks_at(province)) == 1
    assert (await waits_for(three.dongxing, ref) or {})["state"] == "asked"


async def test_an_approval_that_the_sender_writes_counts_for_nothing(three: Network) -> None:
    own = {
        "desk": DONGXING,
        "officer": "DX-02",
        "class": "provincial",
        "file": FILE,
        "basis": "AGREEMENT_2010",
    }

    for approval in (own, own | {"desk": GUANGXI, "officer": APPROVER}):
        request = dna_request(release_approval=approval)
        ref = await three.dongxing.request(MONGCAI, request=request)
        assert (await waits_for(three.dongxing, ref) or {})["state"] == "asked"
    await three.settle()
    assert await three.mongcai.board() == []


@pytest.mark.parametrize(
    "said,code",
    [
        ({"file": None}, "casework.form"),
        ({"file": ""}, "casework.form"),
        ({"file": "7" * 81}, "casework.form"),
        ({"basis": "NO_SUCH_LAW"}, "casework.form"),
    ],
    ids=str,
)
async def test_a_release_without_a_file_or_under_no_law_is_not_given(
    three: Network,
    province: Desk,
    said: dict[str, Any],
    code: str,
) -> None:
    await request_dna(three)

    with pytest.raises(DeskRefusedError) as refused:
        await grant(province, **said)

    assert refused.value.code == code
    assert len(await asks_at(province)) == 1


async def test_a_question_is_decided_once(three: Network, province: Desk) -> None:
    await request_dna(three)
    [ask] = await asks_at(province)
    await grant(province)

    with pytest.raises(DeskRefusedError) as refused:
        await province.client.post(
            f"/api/asks/{ask['ask']}/grant", officer=APPROVER, file=FILE, basis="PALERMO"
        )

    assert refused.value.code == "release.unknown_ask"


async def test_what_was_granted_while_its_officer_was_away_leaves_when_they_unlock(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    await asks_at(province)
    await three.dongxing.client.post("/api/lock")

    await grant(province)
    await draft_in(three.dongxing, "granted")
    await three.dongxing.agent.waker.sweep()
    await three.settle()
    assert await three.mongcai.board() == []

    await unlock(three, three.dongxing, "DX-02")
    view = await three.holds(three.mongcai, ref, 1)
    assert countersigners(view["steps"][0]) == [{"desk": GUANGXI, "by": APPROVER}]


async def test_what_was_granted_before_a_restart_leaves_after_it_and_once(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    await asks_at(province)
    await three.dongxing.client.post("/api/lock")
    await grant(province)
    await draft_in(three.dongxing, "granted")

    await three.dongxing.stop()
    await three.dongxing.start()
    await three.holds(three.mongcai, ref, 1)
    await three.dongxing.stop()
    await three.dongxing.start()
    await three.settle()

    [row] = await three.mongcai.board()
    assert row["case"] == ref
    assert len((await three.mongcai.case(ref))["steps"]) == 1
    assert len((await three.dongxing.case(ref))["steps"]) == 1


async def test_a_standing_approval_releases_what_it_covers_under_its_own_file(
    network: Network,
) -> None:
    key = SigningKey.from_seed(keys_of(network, network.desks[GUANGXI], APPROVER).seed)
    await approve_beforehand(network.dongxing, signed(standing(), key))

    ref = await network.dongxing.request(MONGCAI, request=verify_request())
    view = await network.holds(network.mongcai, ref, 1)

    approval = await approval_in(network.mongcai, ref)
    assert approval is not None
    assert (approval.desk, approval.officer, approval.file) == (GUANGXI, APPROVER, standing().file)
    assert view["steps"][0]["countersigned_by"] == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"valid_from": "2026-02-01", "valid_to": "2026-03-01"}, id="its last day"),
        pytest.param({"types": ["RESCUE", "DNA"]}, id="another type"),
        pytest.param({"urgencies": ["U2"]}, id="another urgency"),
        pytest.param({"recipients": ["vn-quangninh"]}, id="another addressee"),
        pytest.param({"senders": ["cn-nanning-railway"]}, id="another sender"),
    ],
)
async def test_what_no_standing_approval_covers_waits(
    network: Network, changes: dict[str, object]
) -> None:
    key = SigningKey.from_seed(keys_of(network, network.desks[GUANGXI], APPROVER).seed)
    await approve_beforehand(network.dongxing, signed(standing(**changes), key))

    ref = await network.dongxing.request(MONGCAI, request=verify_request())

    assert (await waits_for(network.dongxing, ref) or {})["state"] == "asked"


@pytest.mark.parametrize(
    "changes,slug,officer",
    [
        pytest.param({}, GUANGXI, "GX-02", id="an officer's key in the approver's name"),
        pytest.param({"officer": "GX-02"}, GUANGXI, "GX-02", id="an officer's own"),
        pytest.param({}, DONGXING, "DX-02", id="the key of the asking desk"),
        pytest.param({"desk": MONGCAI, "officer": "MC-04"}, MONGCAI, "MC-04", id="the other side"),
    ],
)
async def test_a_forged_standing_approval_lets_nothing_go(
    network: Network, changes: dict[str, object], slug: str, officer: str
) -> None:
    key = SigningKey.from_seed(keys_of(network, network.desks[slug], officer).seed)
    await approve_beforehand(network.dongxing, signed(standing(**changes), key))

    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.request(MONGCAI, request=verify_request())

    assert refused.value.code == "release.false_standing"
    assert await network.dongxing.board() == []


async def test_a_standing_approval_that_states_more_than_its_desk_holds_lets_nothing_go(
    network: Network,
) -> None:
    key = SigningKey.from_seed(keys_of(network, network.desks[GUANGXI], APPROVER).seed)
    await approve_beforehand(network.dongxing, signed(standing(authority="central"), key))

    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.request(MONGCAI, request=verify_request())

    assert refused.value.code == "casework.approver_too_low"
    assert await network.dongxing.board() == []


async def test_a_standing_approval_altered_after_it_was_signed_is_false(network: Network) -> None:
    key = SigningKey.from_seed(keys_of(network, network.desks[GUANGXI], APPROVER).seed)
    raw = signed(standing(), key)
    altered = raw.replace(b"VERIFY-ID", b"VERIFY-IE")

    for bad in (altered, b"no approval", raw[:-1]):
        await approve_beforehand(network.dongxing, bad)
        with pytest.raises(DeskRefusedError) as refused:
            await network.dongxing.request(MONGCAI, request=verify_request())
        assert refused.value.code == "release.false_standing"


async def test_a_rescue_never_waits_even_beside_a_false_standing_approval(
    network: Network,
) -> None:
    for desk, to in ((network.dongxing, MONGCAI), (network.mongcai, DONGXING)):
        await approve_beforehand(desk, b"no approval")

        ref = await desk.request(to)

        other = network.mongcai if desk is network.dongxing else network.dongxing
        view = await network.holds(other, ref, 1)
        assert (await waits_for(desk, ref), view["steps"][0]["applied"]) == (None, True)


async def agreed_return(network: Network) -> str:
    """Play a return up to the other side's agreement; return its reference."""
    province = network.desks[GUANGXI]
    ref = await network.dongxing.request(MONGCAI, request=return_request())
    await grant(province)
    await network.holds(network.mongcai, ref, 1)
    await network.settle()
    outcomes = [{"person": "P2", "outcome": "agreed"}]
    await network.mongcai.act(ref, "answer", outcomes=outcomes, text=TEXT_VI)
    await network.holds(network.dongxing, ref, 2)
    await network.settle()
    return ref


async def test_the_record_of_a_handover_waits_for_the_officer_on_the_other_side(
    three: Network,
) -> None:
    ref = await agreed_return(three)

    await three.dongxing.act(ref, "handover_record")
    [ask] = await asks_at(three.mongcai, "vi")
    assert (ask["purpose"], ask["case"], ask["to"]) == ("handover", ref, MONGCAI)
    assert (await waits_for(three.dongxing, ref) or {})["desk"] == MONGCAI
    assert len((await three.dongxing.case(ref))["steps"]) == 2

    await grant(three.mongcai, file=None, basis=None)
    for desk in (three.dongxing, three.mongcai):
        view = await three.holds(desk, ref, 3)
        assert countersigners(view["steps"][2]) == [{"desk": MONGCAI, "by": "MC-04"}]
    await three.settle()
    assert [(await desk.case(ref))["stage"] for desk in (three.dongxing, three.mongcai)] == [
        *("closed", "closed")
    ]


async def test_a_record_that_is_refused_is_not_sent_and_the_case_stays_open(
    three: Network,
) -> None:
    ref = await agreed_return(three)
    await three.dongxing.act(ref, "handover_record")

    await refuse(three.mongcai, "尚未交接。")
    await draft_in(three.dongxing, "refused")
    await three.settle()

    view = await three.dongxing.case(ref)
    assert (view["stage"], len(view["steps"])) == ("answered", 2)
    assert view["waits_for"]["reason"]["text"] == "尚未交接。"


async def test_a_record_that_was_signed_the_second_time_waits_for_nothing(three: Network) -> None:
    ref = await agreed_return(three)
    await three.dongxing.act(ref, "handover_record")
    await refuse(three.mongcai, "尚未交接。")
    await draft_in(three.dongxing, "refused")

    await three.dongxing.act(ref, "handover_record")
    await grant(three.mongcai, file=None, basis=None)
    await three.holds(three.dongxing, ref, 3)

    assert await waits_for(three.dongxing, ref) is None


async def test_a_record_sent_without_the_other_sides_signature_is_ruled_out(
    three: Network,
) -> None:
    ref = await agreed_return(three)
    thread = (await three.mongcai.agent.casebook.find(ref)).thread
    await three.dongxing.stop()

    async with forging(three, three.dongxing, three.mongcai) as forger:
        await forger.send(form(case=ref, act="handover_record"), thread=thread)
        view = await three.holds(three.mongcai, ref, 3)

    record = view["steps"][2]
    assert (record["applied"], record["not_applied_because"]) == (
        False,
        "casework.not_countersigned",
    )
    assert view["stage"] == "answered"


async def test_persons_of_related_cases_are_taken_over_as_copies_of_that_case(
    three: Network, province: Desk
) -> None:
    first = await three.dongxing.request(MONGCAI, request=verify_request())
    await three.holds(three.mongcai, first, 1)
    await three.settle()
    request = dna_request(related=[first])
    del request["persons"]

    second = await three.dongxing.request(MONGCAI, request=request)
    await grant(province)
    await three.holds(three.mongcai, second, 1)

    record = (await three.mongcai.agent.casebook.find(second)).record
    assert record is not None
    persons = record.request.persons
    assert [(person.label, person.taken_over_from) for person in persons] == [
        ("P1", first),
        ("P2", first),
    ]
    assert [name.value for name in persons[0].names] == ["Nguyễn Thị Lan", "阮氏兰"]


async def test_a_related_case_that_is_not_here_is_told_and_nothing_is_kept(
    network: Network,
) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.request(MONGCAI, request=dna_request(related=["GX-DX-2026-0099"]))

    assert refused.value.code == "casework.unknown_case"
    assert await network.dongxing.board() == []


async def test_a_question_is_sealed_and_shows_in_no_case_of_the_desk_that_is_asked(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    await asks_at(province)
    [message] = await province.agent.store.open_asks()

    assert message.kind == Kind.COUNTERSIGN
    assert TEXT_ZH["text"].encode() in message.content
    assert TEXT_ZH["text"].encode() not in message.envelope
    assert await province.board() == []
    assert ref not in [row["case"] for row in await three.mongcai.board()]


async def test_an_answer_that_comes_while_the_asking_desk_is_down_is_there_afterwards(
    three: Network, province: Desk
) -> None:
    ref = await request_dna(three)
    await asks_at(province)
    await three.dongxing.stop()
    await grant(province)

    await three.dongxing.start()

    await three.holds(three.mongcai, ref, 1)


async def is_open(desk: Desk, ref: str) -> bool:
    """Say whether ``desk`` has the case."""
    return ref in [row["case"] for row in await desk.board()]


async def test_two_requests_wait_apart_and_each_is_decided_by_itself(
    three: Network, province: Desk
) -> None:
    first, second = await request_dna(three), await request_dna(three)

    async def both() -> bool:
        return len((await province.client.get("/api/asks"))["asks"]) == 2

    await until(both, "two questions wait")
    found = (await province.client.get("/api/asks"))["asks"]
    asked = {ask["case"]: ask["ask"] for ask in found}
    await province.client.post(f"/api/asks/{asked[second]}/grant", officer=APPROVER, file=FILE)

    await three.holds(three.mongcai, second, 1)
    await three.settle()
    assert not await is_open(three.mongcai, first)
    assert (await waits_for(three.dongxing, first) or {})["state"] == "asked"
