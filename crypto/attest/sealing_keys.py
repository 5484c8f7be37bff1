"""Keys to which something is sealed: windows, grant keys and supervisors' keys, each for one use.

Follows docs/spec/directory.md, "Windows", "Devices of one desk" and "Oversight". Who may state one
is decided in :mod:`crypto.attest.directory`; here is what becomes of it, and which window a sender
takes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from crypto.attest.header import DeskId
from crypto.attest.refusals import NoGrantKeyError, NoWindowError, ReboundError
from crypto.attest.signing import KeyId
from crypto.attest.statement import GrantKey, Oversight, Window

#: Seeds are destroyed fourteen days after their week: nothing sealed to them may wait longer.
MAIL_WAITS = 14 * 86_400


@dataclass(slots=True)
class SealingKeys:
    """All such keys of the directory."""

    _windows: dict[KeyId, tuple[DeskId, Window]] = field(default_factory=dict)
    #: The same by desk: a broker asks for each message, and windows of all desks are many.
    _windows_of: dict[DeskId, dict[KeyId, Window]] = field(default_factory=dict)
    #: The number of the entry by which each was published first.
    _published: dict[KeyId, int] = field(default_factory=dict)
    #: Windows that a key which was revoked since may open.
    _exposed: set[KeyId] = field(default_factory=set)
    #: Each device's grant key that counts now, and every one that ever did with its device.
    _grant_keys: dict[KeyId, GrantKey] = field(default_factory=dict)
    _granted_to: dict[KeyId, KeyId] = field(default_factory=dict)
    #: Supervisors' keys, of whatever desk: several desks of an agency may have the same panels.
    _archive_keys: set[KeyId] = field(default_factory=set)

    def add_oversight(self, oversight: Oversight | None) -> None:
        """Keep the supervisors' keys; raise ReboundError when one has another use."""
        supervisors = {key.kid for key in oversight.keys} if oversight else set()
        if any(kid in self._windows or kid in self._granted_to for kid in supervisors):
            raise ReboundError("a supervisor's key is a window's or a grant key")
        self._archive_keys |= supervisors

    def add_windows(self, desk: DeskId, windows: tuple[Window, ...], size: int) -> None:
        """Keep the windows that a desk publishes by the entry number ``size``.

        Raises:
            ReboundError: one is another desk's or has another use.
        """
        for window in windows:
            is_known = self._windows.get(window.kid, (desk, window)) != (desk, window)
            if is_known or window.kid in self._granted_to or window.kid in self._archive_keys:
                raise ReboundError("this window already belongs to another desk, week or use")
        self._windows.update({window.kid: (desk, window) for window in windows})
        for window in windows:
            self._published.setdefault(window.kid, size)
        self._windows_of.setdefault(desk, {}).update({w.kid: w for w in windows})

    def add_grant_key(self, device: KeyId, key: GrantKey) -> None:
        """Keep the device's new grant key; raise ReboundError when it was stated before."""
        stated = key.kid in self._granted_to
        if stated or key.kid in self._windows or key.kid in self._archive_keys:
            raise ReboundError("this grant key was stated before, or has another use")
        self._grant_keys[device] = key
        self._granted_to[key.kid] = device

    def expose(self, desk: DeskId) -> None:
        """Count all windows of the desk as open to a key that was revoked."""
        self._exposed |= self._windows_of.get(desk, {}).keys()

    def is_exposed(self, kid: KeyId) -> bool:
        """Say whether a key that was revoked may open this window."""
        return kid in self._exposed

    def window(self, kid: KeyId) -> tuple[DeskId, Window]:
        """Return the desk and window of this key id; raise NoWindowError when there is none."""
        if kid not in self._windows:
            raise NoWindowError("the directory has no window of this id")
        return self._windows[kid]

    def windows(self, desk: DeskId) -> list[Window]:
        """Return the desk's windows in order of their weeks, those of one week as published."""
        found = self._windows_of.get(desk, {}).values()
        return sorted(found, key=lambda window: window.not_before)

    def fresh_windows(self, desk: DeskId) -> list[Window]:
        """Return those of the desk's windows that no revoked key may open."""
        return [window for window in self.windows(desk) if window.kid not in self._exposed]

    def open_window(self, desk: DeskId, *, at: int, size: int | None = None) -> Window | None:
        """Return the desk's window to seal to at ``at`` (ts), or its last when it is closed.

        None when the desk never published a window that had begun by then, within the first
        ``size`` entries.
        """
        for windows in (self.fresh_windows(desk), self.windows(desk)):
            begun = [
                window
                for window in windows
                if window.not_before <= at and (size is None or self._published[window.kid] <= size)
            ]
            if begun:
                return begun[-1]
        return None

    def latest_expiry(self, kids: Iterable[KeyId], *, at: int) -> int:
        """Return until when (ts) mail wrapped to these windows at ``at`` may wait to be fetched.

        Fourteen days after the earliest of them ends. The last window whose week has begun is kept
        in use past its week, so an office that was closed too long to publish can still be sent a
        rescue; one that begins only later, however far ahead, takes nothing from that.

        Raises:
            NoWindowError: no window of such an id.
        """
        ends = []
        for kid in kids:
            desk, window = self.window(kid)
            is_last = not any(
                window.not_before < other.not_before <= at for other in self.windows(desk)
            )
            ends.append(max(window.not_after, at) if is_last else window.not_after)
        return min(ends) + MAIL_WAITS

    def grant_key(self, device: KeyId) -> GrantKey:
        """Return the device's grant key that counts now; raise NoGrantKeyError if it has none."""
        if device not in self._grant_keys:
            raise NoGrantKeyError("the device has stated no grant key")
        return self._grant_keys[device]

    def grantee(self, kid: KeyId) -> KeyId:
        """Return the device whose grant key this is or was; raise NoGrantKeyError if it is none."""
        if kid not in self._granted_to:
            raise NoGrantKeyError("the directory has no grant key of this id")
        return self._granted_to[kid]
