"""Whose signatures a desk asks of a checkpoint, and what it knows beside the log it follows."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession

from crypto.attest.header import DeskId
from crypto.attest.signing import KeyId
from crypto.attest.statement import (
    InfraKind,
    Reason,
    RevocationPayload,
    Role,
    parse_entry,
)
from crypto.seal.ceremony import revoke, state_grant_key
from crypto.seal.windows import make_grant_key
from liaison.demo.hand_clock import HandClock
from liaison.desk.keys.directory import MOST_CARRIED, UNKNOWN, NoWitnessError, Replica
from liaison.desk.line.broker_client import Line, LineDownError
from liaison.desk.store import Store
from liaison.runtime.clock import from_timestamp
from tests.support.agencies import DONGXING, MONGCAI, Corridor, draw_key, found, found_corridor

AT = 1_770_000_000


def replica(folder: Path, *, with_witness: tuple[str, ...], shared: bool = False) -> Replica:
    """Return a replica in which these sides have named a witness, each its own or one."""
    broker, one = draw_key(), draw_key()
    corridor = found_corridor(AT, broker=broker.kid)
    for side in (corridor.vietnam, corridor.china):
        side.rely_on(InfraKind.BROKER, broker, "liaison/broker")
    sides = {"vn": corridor.vietnam, "cn": corridor.china}
    for name in with_witness:
        key, called = (one, "witness") if shared else (draw_key(), f"witness-{name}")
        sides[name].rely_on(InfraKind.WITNESS, key, called)
    return Replica(corridor.directory, MONGCAI, Store(folder / "store", bytes(32)))


def test_a_witness_of_each_side_must_have_cosigned(tmp_path: Path) -> None:
    policy = replica(tmp_path, with_witness=("vn", "cn")).policy()

    assert {witness.name for witness in policy.witnesses} == {"witness-vn", "witness-cn"}
    assert policy.quorum == 2


def test_a_witness_that_both_sides_have_named_counts_once(tmp_path: Path) -> None:
    both = replica(tmp_path, with_witness=("vn", "cn"), shared=True)

    assert [witness.name for witness in both.policy().witnesses] == ["witness"]


@pytest.mark.parametrize("sides", [(), ("vn",), ("cn",)])
def test_a_side_without_a_witness_makes_every_checkpoint_worthless(
    tmp_path: Path, sides: tuple[str, ...]
) -> None:
    with pytest.raises(NoWitnessError, match="named no witness"):
        replica(tmp_path, with_witness=sides).policy()


@dataclass(slots=True)
class BreakingLine(Line):
    """A line over which these pages of the directory come before it breaks."""

    pages: list[list[bytes]] = field(default_factory=list)

    async def page(self, path: str, **query: int) -> list[bytes]:
        """Return the next page; raise LineDownError when there is none left."""
        if not self.pages:
            raise LineDownError(f"broken before {path} {query}")
        return self.pages.pop(0)


@pytest.fixture
def corridor() -> Corridor:
    """Return two agencies."""
    return found_corridor(AT, broker=draw_key().kid)


@pytest.fixture
async def followed(tmp_path: Path, corridor: Corridor) -> AsyncIterator[Replica]:
    """Yield a replica, in its own store, of all that the two agencies have said."""
    store = Store(tmp_path / "store", bytes(32))
    await store.open()
    await store.add_directory_entries(0, corridor.entries)
    yield await Replica.load(corridor.pins, MONGCAI, store)
    await store.close()


async def sync_over_breaking_line(replica: Replica, *pages: list[bytes]) -> None:
    """Have the replica follow a log of which these pages come, and then the line breaks."""
    key, clock = draw_key(), HandClock(from_timestamp(AT))
    async with ClientSession() as session:
        line = BreakingLine(
            "http://127.0.0.1", key, clock, session, lambda: key.kid, pages=list(pages)
        )
        with pytest.raises(LineDownError):
            await replica.sync(line)


def is_revoked(replica: Replica, kid: KeyId) -> bool:
    """Say whether the key is revoked by all that the replica knows."""
    return replica.known.is_revoked(replica.known.whose(kid))


async def test_a_revocation_that_came_before_the_line_broke_is_known_beside_carried_entries(
    followed: Replica, corridor: Corridor
) -> None:
    office = corridor.office(DONGXING)
    _, newcomer = corridor.china.enrol(office, Role.OFFICER, at=AT)
    await followed.learn([newcomer])

    await sync_over_breaking_line(followed, [corridor.china.revoke(office.officer.kid, at=AT)])

    assert await followed.store.carried_entries() == [newcomer]
    assert is_revoked(followed, office.officer.kid)


async def test_a_root_that_is_pinned_now_is_pinned_beside_carried_entries_too(
    followed: Replica, corridor: Corridor
) -> None:
    third = found("LA")
    _, newcomer = corridor.china.enrol(corridor.office(DONGXING), Role.OFFICER, at=AT)
    await followed.learn([newcomer])

    followed.pin(third.pin)

    assert followed.directory.pins == followed.known.pins == {*corridor.pins, third.pin}


def test_what_nothing_knows_has_a_name_all_the_same(tmp_path: Path) -> None:
    both = replica(tmp_path, with_witness=())

    assert both.slug_of(DeskId(bytes(16))) == UNKNOWN
    assert both.pseudonym(KeyId(bytes(16))) == UNKNOWN
    assert both.desk_of(KeyId(bytes(16))) is None


#: More entries of one kind than are kept of an agency.
CROWD = 1_000


def crowd_of_grant_keys(corridor: Corridor) -> list[bytes]:
    """Return a thousand grant keys that one device of Dongxing states, each after the last."""
    entries, last = list[bytes](), None
    for _ in range(CROWD):
        made, device = make_grant_key().key, corridor.office(DONGXING).device
        entries.append(state_grant_key(corridor.china.id, made, device=device, after=last))
        last = parse_entry(entries[-1]).statement
    return entries


def crowd_of_revocations(corridor: Corridor) -> list[bytes]:
    """Return a thousand revocations of one key of Dongxing, each after the last."""
    entries, last, china = list[bytes](), None, corridor.china
    kid, payload = corridor.office(DONGXING).officer.kid, RevocationPayload(AT, Reason.LOST)
    for _ in range(CROWD):
        entries.append(revoke(china.id, kid, payload, signers=[china.registrar], after=last))
        last = parse_entry(entries[-1]).statement
    return entries


@pytest.mark.parametrize(
    "crowd, slug",
    [
        pytest.param(crowd_of_grant_keys, DONGXING, id="of what its devices state"),
        pytest.param(crowd_of_revocations, MONGCAI, id="of another agency"),
    ],
)
async def test_no_crowd_of_carried_entries_keeps_a_revocation_out(
    followed: Replica,
    corridor: Corridor,
    crowd: Callable[[Corridor], list[bytes]],
    slug: str,
) -> None:
    agency = corridor.china if slug == DONGXING else corridor.vietnam
    revoked = corridor.office(slug).device.kid
    await followed.learn(crowd(corridor))

    await followed.learn([agency.revoke(revoked, at=AT)])

    assert is_revoked(followed, revoked)
    assert len(await followed.store.carried_entries()) == MOST_CARRIED + 1
