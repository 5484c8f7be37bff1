"""The files of the ceremony: statements that wait for signatures, entries, collections of them.

All are read as what they are, and none is believed: who signs sees what it says, and whether it
stands is decided by everybody who reads the directory. A file is replaced in one act.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crypto.attest.directory import Directory
from crypto.attest.header import DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    RootPayload,
    Statement,
    StatementError,
    What,
)
from crypto.seal.drafts import Draft, parse_draft
from protocols.wire.api import FrameError, encode_page, parse_page

LIMIT = 64 * 1024 * 1024


class StatementFileError(Exception):
    """The file holds no statement, entry or collection of entries."""

    code = "ceremony.file"


class FileExistsAlreadyError(Exception):
    """A file that would be written is there already."""

    code = "ceremony.exists"


class NotARootError(Exception):
    """The file does not hold an agency's root."""

    code = "ceremony.not_a_root"


@dataclass(frozen=True, slots=True)
class Root:
    """An agency's root as its file says it."""

    statement: Statement
    payload: RootPayload

    @property
    def agency(self) -> AgencyId:
        """Return whose it is."""
        return self.statement.agency

    @property
    def digits(self) -> str:
        """Return its fingerprint."""
        return fingerprint(self.statement.payload)


@dataclass(frozen=True, slots=True)
class Known:
    """Statements that were made before, of which later ones have to know."""

    statements: tuple[Statement, ...]

    def last(self, what: What, agency: AgencyId, subject: bytes) -> Statement | None:
        """Return the last statement of this kind about a subject, if there is any."""
        found = [
            one
            for one in self.statements
            if (one.what, one.agency, one.subject) == (what, agency, subject)
        ]
        return max(found, key=lambda one: one.serial, default=None)

    def desk(self, agency: AgencyId, slug: str) -> DeskId | None:
        """Return the id of the agency's desk of this slug, if there is one."""
        return next((desk for desk, said in self._desks(agency) if said == slug), None)

    def slug(self, agency: AgencyId, desk: DeskId) -> str | None:
        """Return the slug of the agency's desk of this id, if there is one."""
        return next((said for one, said in self._desks(agency) if one == desk), None)

    def named(self, desk: DeskId) -> DeskPayload | None:
        """Return what was last said of a desk, whichever agency's it is, if anything was."""
        return next((said for one, said in self._said(desk)), None)

    def agency_of(self, desk: DeskId) -> AgencyId | None:
        """Return whose desk it is, if it was named."""
        return next((one.agency for one, _ in self._said(desk)), None)

    def _said(self, desk: DeskId) -> Iterator[tuple[Statement, DeskPayload]]:
        for one in reversed(self.statements):
            if one.what is What.DESK and one.subject == desk:
                payload = decode_payload(one)
                if isinstance(payload, DeskPayload):
                    yield one, payload

    def _desks(self, agency: AgencyId) -> Iterator[tuple[DeskId, str]]:
        for one in self.statements:
            if one.what is What.DESK and one.agency == agency:
                payload = decode_payload(one)
                if isinstance(payload, DeskPayload):
                    yield DeskId(one.subject), payload.slug


def read_draft(file: Path) -> Draft:
    """Return the statement or entry in ``file``; raise StatementFileError if it holds neither."""
    try:
        return parse_draft(file.read_bytes())
    except StatementError as e:
        raise StatementFileError(f"{file}: {e}") from e


def read_root(file: Path) -> Root:
    """Return the root in ``file``.

    Raises:
        OSError: it cannot be read.
        StatementFileError: it holds no statement.
        NotARootError: it holds another.
    """
    statement = read_draft(file).statement
    payload = decode_payload(statement)
    if not isinstance(payload, RootPayload):
        raise NotARootError(f"{file}: expected an agency's root, found {statement.what.name}")
    return Root(statement, payload)


def read_entries(files: Iterable[Path]) -> list[bytes]:
    """Return the entries (or statements) in ``files``, collections opened, in their order.

    Raises:
        OSError: a file cannot be read.
        StatementFileError: a file holds neither.
    """
    return [raw for file in files for raw in _entries(file)]


def read_known(files: Iterable[Path]) -> Known:
    """Return what ``files`` say; raises what :func:`read_entries` raises."""
    return Known(tuple(parse_draft(raw).statement for raw in read_entries(files)))


def collected(entries: Iterable[bytes]) -> Directory:
    """Return the directory that ``entries`` make if their own first roots are believed.

    That is for whoever holds them: it tells what is unfinished or out of order, and says nothing
    of whose the roots are. Entries that come twice count once.

    Raises:
        DirectoryError: one does not stand.
    """
    once = list(dict.fromkeys(entries))
    statements = [parse_draft(raw).statement for raw in once]
    roots = [one.payload for one in statements if one.what is What.ROOT and one.serial == 1]
    return Directory.replay(map(fingerprint, roots), once)


def write_collection(file: Path, entries: Iterable[bytes]) -> None:
    """Write ``entries`` into ``file``, each once, in place of what it holds."""
    _replace(file, encode_page(list(dict.fromkeys(entries))))


def write_new(file: Path, draft: Draft) -> None:
    """Write a statement into the new file ``file``; raise FileExistsAlreadyError if it is there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("xb") as out:
            out.write(draft.raw)
    except FileExistsError as e:
        raise FileExistsAlreadyError(f"{file}: expected a new name, found a file") from e


def write_again(file: Path, draft: Draft) -> None:
    """Write a statement with a further signature in place of the one without."""
    _replace(file, draft.raw)


def _replace(file: Path, content: bytes) -> None:
    replacement = file.with_name(f"{file.name}.new")
    replacement.write_bytes(content)
    replacement.replace(file)


def _entries(file: Path) -> Iterator[bytes]:
    raw = file.read_bytes()
    try:
        page = parse_page(raw, limit=LIMIT)
    except FrameError:
        page = [raw]
    for one in page:
        try:
            parse_draft(one)
        except StatementError as e:
            raise StatementFileError(f"{file}: {e}") from e
        yield one
