"""The other side's agencies and desks: whether their roots were compared, by whom, how and when.

A comparison takes two officers, each in their own session at this desk, each typing all sixty
digits as the other side reads them. Until then the digits of a root are not shown here: they are to
come from the other side and from nowhere else. What the first has typed is kept in memory only, is
shown to nobody, and waits for the second as long as it takes.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crypto.attest.directory import Desk
from crypto.attest.payload import decode_payload
from crypto.attest.pin import agree, fingerprint, read_pin
from crypto.attest.statement import AgencyId, RootPayload, Statement, What
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from liaison.runtime.pins import Comparison, Means, Pin, parse_pins
from protocols.casework.errors import CaseworkError
from protocols.casework.moments import iso

#: The fact of the store that holds the pins, as lines of the file of the pins.
PINS = "pins"


class UnknownAgencyError(CaseworkError):
    """No agency of that id is in the directory, or it is our own."""

    code = "contacts.unknown_agency"


class SameOfficerError(CaseworkError):
    """Whoever has typed first cannot be the second."""

    code = "contacts.same_officer"


class Standing(StrEnum):
    """What is known of a root here."""

    OWN = "own"
    FRESH = "fresh"
    OLD = "old"
    BY_NOBODY = "by_nobody"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the first of two officers has typed."""

    officer: str
    digits: str = field(repr=False)
    means: Means = Means.IN_PERSON


@dataclass(frozen=True, slots=True)
class Contacts:
    """The agencies of the directory as this desk trusts them."""

    store: Store
    replica: Replica
    officers: Officers
    clock: Clock
    _typed: dict[AgencyId, Typed] = field(default_factory=dict)

    async def listed(self) -> list[dict[str, Any]]:
        """Return our own agency and then the others: desks, comparison, standing, digits if shown.

        Digits of a root that nobody has compared are not among them.
        """
        pins = {pin.digits: pin for pin in await self._pins()}
        agencies = sorted(
            self.replica.directory.agencies(), key=lambda agency: agency != self.replica.agency
        )
        known = [self._view(agency, pins) for agency in agencies]
        return [*known, *self._offered()]

    async def compare(
        self, officer: str, agency: bytes, typed: str, means: Means
    ) -> Comparison | None:
        """Take what an officer has typed of a root's digits; return the comparison of the second.

        The first gets None. What two have typed otherwise is forgotten, of both.

        Raises:
            LockedError: the officer has not unlocked this desk.
            UnknownSignerError: the registrar has not admitted the officer: a slot in the vault is
                given by one officer alone, and would be no second person.
            UnknownAgencyError: no such agency, or our own.
            PinError: not 60 digits; nothing is kept, and what the first typed still waits.
            SameOfficerError: the first types again.
            PinsDifferError, WrongPinError: the two differ from each other, or from the root.
        """
        at = timestamp(self.clock.now())
        self.replica.directory.signer(self.officers.key(officer).kid, at=at)
        root = self._foreign_root(agency)
        digits, first = read_pin(typed), self._typed.get(root.agency)
        if first is None:
            self._typed[root.agency] = Typed(officer, digits, means)
            return None
        if first.officer == officer:
            raise SameOfficerError(f"{officer} has typed; expected another officer")
        del self._typed[root.agency]
        agreed = agree(root.payload, first.digits, digits)
        comparison = Comparison(self.clock.now(), first.means, (first.officer, officer))
        await self._keep(Pin(agreed, comparison))
        return comparison

    async def _keep(self, pin: Pin) -> None:
        pins = {one.digits: one for one in await self._pins()} | {pin.digits: pin}
        await self.store.set_fact(PINS, "\n".join(one.line for one in pins.values()).encode())
        self.replica.pin(pin.digits)

    async def _pins(self) -> list[Pin]:
        return parse_pins((await self.store.fact(PINS) or b"").decode().splitlines())

    def _offered(self) -> list[dict[str, Any]]:
        """Return the agency whose first root the log offers, as that root calls itself, if any."""
        offered = self.replica.offered
        if offered is None:
            return []
        payload = decode_payload(offered)
        first = self._typed.get(offered.agency)
        return [
            {
                "id": offered.agency.hex(),
                "names": by_language(payload.names) if isinstance(payload, RootPayload) else {},
                "standing": str(Standing.UNKNOWN),
                "digits": None,
                "compared": None,
                "typed_by": None if first is None else first.officer,
                "desks": [],
            }
        ]

    def _foreign_root(self, agency: bytes) -> Statement:
        """Return the root of another agency that counts now; raise UnknownAgencyError if none."""
        offered = self.replica.offered
        if offered is not None and offered.agency == agency:
            return offered
        root = self.replica.directory.last(What.ROOT, AgencyId(agency), agency)
        if root is None or root.agency == self.replica.agency:
            raise UnknownAgencyError("the directory has no other agency of this id")
        return root

    def _view(self, agency: AgencyId, pins: dict[str, Pin]) -> dict[str, Any]:
        directory, now = self.replica.directory, timestamp(self.clock.now())
        root, payload = directory.last(What.ROOT, agency, agency), directory.root(agency)
        digits = fingerprint(b"" if root is None else root.payload)
        pin = pins.get(digits)
        standing, first = self._standing(agency, pin), self._typed.get(agency)
        said = None if pin is None else pin.comparison
        return {
            "id": agency.hex(),
            "names": by_language(payload.names),
            "standing": str(standing),
            "digits": None if standing in HIDDEN else digits,
            "compared": None
            if said is None
            else {"at": iso(said.at), "means": str(said.means), "by": list(said.by)},
            "typed_by": None if first is None else first.officer,
            "desks": [
                {
                    "slug": desk.payload.slug,
                    "names": by_language(desk.payload.names),
                    "formerly": [by_language(one) for one in directory.former_names(desk.id)],
                    "until": iso(from_timestamp(desk.payload.not_after)),
                    "counts": desk.payload.not_before <= now < desk.payload.not_after,
                    "revoked": directory.is_revoked(desk),
                    "supervisors": supervisors(desk),
                    "followed_by": [
                        {
                            "slug": directory.desk(one.new).payload.slug,
                            "from": iso(from_timestamp(one.begins)),
                            "in_part": one.threads is not None,
                        }
                        for one in directory.successions(desk.id)
                    ],
                }
                for desk in directory.desks()
                if desk.agency == agency
            ],
        }

    def _standing(self, agency: AgencyId, pin: Pin | None) -> Standing:
        if agency == self.replica.agency:
            return Standing.OWN
        if pin is None:
            return Standing.UNCONFIRMED
        if pin.comparison is None:
            return Standing.BY_NOBODY
        is_old = pin.comparison.is_old(now=self.clock.now())
        return Standing.OLD if is_old else Standing.FRESH


#: Roots whose digits are to come from the other side: who could copy them would not listen.
HIDDEN = frozenset({Standing.UNCONFIRMED, Standing.BY_NOBODY})


def supervisors(desk: Desk) -> list[int] | None:
    """Return how many sit in each panel that can open the desk's archive; None for no panels."""
    oversight = desk.payload.oversight
    return None if oversight is None else [len(oversight.first), len(oversight.second)]


def by_language(names: tuple[str, str, str]) -> dict[str, str]:
    """Return names as a directory's statement has them (vi, zh, en) by language."""
    return dict(zip(("vi", "zh", "en"), names, strict=True))
