"""The one way in for the desk and the command line: text in, its view out, never an exception.

Whatever happens to a model or to the worker, the reader gets the original and a finding. Results
are kept in memory under the hash of the text, the pair and the models, and are gone with ``close``,
as is the worker: after the desk is locked nothing of a text is left in either.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import Self

from config.schema import CatalogueSeed
from translation.engine import Engine, Leg, Limits
from translation.errors import EngineError, ModelError, TranslationError
from translation.findings import Finding
from translation.languages import Language, legs
from translation.models import InstalledModel
from translation.names import DeclaredName
from translation.pipeline import Answer, Job, Pipeline, Segment

MOST_CACHED = 2_000
#: After as many failures of the worker in one text the rest of it is not tried.
MOST_FAILURES = 2


@dataclass(frozen=True, slots=True)
class Translation:
    """A text's view: its sentences in order, and the models that were at hand (SHA-256)."""

    source: Language
    target: Language
    segments: tuple[Segment, ...]
    models: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Say whether any sentence has no target to show."""
        return any(segment.failed for segment in self.segments)


_Key = tuple[bytes, Language, Language, tuple[str, ...]]


class Translator:
    """Translates texts with the models given; its worker starts when the first sentence needs it.

    With no model everything but the machine's layer works, and says so.
    """

    def __init__(
        self,
        models: Sequence[InstalledModel],
        seed: CatalogueSeed,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._models = {model.leg: model for model in models}
        self._pipeline = Pipeline(seed)
        self._limits = limits or Limits()
        self._engine = Engine(models, self._limits)
        self._cache: dict[_Key, Translation] = {}

    @property
    def models(self) -> tuple[InstalledModel, ...]:
        """Return the models in use."""
        return tuple(self._models.values())

    @property
    def engine(self) -> Engine:
        """Return the engine, whose worker a desk may look at."""
        return self._engine

    async def start(self) -> None:
        """Open again after ``close``, as when the desk is unlocked; the worker starts on demand."""
        await self.close()
        self._engine = Engine(self.models, self._limits)

    async def close(self) -> None:
        """Kill the worker and forget every text, as when the desk is locked."""
        self._cache.clear()
        await self._engine.close()

    async def __aenter__(self) -> Self:
        """Return the translator, open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def translate(
        self,
        text: str,
        source: Language,
        target: Language,
        *,
        names: Sequence[DeclaredName] = (),
    ) -> Translation:
        """Return the view of ``text`` in ``target``; ``names`` are those that its form declares."""
        ids = tuple(sorted(model.listed.sha256 for model in self.models))
        key = (sha256(repr((text, tuple(names))).encode()).digest(), source, target, ids)
        if key in self._cache:
            return self._cache[key]
        engine = self._engine
        segments = [s async for s in self.stream(text, source, target, names=names)]
        translation = Translation(source, target, tuple(segments), ids)
        codes = {finding.code for segment in segments for finding in segment.findings}
        lasting = not any(code.startswith(("engine.", "model.un")) for code in codes)
        if lasting and engine is self._engine and not engine.is_closed:
            if len(self._cache) >= MOST_CACHED:
                self._cache.clear()
            self._cache[key] = translation
        return translation

    async def stream(
        self,
        text: str,
        source: Language,
        target: Language,
        *,
        names: Sequence[DeclaredName] = (),
    ) -> AsyncIterator[Segment]:
        """Yield the sentences of ``text`` as they are done, for a screen that shows progress."""
        failures: list[TranslationError] = []
        for item in self._pipeline.plan(text, source, target, names):
            if isinstance(item, Segment):
                yield item
            elif len(failures) >= MOST_FAILURES:
                yield self._pipeline.without_target(item, (source, target), _told(failures[-1]))
            else:
                yield await self._machine(item, (source, target), failures)

    async def _machine(
        self, job: Job, langs: tuple[Language, Language], failures: list[TranslationError]
    ) -> Segment:
        there, back = legs(*langs), legs(langs[1], langs[0])
        missing = [f"{a}-{b}" for a, b in there if (a, b) not in self._models]
        if missing:
            finding = Finding("model.missing", " ".join(missing))
            return self._pipeline.without_target(job, langs, [finding])
        try:
            answer = await self._ask(job.masked.text, there, back)
        except (EngineError, ModelError) as e:
            if e.code != "engine.refused":
                failures.append(e)
            return self._pipeline.without_target(job, langs, _told(e))
        segment = self._pipeline.judge(job, answer, langs, self._floor(there))
        return self._with_notes(segment, there)

    async def _ask(self, text: str, there: Sequence[Leg], back: Sequence[Leg]) -> Answer:
        steps = await self._engine.run(text, there)
        if any(leg not in self._models for leg in back):
            return Answer(tuple(steps))
        return Answer(tuple(steps), tuple(await self._engine.run(steps[-1], back)))

    def _floor(self, there: Sequence[Leg]) -> float | None:
        floors = [self._models[leg].listed.chrf_floor for leg in there]
        known = [floor for floor in floors if floor is not None]
        return max(known) if len(known) == len(floors) else None

    def _with_notes(self, segment: Segment, there: Sequence[Leg]) -> Segment:
        if not any(self._models[leg].listed.demo for leg in there):
            return segment
        return segment.with_finding(Finding("model.demo"))


def _told(error: TranslationError) -> list[Finding]:
    """Return the finding for an error: the engine's own code, or that the model is unusable."""
    if isinstance(error, ModelError):
        return [Finding("model.unusable", error.code)]
    return [Finding(error.code)]
