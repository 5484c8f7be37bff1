"""The agent's API on loopback: what the command line, the demo and later the screens call.

Every answer is JSON; every error a problem document with a stable code. Persons appear by label;
names and texts only where a case is shown to an officer who asked for it.
"""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from config.errors import ConfigError
from crypto.attest.directory import DirectoryError
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.padding import PaddingError
from crypto.attest.pin import PinError
from crypto.seal.attachment import AttachmentFormError
from crypto.seal.backup import BackupError
from crypto.seal.erasure import ErasureError
from crypto.seal.oversight import OversightError, pack_halves
from crypto.seal.primitives import PrimitiveError
from crypto.seal.stream import AttachmentError
from crypto.seal.vault import VaultError
from liaison.desk.agent import Agent
from liaison.desk.alarms import UnknownAlarmError
from liaison.desk.broker_client import BrokerRefusedError, LineDownError
from liaison.desk.cases import ErasedCaseError, UnknownCaseError
from liaison.desk.contacts import UnknownAgencyError
from liaison.desk.disclosure.disclose import (
    MayNotDiscloseError,
    NothingToDiscloseError,
    NotInLedgerError,
)
from liaison.desk.erasure import Why
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.files.routes import added, blob_of, hand_out, pieces_of
from liaison.desk.guard import NONCE_HEADER, SESSION_HEADER, prove_token
from liaison.desk.officers import LockedError, NoSessionError, OtherOfficerError
from liaison.desk.oversight import NoOversightError, ReviewProofError, read_shown
from liaison.desk.release import UnknownAskError
from liaison.desk.view import ask_view, board_row, by_deadline, case_view, notice_view
from liaison.desk.watched import alarm_view
from liaison.runtime.pins import Means
from liaison.runtime.web import ProblemError
from protocols.casework.codes import DisclosureReason, ErasureReason, Language
from protocols.casework.erasure import NotErasableError
from protocols.casework.errors import CaseworkError, FormError, StepError
from protocols.casework.moments import iso
from protocols.casework.person import parse_text

AGENT = web.AppKey("agent", Agent)
TOKEN_KEY = web.AppKey("token", str)

ROUTES = web.RouteTableDef()

#: The status of each error that an officer's input can raise; the first that fits counts.
STATUS: tuple[tuple[type[Exception], int], ...] = (
    (LockedError, 423),
    (ErasedCaseError, 410),
    (NoSessionError, 401),
    (OtherOfficerError, 403),
    (UnknownCaseError, 404),
    (UnknownAskError, 404),
    (UnknownAlarmError, 404),
    (StepError, 409),
    (NotErasableError, 409),
    (MayNotDiscloseError, 403),
    (NothingToDiscloseError, 404),
    (NotInLedgerError, 409),
    (LineDownError, 503),
    (BrokerRefusedError, 503),
    (ErasureError, 403),
    (NoOversightError, 409),
    (ReviewProofError, 403),
    (OversightError, 422),
    (BackupError, 409),
    (CaseworkError, 422),
    (VaultError, 403),
    (ConfigError, 422),
    (DirectoryError, 409),
    (PinError, 422),
    (FileRefusedError, 422),
    (AttachmentFormError, 422),
    (AttachmentError, 422),
    (PaddingError, 413),
    (PrimitiveError, 409),
)


