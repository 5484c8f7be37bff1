"""Making a desk: vault, store, device key, and the requests that the registrar signs.

Nothing is believed of the broker but what chains to the pins; private keys never leave this folder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crypto.attest import labels
from crypto.attest.directory import Desk, Directory
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.padding import LARGEST
from crypto.attest.signing import SigningKey, pack_signed
from crypto.attest.statement import DevicePayload, Role
from crypto.seal.ceremony import VALIDITY, request_key
from crypto.seal.primitives import KEY_BYTES, fresh
from crypto.seal.vault import Keys
from liaison.desk.app import DEVICE, SLUG, NotADeskError
from liaison.desk.casework.release import STANDING
from liaison.desk.entrance.roster import STORE, opened, recovered
from liaison.desk.entrance.vault import add_officer, create_vault, unlock_vault
from liaison.desk.keys.contacts import PINS
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, timestamp
from liaison.runtime.pins import parse_pins
from protocols.casework.approval import StandingApproval

#: A certificate may begin a little before its first use: two computers' clocks never quite agree.
EARLY = 3_600


@dataclass(frozen=True, slots=True)
class NewDesk:
    """A desk that waits for the registrar: the first officer's keys, the requests to sign."""

    keys: Keys
    requests: tuple[bytes, ...]


async def init_desk(
    state: Path,
    *,
    slug: str,
    pins: Iterable[str],
    entries: Sequence[bytes],
    officer: str,
    role: Role,
    passphrase: str,
    clock: Clock,
) -> NewDesk:
    """Make a desk in the empty folder ``state`` and return what must be signed.

    Args:
        state: an empty folder.
        slug: which desk of the directory this is an installation of.
        pins: the fingerprints of both agencies' roots, as lines of the file of the pins.
        entries: the directory so far, from wherever; believed as far as the pins vouch for it.
        officer: the pseudonym of the first officer.
        role: what that officer may do.
        passphrase: opens that officer's slot.
        clock: says when the certificates begin.

    Raises:
        PinsFileError: a line is no pin.
        DirectoryError: an entry does not stand, or there is no such desk.
        VaultError: a weak passphrase.
        FileExistsError: the folder holds a desk already.
    """
    typed = parse_pins(pins)
    directory = Directory.replay([pin.digits for pin in typed], entries)
    desk = directory.desk_named(slug)
    keys = create_vault(state, officer, passphrase)
    seed = fresh(KEY_BYTES)
    store = Store(state / STORE, keys.master)
    await store.open()
    await store.set_fact(DEVICE, seed)
    await store.set_fact(SLUG, slug.encode())
    await store.set_fact(PINS, "\n".join(pin.line for pin in typed).encode())
    await store.add_directory_entries(0, entries)
    await store.close()
    device = SigningKey.from_seed(seed)
    begins = timestamp(clock.now())
    return NewDesk(
        keys,
        (
            _request(desk, device, Role.DEVICE, f"{officer}-device", begins),
            _request(desk, SigningKey.from_seed(keys.seed), role, officer, begins),
        ),
    )


def admit_officer(
    state: Path,
    keys: Keys,
    *,
    slug: str,
    directory: Directory,
    officer: str,
    role: Role,
    passphrase: str,
    clock: Clock,
) -> bytes:
    """Give a further officer a slot in the vault and return the request for their key.

    Raises:
        UnknownDeskError: the directory has no such desk.
        VaultError: a weak passphrase, or the officer has a slot.
    """
    added = add_officer(state, keys, officer, passphrase)
    return _request_of(directory.desk_named(slug), added, role, clock)


async def add_to(
    state: Path,
    by: str,
    passphrase: str,
    *,
    new: str,
    role: Role,
    new_passphrase: str,
    clock: Clock,
) -> bytes:
    """Give a further officer a slot in a desk that was made, and return the request for their key.

    Args:
        state: the desk's folder.
        by: the officer who does it.
        passphrase: theirs.
        new: who gets a slot.
        role: what the new officer may do.
        new_passphrase: opens the new officer's slot.
        clock: says when the certificate begins.

    Raises:
        NoVaultError, VaultError, StoreError: nothing has changed.
    """
    async with opened(state, by, passphrase) as (store, keys):
        desk = await _own_desk(store)
        added = add_officer(state, keys, new, new_passphrase)
    return _request_of(desk, added, role, clock)


async def recover_for(
    state: Path,
    halves: tuple[bytes, bytes],
    officer: str,
    passphrase: str,
    *,
    role: Role,
    clock: Clock,
) -> bytes:
    """Give an officer a slot by the two papers, and return the request for their new key.

    Raises:
        NoVaultError, VaultError, StoreError: nothing has changed.
    """
    async with recovered(state, halves, officer, passphrase) as (store, keys):
        desk = await _own_desk(store)
    return _request_of(desk, keys, role, clock)


def sign_standing(state: Path, officer: str, passphrase: str, approval: StandingApproval) -> bytes:
    """Return a standing approval signed by the approver whose slot the passphrase opens.

    Raises:
        VaultError: no such officer, or a wrong passphrase.
    """
    keys = unlock_vault(state, officer, passphrase)
    body = encode(approval.to_value())
    return pack_signed(SigningKey.from_seed(keys.seed), labels.STANDING, body)


async def keep_standing(state: Path, master: bytes, signed: Sequence[bytes]) -> None:
    """Keep signed standing approvals in a desk that is not running; they are checked at use."""
    store = Store(state / STORE, master)
    await store.open()
    raw = await store.fact(STANDING)
    known = [] if raw is None else decode(raw, limit=LARGEST)
    listed: list[Value] = [*(known if isinstance(known, list) else []), *signed]
    await store.set_fact(STANDING, encode(listed))
    await store.close()


async def _own_desk(store: Store) -> Desk:
    pins, slug = await store.fact(PINS), await store.fact(SLUG)
    if pins is None or slug is None:
        raise NotADeskError("this store is no desk's; `liaison desk init` makes one")
    replica = await Replica.load(pins.decode().splitlines(), slug.decode(), store)
    return replica.directory.desk_named(replica.slug)


def _request_of(desk: Desk, keys: Keys, role: Role, clock: Clock) -> bytes:
    key, begins = SigningKey.from_seed(keys.seed), timestamp(clock.now())
    return _request(desk, key, role, keys.officer, begins)


def _request(desk: Desk, key: SigningKey, role: Role, pseudonym: str, begins: int) -> bytes:
    payload = DevicePayload(
        key.verify_key, desk.id, role, pseudonym, begins - EARLY, begins - EARLY + VALIDITY
    )
    return request_key(desk.agency, payload, key)
