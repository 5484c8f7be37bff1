"""Supervisors of a desk's archive: their tokens, and the certificate that names them."""

from dataclasses import dataclass, replace

from crypto.attest.statement import ArchiveKey, Oversight, What
from crypto.seal.ceremony import name_desk
from crypto.seal.oversight import (
    join_halves,
    new_token,
    open_half,
    open_token,
    parse_halves,
    prove_review,
)
from liaison.desk.line.broker_client import publish_entry
from liaison.runtime.seeds import load_key
from tests.support.network import Desk, Network, View, until

WORDS = "cá sông trâu đồng"


@dataclass(frozen=True)
class Supervisor:
    """One supervisor: the token that they carry, and the key in it."""

    token: bytes
    key: ArchiveKey


def supervisor() -> Supervisor:
    """Return a new supervisor."""
    return Supervisor(*new_token(WORDS))


def panels(first: list[Supervisor], second: list[Supervisor]) -> Oversight:
    """Return the panels that a certificate names."""
    return Oversight(tuple(one.key for one in first), tuple(one.key for one in second))


async def name_supervisors(network: Network, desk: Desk, oversight: Oversight | None) -> None:
    """Have the agency's root name a desk's supervisors, and wait until the desk has sealed to them.

    Every officer is told by the directory; the root's two shares are the trial ceremony's.
    """
    directory = network.broker_directory()
    known = directory.desk_named(desk.slug)
    country = {"vn": "vn-quangninh-police", "cn": "cn-guangxi-police"}[desk.slug[:2]]
    home = network.state / "ceremony" / country
    shares = [load_key(home / f"root-{number}.seed") for number in (1, 2)]
    after = directory.last(What.DESK, known.agency, known.id)
    payload = replace(known.payload, oversight=oversight)
    entry = name_desk(known.agency, known.id, payload, signers=shares, after=after)
    await publish_entry(network.http, network.broker.url, entry)
    await network.settle()
    await desk.agent.overseer.seal_due()


async def has_halves(desk: Desk, count: int) -> None:
    """Wait until so many cases of a desk have sealed halves."""

    async def are_there() -> bool:
        await desk.agent.overseer.seal_due()
        return len(await desk.agent.store.halves()) == count

    await until(are_there, f"{desk.slug} has sealed {count} cases")


async def review(desk: Desk, ref: str, one: Supervisor, other: Supervisor, **said: str) -> View:
    """Have two supervisors review a case, as the command does; ``said`` replaces what is sent."""
    asked = await desk.client.get(f"/api/cases/{ref}/halves")
    sealed = parse_halves(bytes.fromhex(asked["halves"]))
    halves = [open_half(sealed, open_token(who.token, WORDS)) for who in (one, other)]
    nonce, ids = bytes.fromhex(asked["nonce"]), [half.supervisor for half in halves]
    tag = prove_review(join_halves(sealed, *halves), nonce, ids[0], ids[1], reason="complaint")
    fields = {"first": ids[0].hex(), "second": ids[1].hex(), "reason": "complaint"}
    return await desk.client.post(
        f"/api/cases/{ref}/review", **{**fields, "tag": tag.hex(), **said}
    )
