"""What the browser is told to refuse, on every answer of the desk.

Scripts run only with this answer's nonce, nothing is loaded from elsewhere, no text becomes markup
but through the one named policy, and nothing is kept. The referrer stays within the desk; with
none at all a browser would not name the origin of a posted form, which the guard asks for.
"""

import secrets

from aiohttp import web

NONCE_BYTES = 16
NONCE = web.RequestKey("nonce", str)
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def nonce(request: web.Request) -> str:
    """Return the nonce of the answer to ``request``, drawn once."""
    if NONCE not in request:
        request[NONCE] = secrets.token_urlsafe(NONCE_BYTES)
    return request[NONCE]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer before it leaves."""
    # A file that is handed out has a stricter policy of its own.
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce(request)))
    for name, value in HEADERS.items():
        response.headers[name] = value
