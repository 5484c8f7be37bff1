import asyncio
import signal

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from liaison.runtime.web import PROBLEM_TYPE, Address, ProblemError, problem, problems, serve


async def named(_request: web.Request) -> web.Response:
    raise ProblemError(409, "submit.conflict", "the same message with other bytes")


async def unnamed(_request: web.Request) -> web.Response:
    raise RuntimeError("Nguyễn Thị A, 17")


async def fine(_request: web.Request) -> web.Response:
    return web.Response(text="fine")


def app() -> web.Application:
    """Return an application with one route of each kind."""
    made = web.Application(middlewares=[problems])
    made.router.add_get("/named", named)
    made.router.add_get("/unnamed/{case}", unnamed)
    made.router.add_get("/fine", fine)
    return made


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/named", 409, "submit.conflict"),
        ("GET", "/unnamed/VN-2026-0001", 500, "internal"),
        ("GET", "/nowhere", 404, "http.404"),
        ("POST", "/fine", 405, "http.405"),
    ],
)
async def test_an_error_leaves_as_a_problem_document(
    method: str, path: str, status: int, code: str
) -> None:
    async with TestClient(TestServer(app())) as client:
        response = await client.request(method, path)
        found = await response.json(content_type=PROBLEM_TYPE)

    assert response.status == found["status"] == status
    assert response.content_type == PROBLEM_TYPE
    assert found["code"] == found["title"] == code
    assert set(found) == {"title", "status", "code", "detail"}


async def test_an_error_that_nobody_named_tells_neither_peer_nor_log_its_words() -> None:
    with capture_logs() as logs:
        async with TestClient(TestServer(app())) as client:
            response = await client.get("/unnamed/VN-2026-0001")
            body = str(await response.json(content_type=None))  # read: JSON hides ễ from a search

    assert "Nguyễn" not in body
    assert "RuntimeError" not in body
    (entry,) = logs
    assert entry["event"] == "request.failed"
    assert entry["error"] == "RuntimeError"
    assert "{case}" in entry["route"]
    assert "VN-2026-0001" not in str(entry)
    assert "Nguyễn" not in str(entry)


async def test_an_answer_passes_untouched() -> None:
    async with TestClient(TestServer(app())) as client:
        response = await client.get("/fine")

        assert (response.status, await response.text()) == (200, "fine")


def test_a_problem_names_what_was_expected_and_found() -> None:
    response = problem(400, "wire.frame", "4 bytes expected, 3 found")

    assert (response.status, response.content_type) == (400, PROBLEM_TYPE)
    assert "4 bytes expected, 3 found" in (response.text or "")


async def test_a_server_says_its_port_and_ends_when_it_is_asked_to() -> None:
    ports: asyncio.Queue[int] = asyncio.Queue()
    serving = asyncio.get_running_loop().create_task(
        serve(app(), Address("127.0.0.1", 0), ready=ports.put_nowait)
    )
    port = await asyncio.wait_for(ports.get(), timeout=10)
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/fine") as response:
        assert await response.text() == "fine"
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL  # else we would end ourselves

    signal.raise_signal(signal.SIGTERM)
    await asyncio.wait_for(serving, timeout=10)

    async with ClientSession() as session:
        with pytest.raises(OSError, match="Cannot connect"):
            await session.get(f"http://127.0.0.1:{port}/fine")
