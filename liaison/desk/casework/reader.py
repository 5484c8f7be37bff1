"""What a reader sees beside an original: this desk's own translation, made by its one worker.

The original is the message; a translation is a view of it. Free texts of the other language are
given to the worker on this computer, the names that the form declares are protected, and what its
gate refuses has no target to show. Nothing here ever stands in the way of the original, and when
the desk is locked the worker and what it knew are gone.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.schema import ErrorText
from liaison.desk.news import News
from liaison.runtime.tasks import Tasks
from protocols.casework.codes import Language, NameForm
from protocols.casework.person import Person
from translation.languages import Language as Tongue
from translation.names import DeclaredName
from translation.pipeline import Method, Segment
from translation.translator import Translation, Translator

View = dict[str, Any]

#: Seconds that a page waits for translations before it is shown without them.
A_MOMENT = 0.8
#: From the surest way of making a target to none; a text is as sure as its weakest sentence.
SUREST_FIRST = (Method.CODE, Method.PHRASE, Method.MACHINE, Method.NONE)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one desk's cases in the officer's language."""

    translator: Translator
    findings: dict[str, ErrorText]
    tasks: Tasks
    news: News

    async def forget(self) -> None:
        """Forget every text: the worker ends, and begins anew when a text needs it."""
        await self.translator.start()

    async def translate_soon(self, view: View, persons: Sequence[Person], lang: Language) -> View:
        """Return ``view`` with what is translated within a moment; the rest follows as news.

        A slow model never holds up the original.

        Args:
            view: holds ``steps``, each with its ``fields``.
            persons: whose names stand in the texts and are protected.
            lang: the reader's.
        """
        work = self.tasks.start(self._translate_and_tell(view, persons, lang), name="translation")
        await asyncio.wait({work}, timeout=A_MOMENT)
        return view

    async def _translate_and_tell(
        self, view: View, persons: Sequence[Person], lang: Language
    ) -> None:
        began = time.monotonic()
        await self.translate_case(view, persons, lang)
        if time.monotonic() - began > A_MOMENT:
            self.news.tell()

    async def translate_case(self, view: View, persons: Sequence[Person], lang: Language) -> View:
        """Return ``view`` with a ``translation`` at each free text that is in another language."""
        names = [_declared(person) for person in persons if person.names]
        for field in _free_texts(view):
            if field["original"] != lang:
                translation = await self.translator.translate(
                    field["value"], Tongue(field["original"]), Tongue(lang), names=names
                )
                field["translation"] = self._view(translation, lang)
        return view

    def _view(self, translation: Translation, lang: Language) -> View:
        segments = [segment for segment in translation.segments if segment.source]
        methods = {segment.method for segment in segments}
        weakest = next((m for m in reversed(SUREST_FIRST) if m in methods), Method.NONE)
        return {
            "method": str(weakest),
            "text": _joined(translation),
            "findings": sorted({f.code for segment in segments for f in segment.findings}),
            "segments": [self._segment(segment, lang) for segment in segments],
        }

    def _segment(self, segment: Segment, lang: Language) -> View:
        return {
            "source": segment.source,
            "target": segment.target,
            "method": str(segment.method),
            "middle": segment.middle,
            "estimate": None if segment.estimate is None else str(segment.estimate),
            "gloss": [list(pair) for pair in segment.gloss],
            "findings": [
                {
                    "code": finding.code,
                    "severity": str(finding.severity),
                    "says": self.findings[finding.code].what.of(lang),
                    "next": self.findings[finding.code].next.of(lang),
                }
                for finding in segment.findings
            ],
        }


def _joined(translation: Translation) -> str | None:
    """Return the whole target, or None when a sentence of it may not be shown."""
    if translation.failed:
        return None
    return "".join(f"{s.target}{s.after}" for s in translation.segments)


def _free_texts(view: View) -> Iterator[View]:
    for step in view["steps"]:
        yield from (field for field in step["fields"] if field["free_text"])


def _declared(person: Person) -> DeclaredName:
    written = {name.form: name.value for name in person.names}
    return DeclaredName(
        vi=written.get(NameForm.VIETNAMESE, ""), zh=written.get(NameForm.CHINESE, "")
    )
