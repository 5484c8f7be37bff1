"""What every call to the agent says: its fields, its officer in their own session, its language.

The body is a JSON object. A call that names an officer is refused unless it comes in that officer's
session; one that shows a case is refused while nobody has unlocked.
"""

from collections.abc import Mapping

from aiohttp import web

from liaison.desk.agent import Agent
from liaison.desk.entrance.guard import SESSION_HEADER
from liaison.desk.entrance.officers import LockedError
from liaison.runtime.web import ProblemError
from protocols.casework.codes import Language

AGENT = web.AppKey("agent", Agent)
TOKEN_KEY = web.AppKey("token", str)


def unlocked_agent(request: web.Request) -> Agent:
    """Return the agent if an officer has unlocked: a locked desk shows no case."""
    agent = request.app[AGENT]
    if not agent.officers.present():
        raise LockedError("nobody has unlocked this desk")
    return agent


async def read_fields(request: web.Request) -> dict[str, object]:
    """Return what a call says; an officer whom it names must act in their own session."""
    fields = await json_fields(request)
    if "officer" in fields:
        session = request.headers.get(SESSION_HEADER, "")
        request.app[AGENT].officers.acting(officer_of(fields), session)
    return fields


async def json_fields(request: web.Request) -> dict[str, object]:
    """Return the JSON object in the body; raise ProblemError when it is none."""
    try:
        fields = await request.json()
    except ValueError as e:
        raise ProblemError(400, "desk.json", "expected JSON") from e
    if not isinstance(fields, dict):
        raise ProblemError(400, "desk.json", "expected a JSON object")
    return fields


def text_of(fields: Mapping[str, object], name: str) -> str:
    """Return the text of this name; raise ProblemError when there is none, or an empty one."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ProblemError(422, "desk.missing", f"expected {name} as text")
    return value


def officer_of(fields: Mapping[str, object]) -> str:
    """Return the officer whom a call names; raise ProblemError when it names none."""
    return text_of(fields, "officer")


def language_of(request: web.Request) -> Language:
    """Return the reader's language (``?lang=``), English unless it is said."""
    try:
        return Language(request.query.get("lang", Language.ENGLISH))
    except ValueError as e:
        raise ProblemError(400, "desk.language", "expected lang vi, zh or en") from e
