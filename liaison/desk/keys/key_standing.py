"""How the keys of a desk stand: which exist, until when they count, and what has to be done.

Everything is read from the replica of the directory and from what was compared here. A finding is a
code, what it is about, and when; what to do next is said by the catalogue. Whatever is found is
shown and refuses nothing: what no longer counts is refused where it is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from crypto.attest.directory import Desk, DirectoryError, Signer
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Role
from crypto.seal.ceremony import VALIDITY, request_key
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.contacts import Contacts, Standing
from liaison.desk.keys.devices import Devices
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.moments import iso

#: So long before a certificate runs out somebody has to travel: it takes a meeting of the holders
#: of a root, or an officer who goes to the registrar.
CERTIFICATE_AHEAD = int(timedelta(days=60).total_seconds())
#: A desk that publishes as it should is three weeks ahead; less than one is a line that was down.
WINDOWS_AHEAD = int(timedelta(days=7).total_seconds())
#: A certificate begins a little before it is used: two computers' clocks never quite agree.
EARLY = 3_600


class Due(StrEnum):
    """What has to be done about keys."""

    NOT_ENROLLED = "not_enrolled"
    NOT_ADMITTED = "not_admitted"
    DEVICE_WAITS = "device_waits"
    KEY_ENDS = "key_ends"
    KEY_ENDED = "key_ended"
    DESK_ENDS = "desk_ends"
    DESK_ENDED = "desk_ended"
    WINDOWS_SHORT = "windows_short"
    ROOT_UNCONFIRMED = "root_unconfirmed"
    ROOT_UNKNOWN = "root_unknown"
    ROOT_BY_NOBODY = "root_by_nobody"
    ROOT_OLD = "root_old"


#: What a root's standing asks for.
BY_STANDING = {
    Standing.UNCONFIRMED: Due.ROOT_UNCONFIRMED,
    Standing.UNKNOWN: Due.ROOT_UNKNOWN,
    Standing.BY_NOBODY: Due.ROOT_BY_NOBODY,
    Standing.OLD: Due.ROOT_OLD,
}


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """The keys of one desk, as one of its installations sees them."""

    replica: Replica
    keyring: Keyring
    devices: Devices
    contacts: Contacts
    officers: Officers
    clock: Clock

    async def view(self) -> dict[str, Any]:
        """Return the keys, windows and roots with their terms, and all that has to be done."""
        now, desk = timestamp(self.clock.now()), self._desk()
        agencies, devices = await self.contacts.listed(), await self.devices.listed()
        signers = self._signers()
        findings = [
            *self._of_devices(devices),
            *self._of_signers(signers, now),
            *self._of_desk(desk, now),
            *self._of_roots(agencies),
        ]
        return {
            "desk": desk.payload.slug,
            "now": iso(self.clock.now()),
            "until": _moment(desk.payload.not_after),
            "windows_until": _moment(self._windows_until()),
            "keys": [self._key(signer, now) for signer in signers],
            "agencies": [_without_digits(one) for one in agencies],
            "due": findings,
        }

    def renewals(self, officer: str) -> list[bytes]:
        """Return requests for a new term of this installation's key and of an officer's.

        The registrar signs them, as any request; nothing here vouches for itself.

        Raises:
            LockedError: the officer has not unlocked this desk.
            UnknownSignerError: a key that was never enrolled has no term to renew.
        """
        keys = (self.keyring.device, self.officers.key(officer))
        return [self._renewal(key) for key in keys]

    def _renewal(self, key: SigningKey) -> bytes:
        known = self.replica.directory.whose(key.kid)
        begins = timestamp(self.clock.now()) - EARLY
        payload = replace(known.payload, not_before=begins, not_after=begins + VALIDITY)
        return request_key(known.agency, payload, key)

    def _desk(self) -> Desk:
        return self.replica.directory.desk_named(self.replica.slug)

    def _signers(self) -> list[Signer]:
        directory, desk = self.replica.directory, self.replica.desk
        return [signer for role in Role for signer in directory.signers(desk, role)]

    def _windows_until(self) -> int | None:
        windows = self.replica.directory.windows(self.replica.desk)
        return windows[-1].not_after if windows else None

    def _key(self, signer: Signer, now: int) -> dict[str, Any]:
        return {
            "pseudonym": signer.payload.pseudonym,
            "role": signer.payload.role.name.lower(),
            "kid": signer.kid.hex(),
            "until": _moment(signer.payload.not_after),
            "counts": self._counts(signer, now),
            "here": signer.kid == self.keyring.device.kid,
        }

    def _counts(self, signer: Signer, now: int) -> bool:
        try:
            self.replica.directory.signer(signer.kid, at=now)
        except DirectoryError:
            return False
        return True

    def _of_devices(self, devices: dict[str, Any]) -> Iterator[dict[str, Any]]:
        own = self.keyring.device.kid
        if all(one.kid != own for one in self.replica.devices()):
            yield _finding(Due.NOT_ENROLLED, self.replica.slug)
        elif not devices["member"]:
            yield _finding(Due.NOT_ADMITTED, self.replica.slug)
        for other in devices["others"]:
            if not other["admitted"]:
                yield _finding(Due.DEVICE_WAITS, other["pseudonym"])

    def _of_signers(self, signers: list[Signer], now: int) -> Iterator[dict[str, Any]]:
        for signer in signers:
            name, ends = signer.payload.pseudonym, signer.payload.not_after
            if ends <= now:
                yield _finding(Due.KEY_ENDED, name, ends)
            elif ends <= now + CERTIFICATE_AHEAD:
                yield _finding(Due.KEY_ENDS, name, ends)

    def _of_desk(self, desk: Desk, now: int) -> Iterator[dict[str, Any]]:
        slug, ends = desk.payload.slug, desk.payload.not_after
        if ends <= now:
            yield _finding(Due.DESK_ENDED, slug, ends)
        elif ends <= now + CERTIFICATE_AHEAD:
            yield _finding(Due.DESK_ENDS, slug, ends)
        until = self._windows_until()
        if until is not None and until <= now + WINDOWS_AHEAD:
            yield _finding(Due.WINDOWS_SHORT, slug, until)

    def _of_roots(self, agencies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for agency in agencies:
            due = BY_STANDING.get(Standing(agency["standing"]))
            if due is not None:
                yield {**_finding(due, ""), "names": agency["names"]}


def _finding(due: Due, about: str, at: int | None = None) -> dict[str, Any]:
    return {"code": str(due), "about": about, "at": _moment(at)}


def _moment(at: int | None) -> str | None:
    return None if at is None else iso(from_timestamp(at))


def _without_digits(agency: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in agency.items() if name != "digits"}
