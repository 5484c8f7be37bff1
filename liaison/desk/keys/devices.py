"""The desk's other installations: who they are, admitting them, and giving them what they need.

Follows docs/spec/envelope.md, "Grants and histories". The registrar's word alone gives a device
nothing: an officer types its number at an installation that holds the desk's keys, and types that
one's number on the new one. From then on each gives the other its windows as they come. A new one
is also told what happened before; what comes later it fetches from the desk's mailbox itself.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from crypto.attest.directory import NoGrantKeyError, Signer
from crypto.attest.header import DeskId, parse_envelope
from crypto.attest.pin import device_number, read_device_number
from crypto.attest.signing import KeyId
from crypto.attest.statement import GrantKey, What
from crypto.seal.ceremony import state_grant_key
from crypto.seal.content import Kind
from crypto.seal.envelope import Opened
from crypto.seal.grants import (
    Grant,
    Remembered,
    can_be_told,
    grant_from_value,
    grant_to_value,
    history_from_value,
    history_to_value,
    in_parts,
    open_windows,
)
from crypto.seal.windows import make_grant_key
from liaison.desk.archive.tidings import Tidings
from liaison.desk.casework.dispatch import Dispatch
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.contacts import by_language
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.desk.line.broker_client import Line
from liaison.desk.store import Given, Store
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.errors import CaseworkError
from protocols.wire import api


class UnknownDeviceError(CaseworkError):
    """No other device of this desk has that number."""

    code = "devices.unknown"


class NotAColleagueError(CaseworkError):
    """A device of our desk that nobody has admitted here gives us something."""

    code = "devices.not_admitted"


@dataclass(frozen=True, slots=True)
class Devices:
    """The installations of one desk, as one of them sees them."""

    store: Store
    replica: Replica
    keyring: Keyring
    dispatch: Dispatch
    officers: Officers
    clock: Clock
    line: Line
    tidings: Tidings

    def others(self) -> list[Signer]:
        """Return the other devices that count now, in the order of enrolment.

        Those of our desk, then those of desks that ours follows or is followed by.
        """
        now, ours = timestamp(self.clock.now()), self.keyring.device.kid
        desks = [one for one in self.replica.counting_devices(now) if one.kid != ours]
        return [*desks, *self.replica.devices_of_kin(now)]

    def is_revoked(self) -> bool:
        """Say whether this installation was revoked, as the directory or the broker says."""
        return self.keyring.is_revoked() or self.line.refusal == api.Refusal.REVOKED

    async def listed(self) -> dict[str, Any]:
        """Return this installation's number and standing, and those of the others."""
        colleagues = await self.store.colleagues()
        return {
            "number": device_number(self.keyring.device.verify_key.raw),
            "member": self.keyring.is_member(),
            "others": [
                {
                    "pseudonym": one.payload.pseudonym,
                    "desk": self.replica.slug_of(one.payload.desk),
                    "names": by_language(self.replica.known.desk(one.payload.desk).payload.names),
                    "is_ours": one.payload.desk == self.replica.desk,
                    "number": device_number(one.payload.key.raw),
                    "admitted": one.kid in colleagues,
                }
                for one in self.others()
            ],
            "is_revoked": self.is_revoked(),
            "revoked": [
                {
                    "pseudonym": one.payload.pseudonym,
                    "number": device_number(one.payload.key.raw),
                    "reason": reason.name.lower(),
                }
                for one, reason in self.replica.revoked_devices()
                if one.kid != self.keyring.device.kid
            ],
        }

    async def admit(self, officer: str, typed: str) -> str:
        """Admit the device whose number an officer has read on its screen; return its pseudonym.

        Admitted once more, a device is told once more what happened before.

        Raises:
            LockedError: the officer has not unlocked this installation.
            DeviceNumberError: what was typed is no number of a device.
            UnknownDeviceError: no other device of our desk has it.
        """
        self.officers.key(officer)
        number = read_device_number(typed)
        for one in self.others():
            if device_number(one.payload.key.raw) == number:
                await self.store.add_colleague(one.kid)
                return one.payload.pseudonym
        raise UnknownDeviceError("no other device of this desk has this number")

    async def keep_up(self, line: Line) -> None:
        """State our grant key if others need it, and give each colleague what it lacks.

        Raises what the line raises; what could not be given is given the next time.
        """
        others = self.others()
        if not others:
            return
        await self._state_grant_key(line)
        await self.store.take_back_refused()
        told = await self.store.colleagues()
        for one in others:
            if one.kid in told and self._gives_to(one.payload.desk):
                await self._give(one, is_told=told[one.kid])

    async def receive(self, opened: Opened) -> list[Remembered]:
        """Keep the windows of a grant, or return the messages of a history, to be taken up.

        What is told of cases that were erased or reviewed is done.

        Raises:
            NotAColleagueError: nobody has admitted the giver here.
            ErasureError, OversightError: what is told does not hold.
            GrantError: it is malformed, or gives what is not our desk's.
        """
        if opened.signer.kid not in await self.store.colleagues():
            raise NotAColleagueError("a device that nobody has admitted here")
        if opened.content.kind is Kind.HISTORY:
            return history_from_value(opened.content.form)
        if opened.content.kind is not Kind.GRANT:
            await self.tidings.take(opened)
            return []
        grant = grant_from_value(opened.content.form)
        await self.keyring.add_windows(
            open_windows(grant, self.replica.directory, self.replica.desk)
        )
        ours = self.keyring.device.kid
        if opened.signer.payload.desk == self.replica.desk:  # another desk's names nobody here
            await self.store.introduce([kid for kid in grant.devices if kid != ours])
        await self._renew(opened)
        return []

    async def _renew(self, opened: Opened) -> None:
        """Have a new grant key take the place of the one that has served, unless it has already.

        The one that has served is destroyed when nothing can be on its way to it any more.
        """
        held = self.keyring.grant_keys()
        if held[-1] not in opened.sealed.header.kids:
            return
        await self.keyring.add_grant_key(make_grant_key())

    async def _state_grant_key(self, line: Line) -> None:
        """State the newest grant key that we hold, drawing one if there is none."""
        directory, device = self.replica.directory, self.keyring.device
        if not self.keyring.grant_keys():
            await self.keyring.add_grant_key(make_grant_key())
        kid = self.keyring.grant_keys()[-1]
        if self._grant_key(device.kid) != kid:
            public = self.keyring.opening_keys()[kid].public
            entry = state_grant_key(
                self.replica.agency,
                GrantKey(kid, public),
                device=device,
                after=directory.last(What.GRANT_KEY, self.replica.agency, device.kid),
            )
            await line.publish(entry)
            await self.replica.sync(line)

    def _gives_to(self, desk: DeskId) -> bool:
        """Say whether what we have is for a desk's devices: ours, and those that follow ours."""
        return desk not in self.replica.before(self.replica.desk)

    async def _give(self, one: Signer, *, is_told: bool) -> None:
        device, desk = one.kid, one.payload.desk
        try:
            to = self.replica.directory.grant_key(device)
        except NoGrantKeyError:
            return  # its first grant key is on its way
        threads = self._threads_of(desk)
        if desk == self.replica.desk:
            # First: nothing of an erased case is to come up there again.
            for told in await self.tidings.lacking(device):
                given = Given(device, windows=told.names)
                await self.dispatch.give(told.kind, told.form, to, given)
        if not is_told:
            await self._tell(device, to, threads)
        if threads is not None:
            return  # in a part of our cases: no window opens these alone
        granted = await self.store.granted(device)
        live = [(kid, seed) for kid, seed in await self._live_windows() if kid not in granted]
        if live:
            here = {one.kid for one in self.others() if one.payload.desk == desk}
            colleagues = tuple(sorted({*await self.store.colleagues()} & here - {device}))
            given = Given(device, windows=tuple(kid for kid, _ in live))
            form = grant_to_value(Grant(tuple(live), colleagues))
            await self.dispatch.give(Kind.GRANT, form, to, given)

    def _threads_of(self, desk: DeskId) -> frozenset[bytes] | None:
        """Return the cases that a desk was given of ours; None for all, as our own devices have."""
        ours, directory = self.replica.desk, self.replica.directory
        if desk in (ours, *directory.heirs(ours)):
            return None
        given = (one.threads or () for one in directory.successions(ours) if one.new == desk)
        return frozenset(thread for threads in given for thread in threads)

    async def _tell(self, device: KeyId, to: GrantKey, threads: frozenset[bytes] | None) -> None:
        """Give ``device`` what it cannot open by itself: messages to windows that are past.

        Who follows us in some ``threads`` alone is given no window, and so is told all of them.
        """
        live = {kid for kid, _ in await self._live_windows()} if threads is None else set()
        past = [
            Remembered(message.envelope, message.took or b"", message.content_key)
            for message in await self.store.taken()
            if (threads is None or message.thread in threads)
            and not live & set(parse_envelope(message.envelope).header.kids)
        ]
        told = [message for message in past if can_be_told(message)]
        if len(told) < len(past):
            structlog.get_logger().warning("history.too_large", left_out=len(past) - len(told))
        parts = list(in_parts(told)) or [[]]
        for number, part in enumerate(parts, 1):
            given = Given(device, told=number == len(parts))
            await self.dispatch.give(Kind.HISTORY, history_to_value(part), to, given)

    async def _live_windows(self) -> list[tuple[KeyId, bytes]]:
        """Return the windows that are live, published and not destroyed, with their seeds.

        Ours, and those of desks whose mail is ours to open.
        """
        ours, directory = self.replica.desk, self.replica.directory
        desks = (ours, *directory.inherited(ours))
        live = {window.kid for desk in desks for window in directory.windows(desk)}
        return [(kid, seed) for kid, seed in await self.store.own_windows() if kid in live]

    def _grant_key(self, device: KeyId) -> KeyId | None:
        try:
            return self.replica.directory.grant_key(device).kid
        except NoGrantKeyError:
            return None
