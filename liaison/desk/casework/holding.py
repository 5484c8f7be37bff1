"""What is held back: anything that can wait, for an agency whose new root nobody has compared.

Follows docs/spec/directory.md, "Trust". Two shares that were stolen replace a root; a telephone
call is what tells, and until then the agency's new keys are used for nothing but a rescue.
"""

from crypto.attest.directory import UnknownDeskError
from crypto.attest.header import DeskId, PriorityClass
from liaison.desk.keys.directory import Replica
from protocols.casework.errors import CaseworkError


class UnconfirmedRootError(CaseworkError):
    """The addressed agency has replaced its root, and nobody here has compared its digits."""

    code = "desk.root_unconfirmed"


def check_root(replica: Replica, desk: DeskId, priority: PriorityClass) -> None:
    """Raise UnconfirmedRootError for what can wait and goes to an agency with a new root.

    A rescue is never held back; the page on which it is written says that the root is new.
    """
    agency = replica.known.desk(desk).agency
    if agency == replica.agency or priority is PriorityClass.RESCUE:
        return
    if not replica.known.is_confirmed(agency):
        raise UnconfirmedRootError("the agency's root is new: two officers compare its digits")


def is_held(replica: Replica, slug: str) -> bool:
    """Say whether what can wait is held back from the desk of this slug."""
    known = replica.known
    try:
        agency = known.desk_named(slug).agency
    except UnknownDeskError:
        return False  # agreed on and not founded yet: nothing goes there
    return agency != replica.agency and not known.is_confirmed(agency)
