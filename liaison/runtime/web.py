"""What every HTTP application of ours does alike: problem documents, listening, stopping.

Errors leave as problem documents (RFC 9457) with a stable ``code``; an error that nobody named
leaves as ``internal`` and says nothing more to the peer.
"""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

PROBLEM_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        """Take the HTTP status, the stable code, and what was expected and found."""
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


@dataclass(frozen=True, slots=True)
class Address:
    """Where an application listens; ``certificate`` and ``key`` are PEM files for TLS 1.3."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


def problem(status: int, code: str, detail: str) -> web.Response:
    """Return the problem document of an error."""
    return web.json_response(
        {"title": code, "status": status, "code": code, "detail": detail},
        status=status,
        content_type=PROBLEM_TYPE,
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer named errors with their problem document and any other without its cause."""
    try:
        return await handler(request)
    except ProblemError as e:
        return problem(e.status, e.code, e.detail)
    except web.HTTPException as e:
        return problem(e.status, f"http.{e.status}", e.reason)
    except Exception as e:  # noqa: BLE001 - the outermost frame: the peer learns nothing more
        structlog.get_logger().error(
            "request.failed", error=type(e).__name__, route=str(request.match_info.route.resource)
        )
        return problem(500, "internal", "an error that was not foreseen; it has been logged")


async def serve(app: web.Application, address: Address, *, ready: Callable[[int], None]) -> None:
    """Listen until the process is asked to end (SIGINT, SIGTERM).

    Args:
        app: what to serve.
        address: where; port 0 takes any free one.
        ready: called with the port once connections are accepted.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host, address.port, ssl_context=_tls(address))
        await site.start()
        ready(_port(runner))
        await _asked_to_end()
    finally:
        await runner.cleanup()


def _tls(address: Address) -> ssl.SSLContext | None:
    if address.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(address.certificate, address.key)
    return context


def _port(runner: web.AppRunner) -> int:
    port: int = runner.addresses[0][1]
    return port


async def _asked_to_end() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there an interrupt ends the loop itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    await ended.wait()
