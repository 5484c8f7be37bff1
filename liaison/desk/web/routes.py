"""Every address of the screens and who answers it; and what an application needs to serve them."""

from collections.abc import Mapping

from aiohttp import web

from config.schema import ErrorText
from liaison.desk.web.headers import add_headers
from liaison.desk.web.live import end_streams
from liaison.desk.web.officer import for_officer
from liaison.desk.web.pages import (
    act,
    asks,
    board,
    carriage,
    case,
    contacts,
    devices,
    entrance,
    erasing,
    files,
    idle,
    passphrase,
    request,
)
from liaison.desk.web.render import CATALOGUE, ERRORS, STATIC, set_up_templates
from liaison.desk.web.session import LAUNCH_PATH, SESSIONS, Sessions
from protocols.casework.catalogue import Catalogue


async def make_launch_path(asked: web.Request) -> web.Response:
    """Return a new launch path to the user's own program: ``{path}``, good for one browser."""
    return web.json_response({"path": asked.app[SESSIONS].launch_path()}, status=201)


ROUTES = [
    web.post("/api/launch", make_launch_path),
    web.get(LAUNCH_PATH, entrance.launch),
    web.get("/", entrance.home),
    web.get("/unlock", entrance.show_unlock),
    web.post("/unlock", entrance.unlock),
    web.post("/lock", entrance.lock),
    web.post("/language", entrance.choose_language),
    web.get("/board", for_officer(board.show_board)),
    web.get("/board/live", for_officer(board.stream_board)),
    web.get("/requests", for_officer(request.list_types)),
    web.get("/requests/{type}", for_officer(request.show_form)),
    web.post("/requests/{type}", for_officer(request.send_form, keeps=True)),
    web.get("/cases/{ref}", for_officer(case.show_case)),
    web.get("/cases/{ref}/live", for_officer(case.stream_case)),
    web.post("/cases/{ref}/open", for_officer(case.open_case)),
    web.get("/cases/{ref}/files", for_officer(files.show_adding)),
    web.post("/cases/{ref}/files", for_officer(files.add_files)),
    web.get("/cases/{ref}/files/{blob}", for_officer(files.save_file)),
    web.get("/cases/{ref}/files/{blob}/preview", for_officer(files.show_preview)),
    web.post("/cases/{ref}/files/{blob}/again", for_officer(files.fetch_again)),
    web.get("/cases/{ref}/acts/{act}", for_officer(act.show_act)),
    web.post("/cases/{ref}/acts/{act}", for_officer(act.take_act, keeps=True)),
    web.get("/cases/{ref}/erase", for_officer(erasing.show_erasing)),
    web.post("/cases/{ref}/erase", for_officer(erasing.erase)),
    web.get("/erased", for_officer(erasing.show_erased)),
    web.get("/asks", for_officer(asks.show_asks)),
    web.get("/asks/live", for_officer(asks.stream_asks)),
    web.get("/asks/{ask}", for_officer(asks.show_ask)),
    web.get("/asks/{ask}/live", for_officer(asks.stream_ask)),
    web.post("/asks/{ask}/grant", for_officer(asks.grant, keeps=True)),
    web.post("/asks/{ask}/refuse", for_officer(asks.refuse, keeps=True)),
    web.post("/kept/{once}/drop", for_officer(board.drop_kept)),
    web.post("/alarms/{number}/seen", for_officer(board.mark_seen)),
    web.get("/idle/live", for_officer(idle.stream_idle)),
    web.post("/awake", for_officer(idle.stay_awake)),
    web.get("/passphrase", for_officer(passphrase.show_passphrase)),
    web.post("/passphrase", for_officer(passphrase.change_passphrase)),
    web.get("/carriage", for_officer(carriage.show_carriage)),
    web.post("/carriage", for_officer(carriage.take_in)),
    web.post("/carriage/prepare", for_officer(carriage.prepare)),
    web.get("/carriage/{stem}", for_officer(carriage.save)),
    web.get("/devices", for_officer(devices.show_devices)),
    web.post("/devices", for_officer(devices.admit)),
    web.get("/contacts", for_officer(contacts.show_contacts)),
    web.post("/contacts/{agency}", for_officer(contacts.compare)),
    web.post("/successors/{desk}", for_officer(contacts.confirm_successor)),
    web.static("/static", STATIC),
]


def add_screens(
    app: web.Application,
    sessions: Sessions,
    catalogue: Catalogue,
    errors: Mapping[str, ErrorText],
) -> None:
    """Make ``app`` serve the screens; its middlewares guard them and show their errors.

    Args:
        app: the desk's application, which holds the agent once it runs.
        sessions: the same that the guard looks into.
        catalogue: what codes say in each language.
        errors: what error codes say in each language.
    """
    app[SESSIONS], app[CATALOGUE], app[ERRORS] = sessions, catalogue, errors
    set_up_templates(app)
    app.add_routes(ROUTES)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(end_streams)
