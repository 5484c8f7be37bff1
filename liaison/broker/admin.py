"""What the operator does while the broker is not running: make it, and enrol agencies.

Follows docs/spec/broker.md, "Operation". Roots and their fingerprints come from people who met
(the pins are typed), so they enter here and never over the network; everything else may come by
either way, through the same checks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crypto.attest.encoding import Value, encode
from crypto.attest.payload import prove_possession
from crypto.attest.pin import read_pin
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import InfraKind, InfraPayload
from liaison.broker.core import KID, PINS, check_owner, locked, open_core, read_pins
from liaison.broker.errors import BrokerError, ForeignDatabaseError
from liaison.broker.ledger import origin_of
from liaison.broker.settings import KEY_NAME, database_of
from liaison.broker.store import Store, open_store
from liaison.runtime.clock import Clock
from liaison.runtime.seeds import create_key, load_key

REQUEST_NAME = "broker-request.cbor"
FOLDER_MODE = 0o700


class InitialisedError(BrokerError):
    """The folder already holds a broker."""

    code = "broker.initialised"


@dataclass(frozen=True, slots=True)
class Initialised:
    """A new broker: its key id, its ledger's name, and the request that each agency signs."""

    kid: KeyId
    name: str
    request: Path


async def init_broker(
    state: Path, *, pins: Iterable[str] = (), database_url: str = ""
) -> Initialised:
    """Return the broker made in the folder ``state``: key, database, and request file.

    The request is the payload of an infra statement with its proof of possession; each agency
    that relies on this broker signs it (``crypto.seal.ceremony.state_infra``). An ``init`` that was
    cut short is taken up again, with the key that it made.

    Raises:
        PinError: a pin is no fingerprint.
        InitialisedError, ForeignDatabaseError: folder or database hold a broker already.
    """
    typed = frozenset(map(read_pin, pins))
    state.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing runs yet
    with locked(state):
        key = _make_key(state / KEY_NAME)
        payload = InfraPayload(InfraKind.BROKER, key.verify_key, origin_of(key.kid))
        request = state / REQUEST_NAME
        request.write_bytes(prove_possession(payload, key))
        async with open_store(database_of(state, database_url)) as store:
            await _own(store, key, typed)
    return Initialised(key.kid, payload.name, request)


async def enroll_entries(
    state: Path,
    entries: Iterable[bytes],
    *,
    clock: Clock,
    pins: Iterable[str] = (),
    database_url: str = "",
) -> int:
    """Return the directory's size once all ``entries`` stand in it, in their order.

    ``pins`` are added to those that were typed before. Entries before one that is refused stay.

    Raises:
        PinError: a pin is no fingerprint.
        RefusedError: an entry does not stand.
        BrokerError: what ``open_core`` raises.
    """
    typed = frozenset(map(read_pin, pins))
    database = database_of(state, database_url)
    if typed:
        await _add_pins(state, database, typed)
    async with open_core(state, database, clock=clock) as core:
        for raw in entries:
            await core.writer.run(core.replica.statement(raw, by_operator=True))
        return core.writer.state.directory


def _make_key(file: Path) -> SigningKey:
    return load_key(file) if file.exists() else create_key(file)


async def _own(store: Store, key: SigningKey, pins: frozenset[str]) -> None:
    owner = (await store.meta()).get(KID)
    if owner == key.kid:
        raise InitialisedError("the folder already holds a broker")
    if owner is not None:
        raise ForeignDatabaseError("the database belongs to a broker with another key")
    async with store.transaction() as tx:
        await tx.set_meta(PINS, _pins(pins))
        await tx.set_meta(KID, key.kid)


async def _add_pins(state: Path, database: str, pins: frozenset[str]) -> None:
    with locked(state):
        key = load_key(state / KEY_NAME)
        async with open_store(database) as store:
            known = read_pins(await check_owner(store, key))
            async with store.transaction() as tx:
                await tx.set_meta(PINS, _pins(known | pins))


def _pins(pins: frozenset[str]) -> bytes:
    listed: list[Value] = [*sorted(pins)]
    return encode(listed)
