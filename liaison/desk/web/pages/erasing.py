"""Erasing a case on the screen, and the list of what stays of erased ones.

The second officer types their passphrase on the page of the first; nothing is erased by one press.
"""

from http import HTTPStatus

from aiohttp import web

from crypto.seal.erasure import ErasureError
from crypto.seal.vault import VaultError
from liaison.desk.api.call import AGENT
from liaison.desk.archive.erasure import Why
from liaison.desk.web.render import page, see_other
from protocols.casework.codes import ErasureReason
from protocols.casework.erasure import NotErasableError, RetentionRuleError

#: What was typed is shown again when something of it is wrong; a passphrase never is.
SHOWN_AGAIN = ("second", "reason", "rule")


async def show_erasing(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show what erasing means, and ask for the second officer, the reason and the rule."""
    await request.app[AGENT].casebook.find(request.match_info["ref"])
    return _show(request, {})


async def erase(request: web.Request, officer: str) -> web.StreamResponse:
    """Erase the case, or show why it is not erased."""
    agent, ref = request.app[AGENT], request.match_info["ref"]
    posted = {name: str(value).strip() for name, value in (await request.post()).items()}
    if posted.get("reason") not in list(ErasureReason):
        return _show(request, posted, code="desk.erasure_reason")
    why = Why(ErasureReason(posted["reason"]), posted.get("rule", ""))
    second, passphrase = posted.get("second", ""), posted.get("passphrase", "")
    try:
        await agent.erase(ref, officer, second, passphrase, why)
    except (ErasureError, VaultError, NotErasableError, RetentionRuleError) as e:
        return _show(request, posted, code=e.code)
    return see_other("/erased")


async def show_erased(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show what stays of each erased case."""
    return page(request, "erased.html", stubs=await request.app[AGENT].eraser.stubs())


def _show(request: web.Request, typed: dict[str, str], *, code: str = "") -> web.Response:
    return page(
        request,
        "erasing.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if code else HTTPStatus.OK,
        ref=request.match_info["ref"],
        reasons=list(ErasureReason),
        typed={name: typed.get(name, "") for name in SHOWN_AGAIN},
        code=code,
    )
