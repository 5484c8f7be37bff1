"""Who sits at the screen: launch tokens that work once, and the sessions they are exchanged for.

Sessions live in memory only, so the end of the agent ends them. The cookie carries no meaning of
its own; its name carries the port, since a browser sends the cookies of one address to all its
ports. A screen belongs to an officer from unlocking on it to their being locked out: the same
officer who unlocks elsewhere opens no screen that was locked.
"""

import asyncio
import secrets
from dataclasses import dataclass, field

from aiohttp import web

TOKEN_BYTES = 32
#: Launch links that wait to be used, and answers that a session remembers: no more than these.
MOST_LINKS, MOST_ANSWERS = 16, 256
LAUNCH_PATH = "/launch"


class LaunchError(Exception):
    """A launch link that was used already, or never given out."""

    code = "guard.launch"


@dataclass(slots=True)
class Session:
    """One browser: who unlocked it last, and where the answers to its sent forms are.

    ``unlocked`` is the officer's own session of that unlocking; it ends when they are locked out.
    """

    officer: str | None = None
    unlocked: str = field(default="", repr=False)
    answers: dict[str, str] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def remember(self, once: str, location: str) -> None:
        """Keep where the answer to the form ``once`` is; a second press of its button leads there.

        The oldest answers are forgotten.
        """
        self.answers[once] = location
        while len(self.answers) > MOST_ANSWERS:
            self.answers.pop(next(iter(self.answers)))


class Sessions:
    """All sessions of one running agent."""

    def __init__(self) -> None:
        """Begin with none."""
        self._links: dict[str, None] = {}
        self._sessions: dict[str, Session] = {}

    def launch_path(self) -> str:
        """Return a new path that opens one session, once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._links[token] = None
        while len(self._links) > MOST_LINKS:
            self._links.pop(next(iter(self._links)))
        return f"{LAUNCH_PATH}?token={token}"

    def open(self, token: str) -> str:
        """Return the cookie of a new session for a launch token; raise LaunchError if spent."""
        if token not in self._links:
            raise LaunchError("this link was used already, or is none of this desk's")
        del self._links[token]
        cookie = secrets.token_urlsafe(TOKEN_BYTES)
        self._sessions[cookie] = Session()
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Return the session of ``cookie``."""
        return self._sessions.get(cookie)


SESSIONS = web.AppKey("sessions", Sessions)
#: The session of a request, once the guard has found it.
SESSION = web.RequestKey("session", Session)


def cookie_name(what: str, host: str) -> str:
    """Return the name of a cookie of the desk that listens at ``host`` ("127.0.0.1:8443")."""
    return f"{what}-{host.rpartition(':')[2]}"


def make_once() -> str:
    """Return what marks one showing of a form, so that it is sent once however often pressed."""
    return secrets.token_urlsafe(16)
