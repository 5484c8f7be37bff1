"""Which entries of the directory go with what is carried: those by which its reader can check it.

The sender's agency, desk and keys, and the desk's windows of late; of other desks nothing. The
reader checks them from its own pins, so that leaving one out or adding one gains nobody anything.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from crypto.attest.directory import Desk, Directory
from crypto.attest.payload import decode_payload
from crypto.attest.statement import Role, Statement, What, parse_entry
from crypto.seal.windows import WEEK
from protocols.wire.carriage import MOST_ENTRIES

#: How long (s) after its end a window's entry is still given: the reader may have been off so long.
WINDOWS_SINCE = 5 * WEEK
#: What speaks of one desk or of one key, and not of a whole agency.
OF_ONE = frozenset({What.DESK, What.DEVICE, What.WINDOWS})
NEVER = frozenset({What.GRANT_KEY, What.INFRA})


def entries_about(
    entries: Iterable[bytes], desk: Desk, directory: Directory, *, now: int
) -> tuple[bytes, ...]:
    """Return those of ``entries`` that a reader of ``desk`` may lack, in their order.

    Args:
        entries: what is known, in the order in which it stands.
        desk: the desk that has written what is carried.
        directory: what ``entries`` mean.
        now: which of its windows are of late (ts).
    """
    subjects: set[bytes] = {desk.id}
    subjects.update(signer.kid for role in Role for signer in directory.signers(desk.id, role))
    since = now - WINDOWS_SINCE
    chosen = [
        raw for raw in entries if _goes(parse_entry(raw).statement, desk, subjects, since=since)
    ]
    return tuple(chosen[-MOST_ENTRIES:])


def _goes(statement: Statement, desk: Desk, subjects: AbstractSet[bytes], *, since: int) -> bool:
    if statement.agency != desk.agency or statement.what in NEVER:
        return False
    if statement.what in OF_ONE and statement.subject not in subjects:
        return False
    if statement.what is not What.WINDOWS:
        return True
    windows = decode_payload(statement)
    return isinstance(windows, tuple) and any(one.not_after >= since for one in windows)
