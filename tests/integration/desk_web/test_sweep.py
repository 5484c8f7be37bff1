"""Every route of a desk, asked by everybody who might: the list is the router's own."""

from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus

from aiohttp import ClientSession, web

from tests.support.network import Desk, Network
from tests.support.screens import Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]
#: What is open to everybody on this computer, and why is said in the guard.
OPEN = {"/livez", "/launch", "/static/style.css"}
#: What a route's parts are filled with; no case has this number.
PARTS = {
    "{ref}": "QN-MC1-2026-0999",
    "{act}": "acknowledge",
    "{type}": "RESCUE",
    "{ask}": "00" * 32,
    "{blob}": "00" * 32,
}
#: Another server on this computer.
ELSEWHERE = "http://127.0.0.1:1"
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def routes(app: web.Application) -> Iterator[tuple[str, str]]:
    """Yield method and path of every route."""
    for route in app.router.routes():
        path = "/static/style.css"
        if route.resource is not None and not isinstance(route.resource, web.StaticResource):
            path = route.resource.canonical
        for part, value in PARTS.items():
            path = path.replace(part, value)
        yield route.method, path


async def ask(http: ClientSession, desk: Desk, method: str, path: str, **headers: str) -> int:
    """Return the status with which a desk answers; a redirect is not followed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.request(
        method, desk.url + path, headers=named, allow_redirects=False, json={}
    ) as answer:
        return answer.status


async def test_every_route_refuses_who_has_no_business_there(
    network: Network, screen_at: ScreenAt
) -> None:
    desk, screen = network.mongcai, await screen_at(network.mongcai)
    bearer, wrong = f"Bearer {desk.token}", []
    asked = list(routes(desk.running))

    for method, path in asked:
        if path.endswith("/live"):
            continue  # its own tests read streams
        is_open, is_api = path in OPEN, path.startswith("/api/")
        found = {
            "nobody": await ask(network.http, desk, method, path),
            "token": await ask(network.http, desk, method, path, Authorization=bearer),
            "cookie, foreign": await ask(
                screen.http, desk, method, path, Origin="http://evil.example"
            ),
            "cookie, other port": await ask(
                screen.http,
                desk,
                method,
                path,
                Origin=ELSEWHERE,
                Sec_Fetch_Site="same-site",
            ),
            "token, foreign": await ask(
                network.http, desk, method, path, Authorization=bearer, Origin="null"
            ),
            "rebound": await ask(
                screen.http, desk, method, path, Host="evil.example:1", Authorization=bearer
            ),
        }
        if not is_open and found["nobody"] != HTTPStatus.UNAUTHORIZED:
            wrong.append(f"{method} {path}: nobody {found['nobody']}")
        if not is_open and (found["token"] == HTTPStatus.UNAUTHORIZED) == is_api:
            wrong.append(f"{method} {path}: token {found['token']}")
        wrong += [
            f"{method} {path}: {who} {found[who]}"
            for who in ("cookie, foreign", "cookie, other port", "token, foreign")
            if found[who] != HTTPStatus.FORBIDDEN
        ]
        if found["rebound"] != HTTPStatus.MISDIRECTED_REQUEST:
            wrong.append(f"{method} {path}: rebound {found['rebound']}")

    assert wrong == []
    assert len(asked) > 30


async def test_a_cookie_opens_no_api_and_posts_nothing_without_its_origin(
    network: Network, screen_at: ScreenAt
) -> None:
    desk, screen = network.mongcai, await screen_at(network.mongcai)
    wrong = []

    for method, path in routes(desk.running):
        if path in OPEN or path.endswith("/live"):
            continue
        status = await ask(screen.http, desk, method, path)
        if path.startswith("/api/") and status != HTTPStatus.UNAUTHORIZED:
            wrong.append(f"{method} {path}: {status}")
        if method == "POST" and status not in REFUSED:
            wrong.append(f"{method} {path}: {status}")
        if method == "GET" and not path.startswith("/api/") and status in REFUSED:
            wrong.append(f"{method} {path}: {status}")

    assert wrong == []


async def test_a_locked_screen_is_led_to_unlocking_from_every_page(
    network: Network, screen_at: ScreenAt
) -> None:
    desk, screen = network.mongcai, await screen_at(network.mongcai)
    await screen.post("/lock", [])
    led = {}

    for method, path in routes(desk.running):
        if method == "GET" and path.split("/")[1] in ("board", "cases", "requests", "asks"):
            page = await screen.get(path)
            led[path] = page.path.split("?")[0]

    assert set(led.values()) == {"/unlock"}
    assert len(led) >= 10


async def test_every_answer_tells_the_browser_what_to_refuse(
    network: Network, screen_at: ScreenAt
) -> None:
    desk, screen = network.mongcai, await screen_at(network.mongcai)

    for path in ("/board", "/unlock", "/cases/none", "/api/status", "/static/style.css"):
        async with screen.http.get(desk.url + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'nonce-")
            assert "unsafe" not in policy
            assert "require-trusted-types-for 'script'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_no_two_answers_have_one_nonce(network: Network, screen_at: ScreenAt) -> None:
    screen = await screen_at(network.mongcai)

    nonces = set()
    for _ in range(3):
        async with screen.http.get(network.mongcai.url + "/board") as answer:
            nonces.add(answer.headers["Content-Security-Policy"])

    assert len(nonces) == 3