@web.middleware
async def officers_errors(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Answer what is wrong with an officer's input, all findings at once."""
    try:
        response: web.StreamResponse = await handler(request)
    except FormError as e:
        findings = [
            {"code": f.code, "field": f.path, "expected": f.expected, "found": f.found}
            for f in e.findings
        ]
        return web.json_response(
            {"status": 422, "code": e.code, "detail": str(e), "findings": findings}, status=422
        )
    except tuple(kind for kind, _ in STATUS) as e:
        status = next(status for kind, status in STATUS if isinstance(e, kind))
        raise ProblemError(status, getattr(e, "code", "desk"), str(e)) from e
    return response


@ROUTES.get("/livez")
async def live(request: web.Request) -> web.Response:
    """Say that the process answers and, to a nonce, that it holds the token of its folder."""
    nonce = request.headers.get(NONCE_HEADER, "")
    return web.json_response({"live": True, "proof": prove_token(request.app[TOKEN_KEY], nonce)})


@ROUTES.get("/api/status")
async def status(request: web.Request) -> web.Response:
    """Return how the desk stands: line, outbox, directory, ledger, who is present."""
    return web.json_response(await request.app[AGENT].status())


@ROUTES.get("/api/board")
async def board(request: web.Request) -> web.Response:
    """Return every case as one line, what is due first on top."""
    agent = _with_officer(request)
    now = agent.clock.now()
    rows = [board_row(case, agent.casebook, now=now) for case in await agent.casebook.every()]
    return web.json_response({"desk": agent.slug, "now": iso(now), "cases": by_deadline(rows)})


@ROUTES.get("/api/cases/{ref}")
async def case(request: web.Request) -> web.Response:
    """Return everything about a case, in the reader's language (``?lang=vi|zh|en``).

    With ``?translate=1`` free texts of the other language have this desk's translation beside them.
    """
    agent, lang = _with_officer(request), _language(request)
    found = await agent.casebook.find(request.match_info["ref"])
    view = await case_view(found, agent.casebook, agent.catalogue, lang=lang, now=agent.clock.now())
    view = {**view, "reviews": await agent.overseer.reviews_of(found.thread)}
    if request.query.get("translate") == "1":
        view = await agent.reader.translate_case(view, found.described, lang)
    return web.json_response(view)


@ROUTES.post("/api/cases/{ref}/open")
async def open_case(request: web.Request) -> web.Response:
    """Show the case to an officer: their signed receipts for what they had not opened yet."""
    agent = request.app[AGENT]
    fields = await _fields(request)
    opened = await agent.open_case(_officer(fields), request.match_info["ref"])
    return web.json_response({"opened": opened})


@ROUTES.post("/api/requests")
async def send(request: web.Request) -> web.Response:
    """Open a case: ``{officer, to, request, …}``."""
    fields = await _fields(request)
    officer, to = _officer(fields), _text(fields, "to")
    step = {name: value for name, value in fields.items() if name not in ("officer", "to")}
    ref = await request.app[AGENT].composer.request(officer, step, to=to)
    is_stale = request.app[AGENT].peers.is_stale(to)
    return web.json_response({"case": ref, "stale": is_stale}, status=201)


@ROUTES.post("/api/cases/{ref}/acts")
async def act(request: web.Request) -> web.Response:
    """Take a step in a case: ``{officer, act, …}``."""
    fields = await _fields(request)
    officer = _officer(fields)
    step = {name: value for name, value in fields.items() if name != "officer"}
    mid = await request.app[AGENT].composer.act(officer, request.match_info["ref"], step)
    return web.json_response({"mid": mid.hex()}, status=201)


@ROUTES.post("/api/cases/{ref}/files")
async def add_file(request: web.Request) -> web.Response:
    """Add the file in the body to a case: ``?name=``; it goes with :func:`send_files`."""
    agent = request.app[AGENT]
    officer, name = request.query.get("officer", ""), request.query.get("name", "")
    agent.officers.acting(officer, request.headers.get(SESSION_HEADER, ""))
    pieces = pieces_of(request)
    return added(await agent.filing.add(request.match_info["ref"], name, pieces))


@ROUTES.post("/api/cases/{ref}/parcels")
async def send_files(request: web.Request) -> web.Response:
    """Send files that were added, in a note: ``{officer, files: [blob], lang, text}``."""
    fields = await _fields(request)
    files, lang = fields.get("files"), str(fields.get("lang", Language.ENGLISH))
    blobs = [_hex(item) for item in files] if isinstance(files, list) else []
    text = (
        parse_text({"lang": lang, "text": fields["text"]}, "text") if fields.get("text") else None
    )
    parcel = await request.app[AGENT].filing.send(
        _officer(fields),
        request.match_info["ref"],
        blobs,
        lang=lang,
        text="" if text is None else text.text,
    )
    return web.json_response({"parcel": parcel.hex()}, status=201)


@ROUTES.get("/api/cases/{ref}/files/{blob}")
async def read_file(request: web.Request) -> web.StreamResponse:
    """Stream a file of a case, to be saved."""
    filing = _with_officer(request).filing
    file = await filing.find(request.match_info["ref"], blob_of(request))
    return await hand_out(request, filing, file)


@ROUTES.post("/api/cases/{ref}/files/{blob}/again")
async def fetch_file_again(request: web.Request) -> web.Response:
    """Fetch a file anew that failed a check."""
    await _with_officer(request).filing.fetch_again(request.match_info["ref"], blob_of(request))
    return web.json_response({})


@ROUTES.post("/api/cases/{ref}/erase")
async def erase(request: web.Request) -> web.Response:
    """Make a case unreadable: ``{officer, second, passphrase, reason, rule}``, the second's."""
    fields = await _fields(request)
    agent, ref = request.app[AGENT], request.match_info["ref"]
    why = Why(_reason(fields), _text(fields, "rule"))
    second, passphrase = _text(fields, "second"), _text(fields, "passphrase")
    await agent.eraser.erase(ref, _officer(fields), second, passphrase, why)
    agent.news.tell()
    return web.json_response({"erased": ref})


@ROUTES.get("/api/cases/{ref}/halves")
async def case_halves(request: web.Request) -> web.Response:
    """Return a case's sealed halves, and the nonce that its review answers, in hexadecimal.

    Nobody need have unlocked: to whom they are sealed is no officer of this desk.
    """
    sealed, nonce = await request.app[AGENT].overseer.ask(request.match_info["ref"])
    return web.json_response({"halves": pack_halves(sealed).hex(), "nonce": nonce.hex()})


@ROUTES.post("/api/cases/{ref}/review")
async def review(request: web.Request) -> web.Response:
    """Show a case to two supervisors who have opened it: ``{first, second, reason, tag}``."""
    agent, fields = request.app[AGENT], await _fields(request)
    shown = read_shown(*(_text(fields, name) for name in ("first", "second", "reason", "tag")))
    found = await agent.overseer.review(request.match_info["ref"], shown)
    agent.news.tell()
    lang, now = _language(request), agent.clock.now()
    view = await case_view(found, agent.casebook, agent.catalogue, lang=lang, now=now)
    return web.json_response({**view, "reviews": await agent.overseer.reviews_of(found.thread)})


@ROUTES.post("/api/backup")
async def backup(request: web.Request) -> web.Response:
    """Write a backup to a new file: ``{path}``, absolute; no officer need be here."""
    path = Path(_text(await _fields(request), "path"))
    try:
        made = await request.app[AGENT].backups.make(path)
    except OSError as e:
        raise ProblemError(409, "system.refused", e.strerror or type(e).__name__) from e
    return web.json_response({"rows": made.rows, "size": made.size, "removed": made.removed})


@ROUTES.get("/api/erased")
async def erased(request: web.Request) -> web.Response:
    """Return what stays of each erased case: number, when, by whom, why and under which rule."""
    return web.json_response({"erased": await _with_officer(request).eraser.stubs()})


@ROUTES.post("/api/disclosures")
async def disclose(request: web.Request) -> web.Response:
    """Disclose one message: ``{officer, mid, reason}``; the answer has the file in base64."""
    fields = await _fields(request)
    mid, reason = _message(fields), _disclosure_reason(fields)
    raw = await request.app[AGENT].discloser.disclose(_officer(fields), mid, reason)
    return web.json_response({"file": b64encode(raw).decode()}, status=201)


@ROUTES.get("/api/disclosures")
async def disclosures(request: web.Request) -> web.Response:
    """Return every disclosure of this desk, oldest first."""
    return web.json_response({"disclosed": await _with_officer(request).discloser.record()})


@ROUTES.get("/api/asks")
async def asks(request: web.Request) -> web.Response:
    """Return the questions for a second signature that wait here, as the officer reads them."""
    agent = _with_officer(request)
    lang = _language(request)
    waiting = [
        ask_view(message, agent.casebook, agent.releases, agent.catalogue, lang=lang)
        for message in await agent.store.open_asks()
    ]
    return web.json_response({"asks": waiting})


@ROUTES.post("/api/asks/{ask}/grant")
async def grant(request: web.Request) -> web.Response:
    """Sign what is asked for: ``{officer, file, basis}``; the last two for a release."""
    fields = await _fields(request)
    file, basis = fields.get("file"), fields.get("basis")
    mid = await request.app[AGENT].releases.grant(
        _officer(fields),
        _ask(request),
        file=None if file is None else str(file),
        basis=None if basis is None else str(basis),
    )
    return web.json_response({"mid": mid.hex()}, status=201)


@ROUTES.post("/api/asks/{ask}/refuse")
async def refuse(request: web.Request) -> web.Response:
    """Say that it is not signed, and why: ``{officer, reason: {lang, text}}``."""
    fields = await _fields(request)
    reason = parse_text(fields.get("reason"), "reason")
    mid = await request.app[AGENT].releases.refuse(_officer(fields), _ask(request), reason)
    return web.json_response({"mid": mid.hex()}, status=201)


@ROUTES.post("/api/unlock")
async def unlock(request: web.Request) -> web.Response:
    """Unlock for an officer, ``{officer, passphrase}``, and begin a session of theirs."""
    fields = await json_fields(request)
    agent = request.app[AGENT]
    session = await agent.unlock(_officer(fields), _text(fields, "passphrase"))
    return web.json_response({"present": agent.officers.present(), "session": session})


@ROUTES.post("/api/lock")
async def lock(request: web.Request) -> web.Response:
    """Drop every officer's key; the agent goes on receiving."""
    await request.app[AGENT].lock()
    return web.json_response({"present": []})


@ROUTES.post("/api/passphrase")
async def renew_passphrase(request: web.Request) -> web.Response:
    """Change an officer's own passphrase: ``{officer, passphrase, new}``."""
    fields = await _fields(request)
    officer, old, new = _officer(fields), _text(fields, "passphrase"), _text(fields, "new")
    await request.app[AGENT].roster.renew(officer, old, new)
    return web.json_response({"changed": officer})


@ROUTES.post("/api/officers/remove")
async def remove_officer(request: web.Request) -> web.Response:
    """Take an officer out of the vault: ``{officer, passphrase, removed}``."""
    fields = await _fields(request)
    by, passphrase, removed = (
        _officer(fields),
        _text(fields, "passphrase"),
        _text(fields, "removed"),
    )
    await request.app[AGENT].remove(by, passphrase, removed)
    return web.json_response({"removed": removed})


@ROUTES.get("/api/alarms")
async def alarms(request: web.Request) -> web.Response:
    """Return every alarm that was raised, the newest first."""
    agent = request.app[AGENT]
    found = [alarm_view(alarm, agent.replica) for alarm in await agent.store.alarms()]
    return web.json_response({"alarms": found})


@ROUTES.post("/api/alarms/{number}/seen")
async def mark_alarm_seen(request: web.Request) -> web.Response:
    """Keep an officer's signed word that they have seen an alarm: ``{officer}``."""
    officer = _officer(await _fields(request))
    await request.app[AGENT].mark_alarm_seen(officer, request.match_info["number"])
    return web.json_response({"by": officer})


@ROUTES.post("/api/devices")
async def admit(request: web.Request) -> web.Response:
    """Admit another installation of this desk: ``{officer, number}``, as it shows its number."""
    fields = await _fields(request)
    admitted = await request.app[AGENT].admit(_officer(fields), _text(fields, "number"))
    return web.json_response({"admitted": admitted})


@ROUTES.get("/api/successors")
async def successors(request: web.Request) -> web.Response:
    """Return which desks follow others by now, and whether that was confirmed here."""
    return web.json_response({"successors": await request.app[AGENT].successors.listed()})


@ROUTES.post("/api/successors")
async def confirm_successor(request: web.Request) -> web.Response:
    """Confirm, once the other side was asked, who follows a desk: ``{officer, desk}``."""
    fields = await _fields(request)
    agent = request.app[AGENT]
    followed = await agent.successors.confirm(
        _officer(fields), _text(fields, "desk"), agent.officers
    )
    return web.json_response({"followed_by": followed}, status=201)


@ROUTES.get("/api/contacts")
async def contacts(request: web.Request) -> web.Response:
    """Return our own agency and the others: how each root was compared, and its desks."""
    return web.json_response({"agencies": await request.app[AGENT].contacts.listed()})


@ROUTES.post("/api/contacts/{agency}")
async def compare(request: web.Request) -> web.Response:
    """Take what an officer typed of a root's digits: ``{officer, digits, means}``; two make it."""
    fields = await _fields(request)
    made = await request.app[AGENT].compare(
        _officer(fields), _agency(request), _text(fields, "digits"), _means(fields)
    )
    return web.json_response({"compared": made is not None}, status=201)


@ROUTES.get("/api/keys")
async def keys(request: web.Request) -> web.Response:
    """Return which keys exist, until when they count, and what has to be done about them."""
    return web.json_response(await request.app[AGENT].key_standing.view())


@ROUTES.post("/api/keys/renewals")
async def renew(request: web.Request) -> web.Response:
    """Return requests for a new term of this computer's key and an officer's: ``{officer}``."""
    officer = _officer(await _fields(request))
    made = request.app[AGENT].key_standing.renewals(officer)
    return web.json_response({"requests": [raw.hex() for raw in made]}, status=201)


@ROUTES.get("/api/notices")
async def notices(request: web.Request) -> web.Response:
    """Return what the broker's clock said; ``case`` is null where a desk below answers for it."""
    agent = request.app[AGENT]
    refs = dict(await agent.store.threads())
    found = []
    for notice in await agent.store.all_notices():
        about = await agent.store.message(MessageId(notice.mid))
        is_kept = about is not None and not about.is_erased
        header = parse_envelope(about.envelope).header if about and is_kept else None
        ref = None if about is None else refs.get(about.thread)
        found.append({**notice_view(notice, header), "case": ref})
    return web.json_response({"notices": found})


@ROUTES.get("/api/quarantine")
async def quarantine(request: web.Request) -> web.Response:
    """Return what failed a check, by envelope id and code."""
    found = await request.app[AGENT].store.quarantined()
    return web.json_response(
        {"set_aside": [{"eid": eid.hex(), "code": code, "at": at} for eid, code, at in found]}
    )


def _hex(item: object) -> bytes:
    try:
        return bytes.fromhex(str(item))
    except ValueError:
        return b""  # a name that no file has


def _with_officer(request: web.Request) -> Agent:
    """Return the agent if an officer has unlocked: a locked desk shows no case."""
    agent = request.app[AGENT]
    if not agent.officers.present():
        raise LockedError("nobody has unlocked this desk")
    return agent


def _ask(request: web.Request) -> MessageId:
    try:
        return MessageId(bytes.fromhex(request.match_info["ask"]))
    except ValueError as e:
        raise ProblemError(404, UnknownAskError.code, "no question of this id waits here") from e


def _agency(request: web.Request) -> bytes:
    try:
        return bytes.fromhex(request.match_info["agency"])
    except ValueError as e:
        raise ProblemError(404, UnknownAgencyError.code, "no agency of this id") from e


def _means(fields: Mapping[str, object]) -> Means:
    try:
        return Means(_text(fields, "means"))
    except ValueError as e:
        raise ProblemError(422, "contacts.means", f"expected {' or '.join(Means)}") from e


async def _fields(request: web.Request) -> dict[str, object]:
    """Return what a call says; an officer whom it names must act in their own session."""
    fields = await json_fields(request)
    if "officer" in fields:
        session = request.headers.get(SESSION_HEADER, "")
        request.app[AGENT].officers.acting(_officer(fields), session)
    return fields


def _message(fields: Mapping[str, object]) -> MessageId:
    try:
        return MessageId(bytes.fromhex(_text(fields, "mid")))
    except ValueError as e:
        raise ProblemError(422, "desk.missing", "expected mid in hex") from e


def _disclosure_reason(fields: Mapping[str, object]) -> DisclosureReason:
    try:
        return DisclosureReason(_text(fields, "reason"))
    except ValueError as e:
        known = ", ".join(DisclosureReason)
        raise ProblemError(422, "desk.disclosure_reason", f"expected one of {known}") from e


async def json_fields(request: web.Request) -> dict[str, object]:
    """Return the JSON object in the body; raise ProblemError when it is none."""
    try:
        fields = await request.json()
    except ValueError as e:
        raise ProblemError(400, "desk.json", "expected JSON") from e
    if not isinstance(fields, dict):
        raise ProblemError(400, "desk.json", "expected a JSON object")
    return fields


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ProblemError(422, "desk.missing", f"expected {name} as text")
    return value


def _reason(fields: Mapping[str, object]) -> ErasureReason:
    try:
        return ErasureReason(_text(fields, "reason"))
    except ValueError as e:
        raise ProblemError(
            422, "desk.erasure_reason", f"expected one of {', '.join(ErasureReason)}"
        ) from e


def _officer(fields: Mapping[str, object]) -> str:
    return _text(fields, "officer")


def _language(request: web.Request) -> Language:
    try:
        return Language(request.query.get("lang", Language.ENGLISH))
    except ValueError as e:
        raise ProblemError(400, "desk.language", "expected lang vi, zh or en") from e
