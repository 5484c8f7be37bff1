"""Two supervisors, one of each panel, review one case: recorded first, and its officers see it."""

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from crypto.seal.oversight import OnePanelError
from liaison.desk.client import DeskRefusedError
from tests.support.installations import second_of
from tests.support.network import Desk, Network, until
from tests.support.restored import backed_up, papers, restored
from tests.support.supervisors import (
    Supervisor,
    has_halves,
    name_supervisors,
    panels,
    review,
    supervisor,
)

A, B = [supervisor() for _ in range(2)], [supervisor() for _ in range(2)]


@pytest.fixture
async def overseen(network: Network) -> Desk:
    """Return the desk of Móng Cái, whose certificate names two panels."""
    await name_supervisors(network, network.mongcai, panels(A, B))
    return network.mongcai


async def test_two_supervisors_open_one_case_and_its_officers_see_that_they_did(
    overseen: Desk,
) -> None:
    first, second = await overseen.request(), await overseen.request()
    await has_halves(overseen, 2)

    with capture_logs() as logs:
        view = await review(overseen, first, A[1], B[0])

    assert (view["case"], len(view["steps"])) == (first, 1)
    seen = (await overseen.case(first))["reviews"]
    assert [(one["reason"], one["supervisors"]) for one in seen] == [
        ("complaint", [A[1].key.kid.hex(), B[0].key.kid.hex()])
    ]
    assert (await overseen.case(second))["reviews"] == []
    [line] = [entry for entry in logs if entry["event"] == "case.reviewed"]
    assert first not in repr(logs)
    assert set(line) == {"event", "thread", "log_level"}


async def test_the_desks_other_computers_are_told_who_reviewed_which_case_and_why(
    network: Network, overseen: Desk
) -> None:
    second = await second_of(network, overseen)
    ref = await overseen.request()
    await has_halves(overseen, 1)
    await network.holds(second, ref, 1)

    await review(overseen, ref, A[1], B[0])

    async def is_told() -> bool:
        return len((await second.case(ref))["reviews"]) == 1

    await until(is_told, "the second computer shows the review")
    assert (await second.case(ref))["reviews"] == (await overseen.case(ref))["reviews"]
    assert [one["reason"] for one in (await second.case(ref))["reviews"]] == ["complaint"]


async def test_a_locked_desk_is_reviewed_all_the_same(overseen: Desk) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)
    await overseen.client.post("/api/lock")

    view = await review(overseen, ref, A[0], B[1])

    assert view["case"] == ref


async def test_two_of_one_panel_have_nothing_to_show(overseen: Desk) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)

    with pytest.raises(OnePanelError):
        await review(overseen, ref, A[0], A[1])

    assert await overseen.agent.store.reviews() == []


@pytest.mark.parametrize(
    "said",
    [
        {"tag": bytes(32).hex()},
        {"reason": "audit"},
        {"first": A[1].key.kid.hex()},
        {"first": B[0].key.kid.hex(), "second": A[0].key.kid.hex()},
        {"first": supervisor().key.kid.hex()},
    ],
    ids=["no tag", "another reason", "another supervisor", "panels changed", "a stranger"],
)
async def test_a_review_that_was_not_shown_opens_nothing_and_is_not_recorded(
    overseen: Desk, said: Mapping[str, str]
) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)

    with pytest.raises(DeskRefusedError) as refused:
        await review(overseen, ref, A[0], B[0], **said)

    assert refused.value.code == "oversight.not_shown"
    assert await overseen.agent.store.reviews() == []


async def test_what_was_shown_once_shows_nothing_again(overseen: Desk) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)
    sent: list[dict[str, str]] = []
    client = overseen.client
    await review(overseen, ref, A[0], B[0])
    asked = await client.get(f"/api/cases/{ref}/halves")
    sent.append({"first": A[0].key.kid.hex(), "second": B[0].key.kid.hex()})

    with pytest.raises(DeskRefusedError) as refused:
        await client.post(
            f"/api/cases/{ref}/review", **sent[0], reason="complaint", tag=asked["nonce"] * 2
        )

    assert refused.value.code == "oversight.not_shown"


async def test_other_supervisors_get_halves_anew_and_those_before_have_none(
    network: Network, overseen: Desk
) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)
    [before] = (await overseen.agent.store.halves()).values()
    newcomer: Supervisor = supervisor()

    await name_supervisors(network, overseen, panels([A[0], newcomer], B))

    [after] = (await overseen.agent.store.halves()).values()
    assert before != after
    assert bytes(A[1].key.kid) not in after
    assert (await review(overseen, ref, newcomer, B[1]))["case"] == ref


async def test_a_desk_without_supervisors_has_no_halves(network: Network, overseen: Desk) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)

    await name_supervisors(network, overseen, None)

    assert await overseen.agent.store.halves() == {}
    with pytest.raises(DeskRefusedError) as refused:
        await overseen.client.get(f"/api/cases/{ref}/halves")
    assert refused.value.code == "oversight.none"


async def test_a_case_is_reviewed_from_a_backup_where_the_desks_computer_is_lost(
    network: Network, overseen: Desk
) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)
    await network.settle()
    seed = await papers(network, overseen)
    path = await backed_up(overseen, network.state / "night.backup")
    await overseen.stop()
    del network.desks[overseen.slug]

    again, _ = await restored(network, overseen, path, seed)
    await again.start()
    view = await review(again, ref, A[1], B[1])

    assert [step["act"] for step in view["steps"]] == ["request"]
    assert len(view["reviews"]) == 1
