"""From a text to its view in another language: sentence by sentence, by the first layer that fits.

A sentence without words of its own is *code*: its values are written in the reader's form. A phrase
of the catalogue is *phrase*: exact. All else is for the *machine*, masked, and what comes back
passes the gate or is not shown: then there is no target, and the findings say why. Pure: the
machine is asked elsewhere (``translation.translator``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from config.schema import CatalogueSeed
from translation import fidelity
from translation.detectors import localise, protect
from translation.findings import Finding
from translation.languages import Language
from translation.marks import restore_marks
from translation.names import DeclaredName
from translation.phrases import PhraseBook
from translation.quality import Estimate, chrf, estimate
from translation.segments import Piece, split
from translation.spans import Masked, Span, restore
from translation.termbase import Termbase

LONGEST_PHRASE = 3  # sentences in the longest phrase of the catalogue
MIDDLE_SCRIPT = Language.ENGLISH


class Method(StrEnum):
    """How a target was made; a reader sees it beside each sentence."""

    CODE = "code"
    PHRASE = "phrase"
    MACHINE = "machine"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Segment:
    """One sentence and its view in the reader's language.

    ``target`` is None if there is none that may be shown; the findings say why. ``middle`` is the
    English through which the machine went, ``back`` the target translated back, which a sender may
    be shown before sending. ``gloss`` gives the terms of a sentence without target.
    ``after`` is the white space that followed the sentence.
    """

    source: str
    target: str | None
    method: Method
    middle: str | None = None
    spans: tuple[Span, ...] = ()
    findings: tuple[Finding, ...] = ()
    estimate: Estimate | None = None
    back: str | None = None
    gloss: tuple[tuple[str, str], ...] = ()
    after: str = ""

    @property
    def failed(self) -> bool:
        """Say whether there is no target to show."""
        return self.target is None

    def with_finding(self, finding: Finding) -> "Segment":
        """Return the segment with one finding more."""
        return replace(self, findings=(*self.findings, finding))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the machine gave for one masked sentence: each step there, and each step back."""

    steps: tuple[str, ...]
    back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A sentence for the machine."""

    piece: Piece
    masked: Masked


class Pipeline:
    """The layers that need no machine, and the gate behind it, for one catalogue."""

    def __init__(self, seed: CatalogueSeed) -> None:
        self._phrases = PhraseBook(seed.phrases)
        self._terms = Termbase(seed.terms)

    def plan(
        self, text: str, source: Language, target: Language, names: Sequence[DeclaredName]
    ) -> Iterator[Segment | Job]:
        """Yield the sentences of ``text`` in order: done by an exact layer, or a job."""
        pieces = split(text)
        start = 0
        while start < len(pieces):
            for end in range(min(start + LONGEST_PHRASE, len(pieces)), start, -1):
                segment = self._phrase(pieces[start:end], source, target)
                if segment is not None:
                    yield segment
                    start = end
                    break
            else:
                yield self._piece(pieces[start], source, target, names)
                start += 1

    def judge(
        self, job: Job, answer: Answer, langs: tuple[Language, Language], floor: float | None
    ) -> Segment:
        """Return what may be shown of the machine's ``answer``.

        ``floor`` is the back-translation score below which it is refused, None if not calibrated.
        """
        masked, spans = job.masked.text, job.masked.spans
        said = restore_marks(answer.steps[-1], langs[1])
        findings = [
            *fidelity.check(masked, said, len(spans), langs),
            *self._missing_terms(masked, said, langs),
            *_back(masked, answer, floor),
            *_doubts(spans),
        ]
        if any(finding.fails for finding in findings):
            return self.without_target(job, langs, findings, Method.MACHINE)
        middle = answer.steps[0] if len(answer.steps) > 1 else None
        return Segment(
            source=job.piece.text,
            target=restore(said, spans, langs[1]),
            method=Method.MACHINE,
            middle=None if middle is None else restore(middle.strip(), spans, MIDDLE_SCRIPT),
            spans=spans,
            findings=tuple(findings),
            estimate=estimate(findings),
            back=restore(answer.back[-1].strip(), spans, langs[0]) if answer.back else None,
            after=job.piece.after,
        )

    def without_target(
        self,
        job: Job,
        langs: tuple[Language, Language],
        findings: Sequence[Finding],
        method: Method = Method.NONE,
    ) -> Segment:
        """Return the original with ``findings`` and a gloss of its terms."""
        found = self._terms.find(job.masked.text, langs[0])
        words = ((term, self._terms.exact(term, *langs)) for term in found)
        return Segment(
            source=job.piece.text,
            target=None,
            method=method,
            spans=job.masked.spans,
            findings=tuple(findings),
            estimate=Estimate.RED if method is Method.MACHINE else None,
            gloss=tuple((term, word) for term, word in words if word is not None),
            after=job.piece.after,
        )

    def _phrase(
        self, pieces: Sequence[Piece], source: Language, target: Language
    ) -> Segment | None:
        text = "".join(p.text + p.after for p in pieces[:-1]) + pieces[-1].text

        def resolve(value: str) -> str | None:
            return localise(value, source, target) or self._terms.exact(value, source, target)

        match = self._phrases.recognise(text, source, target, resolve)
        if match is None:
            return None
        spans = protect(text, source).spans
        return Segment(text, match.target, Method.PHRASE, spans=spans, after=pieces[-1].after)

    def _piece(
        self, piece: Piece, source: Language, target: Language, names: Sequence[DeclaredName]
    ) -> Segment | Job:
        masked = protect(piece.text, source, names)
        if not masked.is_bare and source is not target:
            return Job(piece, masked)
        said = restore(restore_marks(masked.text, target), masked.spans, target)
        return Segment(
            source=piece.text,
            target=piece.text if source is target else said,
            method=Method.CODE,
            spans=masked.spans,
            findings=tuple(_doubts(masked.spans)),
            after=piece.after,
        )

    def _missing_terms(
        self, masked: str, said: str, langs: tuple[Language, Language]
    ) -> Iterator[Finding]:
        for term, expected in self._terms.missing(masked, langs[0], said, langs[1]):
            yield Finding("fidelity.term_missing", f"{term}: {expected}")


def _back(masked: str, answer: Answer, floor: float | None) -> Iterator[Finding]:
    if not answer.back or floor is None:
        yield Finding("fidelity.back_unknown")
        return
    score = chrf(answer.back[-1], masked)
    if score < floor:
        yield Finding("fidelity.back_translation", f"{score:.0f} < {floor:.0f}")


def _doubts(spans: Sequence[Span]) -> Iterator[Finding]:
    for number, span in enumerate(spans, 1):
        if span.doubt:
            yield Finding(span.doubt, f"⟦{number}⟧")
