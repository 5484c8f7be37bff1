"""When a key or desk counts: from its certificate's first moment to its revocation.

Follows docs/spec/directory.md, "When a key counts". Two rules, which do not meddle with each other.
Time: the last statement that had begun decides, and thirty days after it ends what it allowed is
still taken, with a doubt. Order: what stands in the ledger before the revocation counts, whatever
day the revocation says it is about; so nobody takes back what was said by dating it back.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from crypto.attest.refusals import RevokedError, UnknownSignerError
from crypto.attest.statement import AgencyId, RevocationPayload, What

#: How long (s) after its end a certificate is still taken, with a doubt: a registrar has holidays.
GRACE = 30 * 86_400

#: What counts or not: its kind, its agency and its id.
Subject = tuple[What, AgencyId, bytes]


class Doubt(StrEnum):
    """What an officer should know of a key that counts."""

    #: Its certificate, or its desk's, ended within the last thirty days.
    GRACE = "grace"
    #: Its revocation, which came later, says that it was not to be trusted any more by then.
    BACKDATED = "backdated"
    #: Its agency has new roots, and nobody here has compared their digits yet.
    UNCONFIRMED_ROOT = "unconfirmed_root"


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a key or desk counts no more, as the directory's entry number ``size`` says."""

    subject: Subject
    payload: RevocationPayload
    size: int


@dataclass(slots=True)
class Validity:
    """What certificates and revocations say of when their subjects count."""

    #: (not before, not after) of each subject's statements, oldest first.
    _spans: dict[Subject, list[tuple[int, int]]] = field(default_factory=dict)
    #: Each subject's revocations, oldest first: the first decides, the last says since when.
    _revoked: dict[Subject, list[Revocation]] = field(default_factory=dict)
    #: Where in the ledger the revocation with the entry of this number stands, as far as is known.
    _places: dict[int, int] = field(default_factory=dict)

    def note_span(self, subject: Subject, begins: int, ends: int) -> None:
        """Take note of a statement by which ``subject`` counts from ``begins`` to ``ends`` (ts)."""
        self._spans.setdefault(subject, []).append((begins, ends))

    def revoke(self, revocation: Revocation) -> None:
        """Take note that a subject counts no more."""
        self._revoked.setdefault(revocation.subject, []).append(revocation)

    def place(self, size: int, index: int) -> None:
        """Take note at which leaf of the ledger the directory's entry number ``size`` stands."""
        self._places[size] = index

    def share_places(self, other: "Validity") -> None:
        """Know of places whatever ``other`` knows, now and later."""
        self._places = other._places  # noqa: SLF001 - one of our own kind

    def is_placed(self, size: int) -> bool:
        """Say whether it is known where in the ledger the entry number ``size`` stands."""
        return size in self._places

    def revocations(self) -> list[Revocation]:
        """Return all revocations, in the order of their entries."""
        every = (one for each in self._revoked.values() for one in each)
        return sorted(every, key=lambda one: one.size)

    def is_revoked(self, subject: Subject) -> bool:
        """Say whether the subject was revoked, wherever that stands in the ledger."""
        return subject in self._revoked

    def doubts(self, subject: Subject, *, at: int, index: int | None) -> tuple[Doubt, ...]:
        """Return what is to be said of a subject that counts at ``at`` (ts).

        Args:
            subject: the key or desk.
            at: the time at which it must count.
            index: the ledger's leaf by which it must not have been revoked; None is now.

        Raises:
            UnknownSignerError: no certificate of it counts at that time.
            RevokedError: it was revoked before, or where its revocation stands is not known.
        """
        return (*self._in_time(subject, at), *self._in_order(subject, at, index))

    def _in_time(self, subject: Subject, at: int) -> tuple[Doubt, ...]:
        begun = [ends for begins, ends in self._spans.get(subject, []) if begins <= at]
        if not begun or at >= begun[-1] + GRACE:
            raise UnknownSignerError(f"the {subject[0].name.lower()} does not count at {at}")
        return () if at < begun[-1] else (Doubt.GRACE,)

    def _in_order(self, subject: Subject, at: int, index: int | None) -> tuple[Doubt, ...]:
        revoked = self._revoked.get(subject)
        if revoked is None:
            return ()
        place = self._places.get(revoked[0].size)
        if index is None or place is None or index >= place:
            raise RevokedError(f"the {subject[0].name.lower()} was revoked")
        return (Doubt.BACKDATED,) if at >= revoked[-1].payload.effective else ()
