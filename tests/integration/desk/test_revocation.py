"""A key is revoked while desks work: what it loses, what stays, and what the others do at once."""

import pytest

from crypto.attest.header import parse_envelope
from crypto.attest.signing import KeyId
from crypto.attest.statement import Reason, Role, Window
from liaison.desk.client import DeskRefusedError
from liaison.desk.line.places import FACT
from liaison.runtime.clock import timestamp
from tests.support.agencies import MONGCAI
from tests.support.installations import (
    admit_each_other,
    devices,
    enrol_installation,
    revoke_key,
)
from tests.support.network import Desk, Network, until


async def second_of(network: Network) -> Desk:
    """Return a second installation in Móng Cái, running and admitted."""
    second = await enrol_installation(network, network.mongcai)
    await second.start()
    await network.settle()
    await admit_each_other(network.mongcai, second)
    await network.settle()
    return second


def officer_of(desk: Desk, pseudonym: str | None = None) -> KeyId:
    """Return the key of the desk's officer."""
    replica = desk.agent.replica
    officers = replica.directory.signers(replica.desk, Role.OFFICER)
    name = pseudonym or desk.officer
    return next(one.kid for one in officers if one.payload.pseudonym == name)


async def fresh_windows(network: Network, desk: Desk, count: int) -> list[Window]:
    """Return the desk's windows at the broker that no revoked key opens, once there are so many."""
    ours = desk.agent.replica.desk

    async def are_there() -> bool:
        return len(network.broker_directory().fresh_windows(ours)) == count

    await until(are_there, f"{desk.slug} has {count} windows that no revoked key opens")
    return network.broker_directory().fresh_windows(ours)


async def test_a_lost_computers_windows_are_replaced_at_once_and_it_gets_none(
    network: Network,
) -> None:
    second = await second_of(network)
    lost = second.agent.keyring

    await revoke_key(network, network.mongcai, lost.device.kid)
    fresh = await fresh_windows(network, network.mongcai, 4)
    await network.line_is(second, "down")
    held = set(lost.windows())
    await second.stop()
    await network.settle()

    ref = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, ref, 1)
    (step,) = (await network.dongxing.agent.casebook.find(ref)).steps
    kids = set(parse_envelope(step.message.envelope).header.kids)
    assert kids & {window.kid for window in fresh}
    assert not kids & held
    assert not {window.kid for window in fresh} & held
    assert set(network.mongcai.agent.keyring.windows()) >= {window.kid for window in fresh}


async def test_a_revoked_computer_says_so_and_the_others_list_it(network: Network) -> None:
    second = await second_of(network)
    number = (await devices(second))["number"]

    await revoke_key(network, network.mongcai, second.agent.keyring.device.kid)
    await fresh_windows(network, network.mongcai, 4)

    async def is_told() -> bool:
        return bool((await second.status())["refusal"] == "login.revoked")

    await until(is_told, "the computer is told that it was revoked")
    assert (await devices(second))["is_revoked"] is True
    listed = await devices(network.mongcai)
    assert listed["others"] == []
    assert [(one["number"], one["reason"]) for one in listed["revoked"]] == [(number, "lost")]
    await second.stop()


async def test_a_seed_that_was_made_before_a_revocation_is_not_used_after(
    network: Network,
) -> None:
    """Two computers make windows for one week; one publishes, and the other's seeds lie there."""
    second = await second_of(network)
    await network.settle()
    spare = [made for begins in (0, 7) for made in [await spare_seed(second, begins)]]
    known = {kid for kid, _ in await second.agent.store.own_windows()}

    await revoke_key(network, network.mongcai, network.mongcai.agent.keyring.device.kid)
    await network.mongcai.stop()
    fresh = await fresh_windows(network, second, 4)

    assert set(spare) <= known
    assert not {window.kid for window in fresh} & known


async def spare_seed(desk: Desk, days: int) -> KeyId:
    """Return a window that the desk made for a week and never published."""
    keyring = desk.agent.keyring
    begins = keyring.replica.directory.windows(keyring.replica.desk)[0].not_before + days * 86_400
    made = await keyring._new_window(begins)  # noqa: SLF001 - what a lost line leaves
    return made.kid


async def test_mail_of_a_revoked_officer_that_the_ledger_held_before_is_read(
    network: Network,
) -> None:
    kid, before = officer_of(network.dongxing), timestamp(network.clock.now()) - 7 * 86_400
    await network.mongcai.stop()
    ref = await network.dongxing.request(MONGCAI)
    await network.settle()
    await revoke_key(network, network.dongxing, kid, reason=Reason.LEFT, at=before)
    await fresh_windows(network, network.dongxing, 4)
    await network.settle()

    await network.mongcai.start()
    view = await network.holds(network.mongcai, ref, 1)
    await network.settle()

    view = await network.mongcai.case(ref)
    assert view["steps"][0]["by"] == network.dongxing.officer
    assert view["steps"][0]["doubts"] == ["backdated"]
    assert await network.mongcai.set_aside() == []
    [revocation] = network.mongcai.agent.replica.directory.revocations()
    assert await network.mongcai.agent.store.fact(FACT.format(revocation.size)) is not None


async def test_what_was_proved_of_a_revocation_is_known_after_a_restart(network: Network) -> None:
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, ref, 1)
    await revoke_key(network, network.dongxing, officer_of(network.dongxing))
    await fresh_windows(network, network.dongxing, 4)
    await network.settle()
    await network.broker.stop()

    await network.mongcai.stop()
    await network.mongcai.start()

    assert network.mongcai.agent.replica.directory.unplaced() == []
    assert (await network.mongcai.case(ref))["steps"][0]["by"] == network.dongxing.officer


async def test_a_revoked_officer_sends_nothing_more(network: Network) -> None:
    await revoke_key(network, network.dongxing, officer_of(network.dongxing))
    await fresh_windows(network, network.dongxing, 4)
    await network.settle()

    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.request(MONGCAI)

    assert refused.value.code == "directory.revoked"
    assert await network.mongcai.board() == []


async def test_an_office_whose_only_computer_was_revoked_keeps_its_last_window(
    network: Network,
) -> None:
    ours = network.dongxing.agent.replica.desk
    last = network.broker_directory().open_window(ours, at=timestamp(network.clock.now()))

    await revoke_key(network, network.dongxing, network.dongxing.agent.keyring.device.kid)
    await network.line_is(network.dongxing, "down")
    await network.dongxing.stop()
    await network.settle()
    ref = await network.mongcai.request()
    await network.settle()

    (step,) = (await network.mongcai.agent.casebook.find(ref)).steps
    assert last.kid in parse_envelope(step.message.envelope).header.kids
