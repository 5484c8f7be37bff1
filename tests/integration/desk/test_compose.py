"""What a desk writes on the outside of a message, and the numbers of its cases."""

from datetime import UTC, datetime, timedelta

import pytest

from liaison.desk.client import DeskRefusedError
from liaison.runtime.clock import timestamp
from tests.support.agencies import MONGCAI
from tests.support.network import AT, Network
from tests.support.women import header, request_fields

HALF_AN_HOUR = timedelta(minutes=30)
#: Half past eleven at night in Viet Nam, half past midnight in China.
NEW_YEARS_EVE = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)


async def test_numbers_are_counted_by_year_in_the_desks_own_time_zone(network: Network) -> None:
    await network.broker.stop()
    await network.clock_on(NEW_YEARS_EVE - AT)

    assert await network.mongcai.request() == "QN-MC1-2026-0001"
    assert await network.mongcai.request() == "QN-MC1-2026-0002"
    assert await network.dongxing.request(MONGCAI) == "GX-DX-2027-0001"

    await network.clock_on(HALF_AN_HOUR)
    assert await network.mongcai.request() == "QN-MC1-2027-0001"


@pytest.mark.parametrize(
    "urgency, grain",
    [pytest.param("U0", 60, id="rescue"), pytest.param("U2", 3_600, id="routine")],
)
async def test_the_due_time_on_the_outside_is_no_finer_than_its_class(
    network: Network, urgency: str, grain: int
) -> None:
    await network.clock_on(timedelta(seconds=17))
    ref = await network.mongcai.request(request=request_fields(header=header(urgency=urgency)))
    await network.settle()

    case = await network.mongcai.agent.casebook.find(ref)
    start = case.steps[0].header.start
    assert start is not None
    first = timestamp(case.clocks[0].due)
    assert start.due % grain == 0
    assert 0 <= start.due - first < grain


async def test_a_step_stops_the_brokers_clock_that_runs_and_starts_the_next(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.dongxing.act(ref, "acknowledge")
    await network.holds(network.mongcai, ref, 2)

    first, second = (await network.mongcai.agent.casebook.find(ref)).steps
    assert first.header.start is not None
    assert second.header.start is not None
    assert second.header.stop == (first.header.start.token,)
    assert second.header.start.token != first.header.start.token


@pytest.mark.parametrize(
    "act, fields, status, code",
    [
        pytest.param("no_such_act", {}, 422, "casework.form", id="unknown act"),
        pytest.param("situation_report", {}, 422, "casework.form", id="empty report"),
        pytest.param("request", {}, 422, "casework.form", id="a request without a form"),
        pytest.param(
            "answer",
            {"outcomes": [{"persons": "P1", "outcome": "rescued"}]},
            409,
            "casework.person_without_outcome",
            id="persons left out",
        ),
        pytest.param(
            "situation_report",
            {"outcomes": [{"persons": "P99", "outcome": "rescued"}]},
            409,
            "casework.unknown_person",
            id="unknown person",
        ),
    ],
)
async def test_what_the_casework_refuses_is_not_sealed(
    network: Network, act: str, fields: dict[str, object], status: int, code: str
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)

    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.act(ref, act, **fields)

    assert (refused.value.status, refused.value.code) == (status, code)
    assert len(await network.dongxing.steps(ref)) == 1
    assert (await network.dongxing.status())["unsent"] == 0


async def test_a_mark_of_state_secrecy_is_refused_before_anything_is_sealed(
    network: Network,
) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.request(request=request_fields(header=header(marking="机密")))

    assert refused.value.status == 422
    assert [finding["code"] for finding in refused.value.findings] == ["casework.state_secret"]
    assert await network.mongcai.board() == []
