"""How the desk stands and who is at it: status, alarms, quarantine, unlocking, passphrases."""

from aiohttp import web

from liaison.desk.api.call import AGENT, TOKEN_KEY, json_fields, officer_of, read_fields, text_of
from liaison.desk.casework.watched import alarm_view
from liaison.desk.entrance.guard import NONCE_HEADER, prove_token

ROUTES = web.RouteTableDef()


@ROUTES.get("/livez")
async def live(request: web.Request) -> web.Response:
    """Say that the process answers and, to a nonce, that it holds the token of its folder."""
    nonce = request.headers.get(NONCE_HEADER, "")
    return web.json_response({"live": True, "proof": prove_token(request.app[TOKEN_KEY], nonce)})


@ROUTES.get("/api/status")
async def status(request: web.Request) -> web.Response:
    """Return how the desk stands: line, outbox, directory, ledger, who is present."""
    return web.json_response(await request.app[AGENT].status())


@ROUTES.get("/api/alarms")
async def alarms(request: web.Request) -> web.Response:
    """Return every alarm that was raised, the newest first."""
    agent = request.app[AGENT]
    found = [alarm_view(alarm, agent.replica) for alarm in await agent.store.alarms()]
    return web.json_response({"alarms": found})


@ROUTES.post("/api/alarms/{number}/seen")
async def mark_alarm_seen(request: web.Request) -> web.Response:
    """Keep an officer's signed word that they have seen an alarm: ``{officer}``."""
    officer = officer_of(await read_fields(request))
    await request.app[AGENT].mark_alarm_seen(officer, request.match_info["number"])
    return web.json_response({"by": officer})


@ROUTES.get("/api/quarantine")
async def quarantine(request: web.Request) -> web.Response:
    """Return what failed a check, by envelope id and code."""
    found = await request.app[AGENT].store.quarantined()
    return web.json_response(
        {"set_aside": [{"eid": eid.hex(), "code": code, "at": at} for eid, code, at in found]}
    )


@ROUTES.post("/api/unlock")
async def unlock(request: web.Request) -> web.Response:
    """Unlock for an officer, ``{officer, passphrase}``, and begin a session of theirs."""
    fields = await json_fields(request)
    agent = request.app[AGENT]
    session = await agent.unlock(officer_of(fields), text_of(fields, "passphrase"))
    return web.json_response({"present": agent.officers.present(), "session": session})


@ROUTES.post("/api/lock")
async def lock(request: web.Request) -> web.Response:
    """Drop every officer's key; the agent goes on receiving."""
    await request.app[AGENT].lock()
    return web.json_response({"present": []})


@ROUTES.post("/api/passphrase")
async def renew_passphrase(request: web.Request) -> web.Response:
    """Change an officer's own passphrase: ``{officer, passphrase, new}``."""
    fields = await read_fields(request)
    officer, old, new = officer_of(fields), text_of(fields, "passphrase"), text_of(fields, "new")
    await request.app[AGENT].roster.renew(officer, old, new)
    return web.json_response({"changed": officer})


@ROUTES.post("/api/officers/remove")
async def remove_officer(request: web.Request) -> web.Response:
    """Take an officer out of the vault: ``{officer, passphrase, removed}``."""
    fields = await read_fields(request)
    by, passphrase, removed = (
        officer_of(fields),
        text_of(fields, "passphrase"),
        text_of(fields, "removed"),
    )
    await request.app[AGENT].remove(by, passphrase, removed)
    return web.json_response({"removed": removed})
