"""Forms that were written on a screen that had locked itself, until their officer has them back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.encoding import decode, encode
from crypto.attest.header import MessageId
from crypto.attest.padding import LARGEST
from liaison.desk.store.engine import Engine
from liaison.desk.tables import kept_forms

#: Of one officer; the oldest give way.
MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form as it was posted: whose, by which showing, where, and every field as it was typed."""

    officer: str
    once: str
    path: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    at: int


class FormStore(Engine):
    """What officers have written and not sent."""

    async def keep_form(self, form: KeptForm) -> None:
        """Keep a form in the place of an earlier state of it; the oldest of too many give way."""
        row = {
            "officer": form.officer,
            "once": form.once,
            "path": form.path,
            "fields": encode([[name, value] for name, value in form.fields]),
            "at": form.at,
        }

        def work(db: Connection) -> None:
            change = upsert(kept_forms).values(row)
            db.execute(change.on_conflict_do_update(index_elements=["officer", "once"], set_=row))
            own = kept_forms.c.officer == form.officer
            newest = select(kept_forms.c.once).where(own).order_by(kept_forms.c.at.desc())
            kept = newest.limit(MOST_KEPT).scalar_subquery()
            db.execute(delete(kept_forms).where(own, kept_forms.c.once.not_in(kept)))

        await self.run(work)

    async def kept_forms(self, officer: str) -> list[KeptForm]:
        """Return what is kept for an officer, newest first."""
        query = select(kept_forms).where(kept_forms.c.officer == officer)
        rows = await self.run(
            lambda db: db.execute(query.order_by(kept_forms.c.at.desc())).mappings().all()
        )
        return [KeptForm(**{**row, "fields": _fields(row["fields"])}) for row in rows]

    async def keep_forms_of(self, officers: Sequence[str]) -> None:
        """Forget what anybody else wrote who is not among ``officers``: they have left."""
        gone = kept_forms.c.officer.not_in(officers)
        await self.run(lambda db: db.execute(delete(kept_forms).where(gone)))

    async def drop_form(self, officer: str, once: str) -> None:
        """Forget a form of an officer, if it is kept."""
        own = (kept_forms.c.officer == officer, kept_forms.c.once == once)
        await self.run(lambda db: db.execute(delete(kept_forms).where(*own)))


def forget_forms(
    db: Connection, refs: Iterable[str], mids: Iterable[MessageId], until: int
) -> None:
    """Forget what was written in the cases of these numbers and messages, and not sent.

    Of a request nobody knows whose case it would have begun: those go that name one of the numbers,
    and those that were written up to ``until`` (ts), when these cases had their last message.
    """
    numbers = list(refs)
    paths = [f"/cases/{ref}/" for ref in numbers] + [f"/asks/{mid.hex()}" for mid in mids]
    for officer, once, path, at, fields in db.execute(
        select(*(kept_forms.c[name] for name in ("officer", "once", "path", "at", "fields")))
    ).all():
        is_request = path.startswith("/requests/")
        named = any(ref in value for _, value in _fields(fields) for ref in numbers)
        if path.startswith(tuple(paths)) or (is_request and (named or at <= until)):
            own = (kept_forms.c.officer == officer, kept_forms.c.once == once)
            db.execute(delete(kept_forms).where(*own))


def _fields(raw: bytes) -> tuple[tuple[str, str], ...]:
    found = decode(raw, limit=4 * LARGEST)
    pairs = found if isinstance(found, list) else []
    return tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list))
