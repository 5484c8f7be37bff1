"""The agent's API on loopback, room by room: what the command line, the demo and the screens call.

Every answer is JSON; every error a problem document with a stable code. Persons appear by label;
names and texts only where a case is shown to an officer who asked for it.
"""

from liaison.desk.api import archive, casework, keys, standing
from liaison.desk.carriage import routes as carriage
from liaison.desk.disclosure import routes as disclosure
from liaison.desk.files import routes as files

#: The routes of each room; all errors are answered by :mod:`liaison.desk.api.problems`.
ROUTES = (
    *standing.ROUTES,
    *casework.ROUTES,
    *files.ROUTES,
    *archive.ROUTES,
    *disclosure.ROUTES,
    *carriage.ROUTES,
    *keys.ROUTES,
)
