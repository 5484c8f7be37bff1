"""The computers of this desk: their numbers, who was admitted here, and admitting one.

The number is read on the other computer's screen and typed here; there is no button that says that
two numbers look the same.
"""

from http import HTTPStatus

from aiohttp import web

from crypto.attest.pin import DeviceNumberError
from liaison.desk.api.call import AGENT
from liaison.desk.keys.devices import UnknownDeviceError
from liaison.desk.web.render import page, see_other


async def show_devices(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show this computer's number and the desk's other computers."""
    return await _show(request)


async def admit(request: web.Request, officer: str) -> web.StreamResponse:
    """Admit the computer whose number was typed, or show what is wrong with it."""
    typed = str((await request.post()).get("number", "")).strip()
    try:
        await request.app[AGENT].admit(officer, typed)
    except (DeviceNumberError, UnknownDeviceError) as e:
        return await _show(request, typed=typed, code=e.code)
    return see_other("/devices")


async def _show(request: web.Request, *, typed: str = "", code: str = "") -> web.Response:
    return page(
        request,
        "devices.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if code else HTTPStatus.OK,
        devices=await request.app[AGENT].devices.listed(),
        typed=typed,
        code=code,
    )
