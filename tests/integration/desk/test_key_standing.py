"""How a desk's keys stand: what is found as time passes, and a new term from the registrar."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.attest.statement import What
from crypto.seal.ceremony import VALIDITY, grant_key, parse_request
from liaison.desk.keys.contacts import PINS
from liaison.desk.keys.key_standing import CERTIFICATE_AHEAD
from liaison.runtime.pins import Comparison, Means, Pin, parse_pins
from liaison.runtime.seeds import load_key
from tests.support.agencies import MONGCAI
from tests.support.command import liaison
from tests.support.network import AT, Foundation, Network, View, foundation, start, until


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Foundation:
    """Return the network that was founded for this run."""
    return foundation(tmp_path_factory.getbasetemp())


@pytest.fixture
async def network(founded: Foundation, tmp_path: Path) -> AsyncIterator[Network]:
    """Yield a network in which one desk runs, whose officers have compared every root."""
    async with founded.copy(tmp_path / "network") as network:
        await start(network, MONGCAI)
        store = network.mongcai.agent.store
        pins = parse_pins((await store.fact(PINS) or b"").decode().splitlines())
        said = Comparison(AT, Means.IN_PERSON, ("MC-04", "MC-09"))
        lines = [Pin(pin.digits, said).line for pin in pins]
        await store.set_fact(PINS, "\n".join(lines).encode())
        await network.settle()
        yield network


async def standing(network: Network) -> View:
    """Return how the desk's keys stand."""
    return await network.mongcai.client.get("/api/keys")


def due(view: View) -> set[tuple[str, str]]:
    """Return what has to be done, and about what."""
    return {(one["code"], one["about"]) for one in view["due"]}


async def test_a_desk_that_is_not_served_is_read_under_an_officers_passphrase(
    network: Network,
) -> None:
    desk, passphrase = network.mongcai, network.founded.passphrase
    before = await standing(network)
    own, _ = (await desk.client.get("/api/contacts"))["agencies"]
    await desk.stop()
    where = ("--state", desk.state, "--officer", desk.officer)

    told = liaison("keys", "status", *where, "--json", passphrase=passphrase)
    aloud = liaison("keys", "fingerprint", *where, "--json", passphrase=passphrase)
    wrong = liaison("keys", "status", *where, passphrase="không phải")
    nobody = liaison("keys", "status", "--state", desk.state)

    assert told.err == ""
    assert (told.json["desk"], told.json["until"]) == (MONGCAI, before["until"])
    assert [key["kid"] for key in told.json["keys"]] == [key["kid"] for key in before["keys"]]
    assert aloud.json["digits"] == own["digits"]
    assert "vault.wrong" in wrong.err
    assert "desk.not_reachable" in nobody.err


async def test_a_desk_whose_keys_are_well_has_nothing_due(network: Network) -> None:
    view = await standing(network)

    assert due(view) == set()
    assert {(key["pseudonym"], key["role"]) for key in view["keys"]} >= {
        ("MC-04", "officer"),
        ("MC-04-device", "device"),
    }
    assert [key["here"] for key in view["keys"] if key["role"] == "device"] == [True]
    assert all("digits" not in agency for agency in view["agencies"])


async def test_what_runs_out_is_told_two_months_before_and_after(network: Network) -> None:
    ends = timedelta(seconds=VALIDITY - CERTIFICATE_AHEAD)

    await network.move(AT + ends + timedelta(days=2))
    before = due(await standing(network))
    await network.move(AT + timedelta(seconds=VALIDITY) + timedelta(days=1))
    after = due(await standing(network))

    assert {("key_ends", "MC-04"), ("key_ends", "MC-04-device")} <= before
    assert ("desk_ends", MONGCAI) in before
    assert {("key_ended", "MC-04"), ("key_ended", "MC-04-device"), ("desk_ended", MONGCAI)} <= after
    assert ("root_old", "") in after


async def test_a_new_term_comes_from_the_registrar_and_nothing_is_due_then(
    network: Network,
) -> None:
    desk = network.mongcai
    await network.move(AT + timedelta(seconds=VALIDITY - CERTIFICATE_AHEAD) + timedelta(days=2))
    answer = await desk.client.post("/api/keys/renewals", officer=desk.officer)
    requests = [parse_request(bytes.fromhex(raw)) for raw in answer["requests"]]
    registrar = load_key(network.state / "ceremony" / "vn-quangninh-police" / "registrar.seed")
    directory = desk.agent.replica.directory

    for request in requests:
        last = directory.last(What.DEVICE, request.agency, request.payload.key.kid)
        await desk.agent.line.publish(grant_key(request, registrar, after=last))

    async def is_renewed() -> bool:
        found = due(await standing(network))
        return not {about for code, about in found if code == "key_ends"} & {
            "MC-04",
            "MC-04-device",
        }

    await until(is_renewed, "both keys have a new term")
    assert [request.payload.role.name for request in requests] == ["DEVICE", "OFFICER"]


async def test_an_officer_who_is_not_here_renews_nothing(network: Network) -> None:
    desk = network.mongcai
    await desk.client.post("/api/lock")

    with pytest.raises(Exception, match="has not unlocked"):
        await desk.client.post("/api/keys/renewals", officer="MC-04")
