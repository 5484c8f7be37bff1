"""How a desk stands to the roots of its directory, as time passes and roots change."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.attest.header import DeskId
from crypto.attest.pin import fingerprint
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    DevicePayload,
    Role,
    RootPayload,
    SuccessionPayload,
    What,
    parse_entry,
    sign_entry,
)
from crypto.seal.ceremony import (
    VALIDITY,
    grant_key,
    name_desk,
    parse_request,
    request_key,
    state_root,
    state_succession,
)
from crypto.seal.drafts import Draft, finish, roots_for, sign_draft
from crypto.seal.primitives import fresh
from crypto.seal.vault import Keys
from liaison.demo.hand_clock import HandClock
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.contacts import PINS, Contacts, UnknownAgencyError
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Store
from liaison.runtime.clock import from_timestamp
from liaison.runtime.pins import FRESH, Comparison, Means, Pin
from tests.support.agencies import DONGXING, MONGCAI, Corridor, draw_key, found, found_corridor
from tests.support.world import oversight

AT = 1_770_000_000
NOW = from_timestamp(AT)


@pytest.fixture
def corridor() -> Corridor:
    """Return two agencies."""
    return found_corridor(AT, broker=draw_key().kid)


@pytest.fixture
async def contacts(tmp_path: Path, corridor: Corridor) -> AsyncIterator[Contacts]:
    """Yield the contacts of a desk whose pins say that the Chinese root was compared."""
    store, clock = Store(tmp_path / "store", bytes(32)), HandClock(NOW)
    await store.open()
    compared = Pin(corridor.china.pin, Comparison(NOW, Means.IN_PERSON, ("QN-07", "QN-01")))
    await store.set_fact(PINS, f"{corridor.vietnam.pin}\n{compared.line}".encode())
    replica = Replica(corridor.directory, MONGCAI, store)
    yield Contacts(store, replica, Officers(clock), clock)
    await store.close()


def replace_root(contacts: Contacts, corridor: Corridor) -> str:
    """Have the Chinese agency replace its root, and return the new root's digits."""
    directory, china = contacts.replica.directory, corridor.china
    shares = [draw_key() for _ in range(3)]
    old = directory.root(china.id)
    root = RootPayload(tuple(key.verify_key for key in shares), 2, old.country, old.names)
    last = directory.last(What.ROOT, china.id, china.id)
    statement = state_root(root, agency=china.id, after=last)
    roots, draft = roots_for(statement, old), Draft(statement)
    for share in (*china.roots[:2], *shares[1:]):
        draft = sign_draft(draft, share, roots)
    directory.append(finish(draft, roots))
    return fingerprint(statement.payload)


def admit(contacts: Contacts, corridor: Corridor, officer: str) -> None:
    """Have an officer whom the registrar admits unlock the desk."""
    seed, office = fresh(32), corridor.office(MONGCAI)
    key = SigningKey.from_seed(seed)
    payload = DevicePayload(key.verify_key, office.id, Role.OFFICER, officer, AT, AT + VALIDITY)
    request = parse_request(request_key(office.agency, payload, key))
    registrar = corridor.vietnam.registrar
    contacts.replica.directory.append(grant_key(request, registrar, after=None))
    contacts.officers.admit(Keys(officer, bytes(32), seed, bytes(32)))


async def standing(contacts: Contacts) -> tuple[str, bool]:
    """Return how the other side's root stands, and whether its digits are shown."""
    [_, other] = await contacts.listed()
    return other["standing"], other["digits"] is not None


async def test_a_comparison_is_flagged_after_twelve_months_and_refuses_nothing(
    contacts: Contacts,
) -> None:
    fresh = await standing(contacts)

    assert isinstance(contacts.clock, HandClock)
    contacts.clock.set(NOW + FRESH + timedelta(seconds=1))

    assert fresh == ("fresh", True)
    assert await standing(contacts) == ("old", True)


async def test_a_new_root_is_red_until_its_own_digits_were_typed_by_two(
    contacts: Contacts, corridor: Corridor
) -> None:
    digits = replace_root(contacts, corridor)
    before = await standing(contacts)
    for officer in ("QN-07", "QN-01"):
        admit(contacts, corridor, officer)

    waits = await contacts.compare("QN-07", corridor.china.id, digits, Means.BY_TELEPHONE)
    made = await contacts.compare("QN-01", corridor.china.id, digits, Means.BY_TELEPHONE)

    assert before == ("unconfirmed", False)
    assert waits is None
    assert made is not None
    assert await standing(contacts) == ("fresh", True)


async def test_a_first_root_that_nobody_pinned_is_listed_as_unknown_and_without_its_digits(
    contacts: Contacts,
) -> None:
    third = found("LA")
    before = await contacts.listed()

    contacts.replica.offered = parse_entry(third.entries[0]).statement

    [*known, last] = await contacts.listed()
    assert known == before
    assert (last["id"], last["standing"], last["digits"]) == (third.id.hex(), "unknown", None)


async def test_a_pin_that_nobody_compared_says_so(contacts: Contacts, corridor: Corridor) -> None:
    await contacts.store.set_fact(PINS, corridor.china.pin.encode())

    assert await standing(contacts) == ("by_nobody", False)


async def test_our_own_root_is_compared_by_the_other_side_only(
    contacts: Contacts, corridor: Corridor
) -> None:
    admit(contacts, corridor, "QN-07")

    with pytest.raises(UnknownAgencyError):
        await contacts.compare("QN-07", corridor.vietnam.id, corridor.vietnam.pin, Means.IN_PERSON)


async def test_who_oversees_a_desk_and_who_follows_it_is_told(
    contacts: Contacts, corridor: Corridor
) -> None:
    directory, china = contacts.replica.directory, corridor.china
    old, new = corridor.office(DONGXING).id, DeskId(bytes(15) + b"\1")
    known = directory.desk(old).payload
    overseen = replace(known, slug="cn-dongxing-2", oversight=oversight("dongxing"))
    directory.append(name_desk(china.id, new, overseen, signers=china.roots[:2]))
    statement = state_succession(china.id, old, SuccessionPayload(new, AT, None))
    directory.append(sign_entry(statement, china.roots[:2]))

    desks = {desk["slug"]: desk for one in await contacts.listed() for desk in one["desks"]}

    told = (desks["cn-dongxing-2"]["supervisors"], desks[DONGXING]["supervisors"])
    assert told == ([2, 2], None)
    [follower] = desks[DONGXING]["followed_by"]
    assert (follower["slug"], follower["in_part"]) == ("cn-dongxing-2", False)
