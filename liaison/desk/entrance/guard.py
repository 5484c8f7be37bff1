"""Who may talk to the desk's agent: this computer's own user, and no page from elsewhere.

A page from anywhere can make a browser send requests to a loopback port, and a name can be pointed
at it after a page was loaded. So the Host header must be ours (421) and an origin must be our own
(403). A call to the API carries the token that only the user's own files hold; a page belongs to a
session, opened by a link that only the user's own terminal showed (401). Neither opens the other's
door: a page cannot act as an officer who unlocked elsewhere.
"""

import hmac
import secrets
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from liaison.desk.web.session import LAUNCH_PATH, SESSION, Sessions, cookie_name
from liaison.runtime.seeds import write_private
from liaison.runtime.web import ProblemError

TOKEN = "agent.token"  # noqa: S105 - a file's name
TOKEN_BYTES = 32
NONCE_HEADER = "Liaison-Nonce"
#: In which a call carries the session of the officer who acts.
SESSION_HEADER = "Liaison-Session"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
#: Liveness tells nothing of what the desk holds, and a launch link carries its own proof.
OPEN_PATHS = frozenset({"/livez", LAUNCH_PATH})
#: Style, scripts and letters: the same in every copy of this program.
OPEN_FOLDER = "/static/"
API = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD"})
COOKIE = "session"


def make_token(state: Path) -> str:
    """Return a new token, written to its file (mode 0600) for the user's own commands."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    path = state / TOKEN
    path.unlink(missing_ok=True)
    write_private(path, token.encode())
    return token


def read_token(state: Path) -> str:
    """Return the running agent's token; raises OSError when there is none to read."""
    return (state / TOKEN).read_text()


def prove_token(token: str, nonce: str) -> str:
    """Return the proof that whoever answers holds ``token``: another program on the port does not.

    A client asks for it before it sends the token or a passphrase anywhere.
    """
    return hmac.digest(token.encode(), nonce.encode(), "sha256").hex()


def guard(token: str, sessions: Sessions) -> Middleware:
    """Return the middleware that lets through only who belongs here.

    Args:
        token: what a call to the API must carry.
        sessions: where the session of a page's cookie is found.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        _check_site(request)
        if request.path in OPEN_PATHS or request.path.startswith(OPEN_FOLDER):
            return await handler(request)
        if request.path.startswith(API):
            _check_token(request, token)
        else:
            _find_session(request, sessions)
        return await handler(request)

    return check


def _check_site(request: web.Request) -> None:
    host = request.headers.get("Host", "")
    if host.rsplit(":", 1)[0] not in LOOPBACK_NAMES:
        raise ProblemError(421, "guard.host", "expected a loopback name as Host")
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin", f"http://{host}")
    if site not in ("none", "same-origin") or origin != f"http://{host}":
        raise ProblemError(403, "guard.cross_site", "calls from other sites' pages are refused")


def _check_token(request: web.Request, token: str) -> None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise ProblemError(401, "guard.token", "expected the agent's token")


def _find_session(request: web.Request, sessions: Sessions) -> None:
    cookie = request.cookies.get(cookie_name(COOKIE, request.headers["Host"]), "")
    session = sessions.find(cookie)
    if session is None:
        raise ProblemError(401, "guard.session", "expected a session of this screen")
    # Every browser names the origin of what it posts; what does not is no page of ours.
    if request.method not in SAFE_METHODS and "Origin" not in request.headers:
        raise ProblemError(403, "guard.cross_site", "expected the origin of what is posted")
    request[SESSION] = session
