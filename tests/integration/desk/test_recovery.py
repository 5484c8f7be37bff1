"""What went wrong for a while mends itself: nothing stays lost, nothing grows for ever."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from aiohttp import web

from crypto.seal.windows import weeks_wanted
from liaison.desk.client import DeskClient, DeskNotReachableError, DeskRefusedError
from liaison.runtime.clock import timestamp
from protocols.wire import api
from tests.integration.desk.test_windows import admit
from tests.support.agencies import MONGCAI
from tests.support.interposed import Interposed, interpose
from tests.support.network import Network, Part, start, until
from tests.support.women import request_fields


async def behind(parts: Network) -> Interposed:
    """Start all, with a broker that means ill between Móng Cái and the real one."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return between


async def hide_directory(path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
    """Answer that the directory has nothing new."""
    if path == api.DIRECTORY_PATH and not posted:
        return HTTPStatus.OK, api.encode_page([])
    return HTTPStatus.OK, answer


async def test_an_acknowledgement_that_was_never_heard_is_said_again(parts: Network) -> None:
    between = await behind(parts)
    between.is_deaf = True
    ref = await parts.dongxing.request(MONGCAI)
    await parts.holds(parts.mongcai, ref, 1)
    between.is_deaf = False
    await parts.dongxing.act(ref, "note", text={"lang": "zh", "text": "补充"})
    await parts.holds(parts.mongcai, ref, 2)

    async def is_delivered(number: int) -> bool:
        step = (await parts.dongxing.steps(ref))[number]
        return step["delivery"]["delivered"] is not None

    await until(lambda: is_delivered(1), "the second message is acknowledged")
    assert not await is_delivered(0), "the cursor has passed what was never acknowledged"

    await between.cut()

    await until(lambda: is_delivered(0), "the first one is acknowledged after the line came back")


async def test_mail_set_aside_while_the_directory_was_behind_is_taken_up(parts: Network) -> None:
    between = await behind(parts)
    between.hides_growth, between.answer = True, hide_directory
    await admit(parts, parts.dongxing, "DX-09")
    said = {"officer": "DX-09", "to": MONGCAI, "request": request_fields()}
    ref = (await parts.dongxing.client.post("/api/requests", **said))["case"]

    async def is_sent() -> bool:
        return bool((await parts.dongxing.status())["unsent"] == 0)

    await until(is_sent, "the request leaves")
    assert await parts.quarantines(parts.mongcai, 1) == ["envelope.signer"]
    assert await parts.mongcai.board() == []

    async def pass_on(_path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return HTTPStatus.OK, answer

    between.hides_growth, between.answer = False, pass_on
    await between.cut()

    view = await parts.holds(parts.mongcai, ref, 1)
    assert view["steps"][0]["by"] == "DX-09"
    await parts.settle()
    assert await parts.mongcai.set_aside() == []
    assert (await parts.dongxing.steps(ref))[0]["delivery"]["delivered"] is not None


async def test_windows_whose_publication_fails_are_made_once(parts: Network) -> None:
    between = await behind(parts)

    async def refuse(path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
        if path == api.DIRECTORY_PATH:
            return (502, b"") if posted else (HTTPStatus.OK, api.encode_page([]))
        return HTTPStatus.OK, answer

    between.hides_growth, between.answer = True, refuse
    before = len(await parts.mongcai.agent.store.own_windows())
    parts.clock.set(parts.clock.now() + timedelta(weeks=2))
    for _ in range(4):
        await parts.mongcai.agent.waker.sweep()

    until_ = parts.mongcai.agent.replica.directory.windows(parts.mongcai.agent.replica.desk)[-1]
    wanted = weeks_wanted(until_.not_after, at=timestamp(parts.clock.now()))
    assert len(await parts.mongcai.agent.store.own_windows()) == before + len(wanted)


async def test_a_locked_desk_shows_no_case(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.mongcai.client.post("/api/lock")

    for path in ("/api/board", f"/api/cases/{ref}", "/api/asks"):
        with pytest.raises(DeskRefusedError) as refused:
            await network.mongcai.client.get(path)
        assert (refused.value.status, refused.value.code) == (HTTPStatus.LOCKED, "desk.locked")
    assert (await network.mongcai.status())["present"] == []


async def test_nothing_is_told_to_another_program_on_the_desks_port(network: Network) -> None:
    heard: list[dict[str, str]] = []

    async def listen(request: web.Request) -> web.Response:
        heard.append(dict(request.headers))
        return web.json_response({"live": True, "proof": "0" * 64, "session": "none"})

    def stranger() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", listen)
        return app

    part = Part(stranger)
    await part.start()
    network.others.append(part)
    client = DeskClient(part.url, network.mongcai.token, network.http)

    with pytest.raises(DeskNotReachableError, match="another program"):
        await client.post("/api/unlock", officer="MC-04", passphrase="secret of the desk")

    assert len(heard) == 1
    assert "Authorization" not in heard[0]
