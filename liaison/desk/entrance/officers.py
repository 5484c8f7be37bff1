"""Which officers have unlocked this desk: their signing keys, their sessions, and for how long.

An officer's own key is here only between unlocking and locking. Unlocking begins a session, and an
act is signed for the officer whose session it comes with: naming somebody who is also here is not
enough. Who does nothing for a while is locked out, with all their sessions; the receiving agent
goes on, since the desk's master key, which opens the store, stays with it.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crypto.attest.signing import SigningKey
from crypto.seal.vault import Keys
from liaison.runtime.clock import Clock

#: Source: docs/spec/vault.md, "Locking": shorter where a desk wants it, never longer.
LONGEST_IDLE = timedelta(minutes=15)
#: So long before it locks, a screen says so.
WARNED = timedelta(minutes=2)
#: A clock that is corrected by less locks nobody out; one that is set back further does.
SET_BACK = timedelta(minutes=1)
TOKEN_BYTES = 32
#: Sessions of one officer at the same time, on the screen and in terminals; older ones give way.
MOST_SESSIONS = 8


class LockedError(Exception):
    """The officer has not unlocked this desk."""

    code = "desk.locked"


class NoSessionError(Exception):
    """An act came without the session that its officer's unlocking began."""

    code = "desk.no_session"


class OtherOfficerError(Exception):
    """An act names another officer than the one whose session it came with."""

    code = "desk.other_officer"


@dataclass(slots=True)
class _Present:
    key: SigningKey = field(repr=False)
    last_act: datetime
    sessions: dict[str, None] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Officers:
    """The officers who have unlocked this desk.

    ``clock`` is the one by which an officer is idle, ``limit`` how long they may be.
    """

    clock: Clock
    limit: timedelta = LONGEST_IDLE
    _present: dict[str, _Present] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuse a limit that would keep a desk open longer than is allowed, or lock it at once."""
        if not timedelta(0) < self.limit <= LONGEST_IDLE:
            raise ValueError(f"an officer may be idle for at most {LONGEST_IDLE}")

    def admit(self, keys: Keys) -> str:
        """Hold the officer's key until they are locked out, and return a new session."""
        known = self._find(keys.officer)
        sessions = {} if known is None else known.sessions
        key = SigningKey.from_seed(keys.seed)
        self._present[keys.officer] = _Present(key, self.clock.now(), sessions)
        return self.begin(keys.officer)

    def begin(self, officer: str) -> str:
        """Return a new session of an officer who is here; raise LockedError when they are not."""
        present = self._needed(officer)
        session = secrets.token_urlsafe(TOKEN_BYTES)
        present.sessions[session] = None
        while len(present.sessions) > MOST_SESSIONS:
            present.sessions.pop(next(iter(present.sessions)))
        return session

    def holder(self, session: str) -> str | None:
        """Return whose session this is, while they are here."""
        for officer in self.present():
            if session in self._present[officer].sessions:
                return officer
        return None

    def acting(self, officer: str, session: str) -> str:
        """Return ``officer``, who acts in their own ``session`` and is not idle as of now.

        Raises:
            LockedError: the officer is not here.
            NoSessionError: it is nobody's session.
            OtherOfficerError: it is another officer's.
        """
        present, holder = self._needed(officer), self.holder(session)
        if holder is None:
            raise NoSessionError(f"expected the session of {officer}, found none")
        if holder != officer:
            raise OtherOfficerError(f"this session is {holder}'s, and {officer} was named")
        present.last_act = self.clock.now()
        return officer

    def touch(self, officer: str) -> None:
        """Note that an officer who is here has done something."""
        self._needed(officer).last_act = self.clock.now()

    def locks_at(self, officer: str) -> datetime:
        """Return when the officer is locked out if they do nothing; raise LockedError if so."""
        return self._needed(officer).last_act + self.limit

    def drop(self, officer: str) -> None:
        """Drop one officer's key and sessions."""
        self._present.pop(officer, None)

    def lock(self) -> None:
        """Drop every officer's key and session."""
        self._present.clear()

    def key(self, officer: str) -> SigningKey:
        """Return the officer's key; raise LockedError when they have not unlocked."""
        return self._needed(officer).key

    def present(self) -> list[str]:
        """Return who is here, in the order of their pseudonyms."""
        return sorted(officer for officer in list(self._present) if self._find(officer) is not None)

    def _needed(self, officer: str) -> _Present:
        found = self._find(officer)
        if found is None:
            raise LockedError(f"{officer} has not unlocked this desk")
        return found

    def _find(self, officer: str) -> _Present | None:
        """Return an officer who is here; one who was idle for too long is dropped on the way."""
        found = self._present.get(officer)
        if found is not None and not -SET_BACK <= self.clock.now() - found.last_act < self.limit:
            self.drop(officer)
            return None
        return found
