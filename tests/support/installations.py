"""A further installation of a desk: another computer in the same office, enrolled and running."""

from config.schema import Country
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import Reason, RevocationPayload, Role, SuccessionPayload, sign_entry
from crypto.seal.ceremony import grant_key, parse_request, revoke, state_succession
from liaison.desk.entrance.admin import init_desk
from liaison.desk.line.broker_client import fetch_directory, publish_entry
from liaison.runtime.seeds import load_key
from tests.support.network import Desk, Network, View, serve_by, until

#: Who has a key on the second computer in Móng Cái, and the passphrase that opens it there.
OFFICER, PASSPHRASE = "MC-06", "một máy nữa trong phòng"


async def enrol_installation(
    network: Network, desk: Desk, *, officer: str = OFFICER, name: str = "second"
) -> Desk:
    """Return a further installation of ``desk``, admitted by the registrar and by nobody else.

    It is not started; ``name`` tells its folder from others'.
    """
    state = network.state / f"{desk.slug}-{name}"
    state.mkdir(mode=0o700)
    entries = await fetch_directory(network.http, network.broker.url)
    made = await init_desk(
        state,
        slug=desk.slug,
        pins=network.founded.pins,
        entries=entries,
        officer=officer,
        role=Role.OFFICER,
        passphrase=PASSPHRASE,
        clock=network.clock,
    )
    registrar = registrar_of(network, desk)
    for raw in made.requests:
        entry = grant_key(parse_request(raw), registrar, after=None)
        await publish_entry(network.http, network.broker.url, entry)
    further = Desk(desk.build, slug=desk.slug, state=state, keys=made.keys, http=network.http)
    serve_by(further, network.broker, network.founded, network.clock)
    network.desks[f"{desk.slug}-{name}"] = further
    return further


def registrar_of(network: Network, desk: Desk) -> SigningKey:
    """Return the key of the registrar of a desk's agency."""
    return load_key(network.state / "ceremony" / _agency(network, desk) / "registrar.seed")


async def revoke_key(
    network: Network, desk: Desk, kid: KeyId, *, reason: Reason = Reason.LOST, at: int = 0
) -> None:
    """Have the registrar of ``desk`` revoke one of its keys, not to be trusted since ``at``."""
    registrar, payload = registrar_of(network, desk), RevocationPayload(at, reason)
    agency = network.broker_directory().whose(kid).agency
    entry = revoke(agency, kid, payload, signers=[registrar])
    await publish_entry(network.http, network.broker.url, entry)


async def succeed(
    network: Network,
    old: Desk,
    new: Desk,
    *,
    begins: int,
    threads: tuple[bytes, ...] | None = None,
) -> None:
    """Have the root that both desks have say that ``new`` follows ``old`` from then on (ts).

    In all that nobody else was given, or in these ``threads``.
    """
    home, directory = network.state / "ceremony" / _agency(network, old), network.broker_directory()
    shares = [load_key(home / f"root-{number}.seed") for number in (1, 2)]
    one, other = directory.desk_named(old.slug), directory.desk_named(new.slug)
    statement = state_succession(one.agency, one.id, SuccessionPayload(other.id, begins, threads))
    await publish_entry(network.http, network.broker.url, sign_entry(statement, shares))


async def close(network: Network, desk: Desk, *, at: int) -> None:
    """Have the root of a desk say that the desk is closed since then (ts), and counts no more."""
    home = network.state / "ceremony" / _agency(network, desk)
    shares = [load_key(home / f"root-{number}.seed") for number in (1, 2)]
    closed = network.broker_directory().desk_named(desk.slug)
    payload = RevocationPayload(at, Reason.CLOSED)
    entry = revoke(closed.agency, closed.id, payload, signers=shares)
    await publish_entry(network.http, network.broker.url, entry)


async def devices(desk: Desk) -> View:
    """Return how an installation sees itself and the others of its desk."""
    found: View = (await desk.status())["devices"]
    return found


async def admit(desk: Desk, other: Desk) -> None:
    """Have the officer at ``desk`` type the number that ``other`` shows."""
    number = (await devices(other))["number"]

    async def is_known() -> bool:
        return number in [one["number"] for one in (await devices(desk))["others"]]

    await until(is_known, f"{desk.state.name} knows of {other.state.name}")
    await desk.client.post("/api/devices", officer=desk.officer, number=number)


async def admit_each_other(one: Desk, other: Desk) -> None:
    """Have each of two installations admit the other, and wait until both are members."""
    await admit(one, other)
    await admit(other, one)

    async def are_members() -> bool:
        return all([(await devices(desk))["member"] for desk in (one, other)])

    await until(are_members, "both installations are members")


async def second_of(network: Network, first: Desk | None = None, *, officer: str = OFFICER) -> Desk:
    """Return a second installation of ``first``, running, each having admitted the other.

    ``first`` is Móng Cái unless it is given.
    """
    first = first or network.mongcai
    second = await enrol_installation(network, first, officer=officer)
    await second.start()
    await network.settle()
    await admit_each_other(first, second)
    await network.settle()
    return second


def _agency(network: Network, desk: Desk) -> str:
    corridor = network.founded.corridor
    is_vietnamese = corridor.country(desk.slug) is Country.VIET_NAM
    return "vn-quangninh-police" if is_vietnamese else "cn-guangxi-police"
