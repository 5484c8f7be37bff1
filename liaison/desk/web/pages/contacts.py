"""Contacts and keys: each agency with its desks, and comparing its root by two who type.

Our own digits are shown with how they are read aloud in both languages. The other side's are shown
once they were compared; until then they are typed as they are heard. What was typed is never shown
again, and there is no button that says that two numbers look the same.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from crypto.attest.directory import UnknownDeskError, UnknownSignerError
from crypto.attest.pin import GROUP, PIN_DIGITS, DifferingError, PinError
from liaison.desk.api.call import AGENT
from liaison.desk.keys.contacts import SameOfficerError, Standing, UnknownAgencyError
from liaison.desk.keys.successors import NoSuccessorError
from liaison.desk.web.render import page, see_other
from liaison.runtime.pins import Means
from liaison.runtime.qr import qr_as_svg
from translation.spoken import read_aloud

GROUPS = range(1, PIN_DIGITS // GROUP + 1)
NO_MEANS = "contacts.means"


async def show_contacts(request: web.Request, officer: str) -> web.StreamResponse:
    """Show every agency: its desks, its digits if they may be shown, and who compared them."""
    return await _show(request, officer)


async def compare(request: web.Request, officer: str) -> web.StreamResponse:
    """Take what an officer has typed of a root's digits, or say what is wrong with it."""
    typed = await request.post()
    groups = [str(typed.get(f"group-{number}", "")).strip() for number in GROUPS]
    agency = request.match_info["agency"]
    if short := [n for n, group in zip(GROUPS, groups, strict=True) if not _is_group(group)]:
        return await _show(request, officer, agency, code=PinError.code, groups=short)
    means = str(typed.get("means", ""))
    if means not in list(Means):
        return await _show(request, officer, agency, code=NO_MEANS)
    try:
        known = bytes.fromhex(agency)
        await request.app[AGENT].compare(officer, known, " ".join(groups), Means(means))
    except DifferingError as e:
        return await _show(request, officer, agency, code=e.code, groups=e.groups)
    except (PinError, SameOfficerError, UnknownAgencyError, UnknownSignerError) as e:
        return await _show(request, officer, agency, code=e.code)
    except ValueError:
        return await _show(request, officer, code=UnknownAgencyError.code)
    return see_other(f"/contacts#{agency}")


async def confirm_successor(request: web.Request, officer: str) -> web.StreamResponse:
    """Keep that the officer has asked the other side who follows a desk; twice is once."""
    agent, slug = request.app[AGENT], request.match_info["desk"]
    try:
        await agent.successors.confirm(officer, slug, agent.officers)
    except (NoSuccessorError, UnknownDeskError) as e:
        return await _show(request, officer, code=e.code)
    return see_other(f"/contacts#{slug}")


def _is_group(typed: str) -> bool:
    return len(typed) == GROUP and typed.isascii() and typed.isdecimal()


async def _show(
    request: web.Request,
    officer: str,
    agency: str = "",
    *,
    code: str = "",
    groups: Sequence[int] = (),
) -> web.Response:
    listed = await request.app[AGENT].contacts.listed()
    followed = await request.app[AGENT].successors.listed()
    return page(
        request,
        "contacts.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if code else HTTPStatus.OK,
        agencies=[_readable(one) for one in listed],
        own=Standing.OWN,
        numbers=GROUPS,
        ways=list(Means),
        officer_here=officer,
        unconfirmed={one["desk"] for one in followed if not one["confirmed"]},
        wrong_at=agency,
        code=code,
        wrong_groups=", ".join(map(str, groups)),
    )


def _readable(agency: dict[str, Any]) -> dict[str, Any]:
    """Return an agency's view with its digits as they are read and scanned, if they are shown."""
    digits = agency["digits"]
    if digits is None:
        return {**agency, "groups": [], "qr": ""}
    return {**agency, "groups": read_aloud(digits), "qr": qr_as_svg(digits)}
