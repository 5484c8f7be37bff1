"""One worker process: started when first needed, asked one sentence at a time, killed at once.

The worker runs from its own file in an isolated interpreter with an environment of ours and sees
nothing else of this process. A sentence that takes too long, a caller that no longer waits and
``close`` all end the same way: the process is killed, and its memory with it. The next sentence
starts another one. After 500 sentences it is replaced, so nothing gathers in it.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translation.errors import (
    EngineClosedError,
    EngineCrashedError,
    EngineRefusedError,
    EngineTimedOutError,
)
from translation.languages import Language
from translation.models import InstalledModel, verify

WORKER = Path(__file__).parent / "worker.py"
LONGEST_ANSWER = 1 << 20

Leg = tuple[Language, Language]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take: seconds a sentence and to start, bytes of memory, sentences."""

    sentence_seconds: float = 20.0
    start_seconds: float = 60.0
    memory_bytes: int = 3 << 30
    sentences: int = 500


class Engine:
    """The models of one translator, and the one worker that runs them."""

    def __init__(self, models: Sequence[InstalledModel], limits: Limits) -> None:
        self._models = {model.leg: model for model in models}
        self._limits = limits
        self._lock = asyncio.Lock()
        self._process: Process | None = None
        self._home: Path | None = None
        self._asked = 0
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """Return the id of the running worker; None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def is_closed(self) -> bool:
        """Say whether the engine was closed and starts no worker any more."""
        return self._closed

    async def run(self, text: str, legs: Sequence[Leg]) -> list[str]:
        """Return ``text`` after each of ``legs``.

        Raises:
            EngineError: crashed, timed out, refused this sentence, or closed.
            ModelAlteredError: a model is no longer what was installed.
        """
        async with self._lock:
            try:
                answer = await self._ask(text, legs)
            except BaseException as e:
                # Also when the caller was cancelled: the computation ends with the process.
                await self._stop()
                if self._closed and isinstance(e, EngineCrashedError):
                    raise EngineClosedError("closed while a sentence was translated") from e
                raise
        if "error" in answer:
            raise EngineRefusedError(f"the model failed with {answer['error']}")
        return [str(step) for step in answer["steps"]]

    async def close(self) -> None:
        """Kill the worker and start none again."""
        self._closed = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()  # also while a sentence holds the lock
        async with self._lock:
            await self._stop()

    async def _ask(self, text: str, legs: Sequence[Leg]) -> dict[str, Any]:
        if self._closed:
            raise EngineClosedError("expected an open engine; it was closed")
        if self._asked >= self._limits.sentences:
            await self._stop()
        if self._process is None:
            await self._start()
        self._asked += 1
        request = {"id": self._asked, "text": text, "legs": [_name(leg) for leg in legs]}
        answer = await self._exchange(request, self._limits.sentence_seconds)
        if answer.get("id") != self._asked:
            raise EngineCrashedError("expected the answer to the last sentence; found another")
        return answer

    async def _start(self) -> None:
        verified = [await asyncio.to_thread(verify, model) for model in self._models.values()]
        self._asked = 0
        try:
            self._home = Path(tempfile.mkdtemp(prefix="liaison-worker-"))
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-B", str(WORKER)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                cwd=self._home,
                env=environment(self._home, beam=max(model.listed.beam for model in verified)),
                limit=LONGEST_ANSWER,
            )
        except OSError as e:
            raise EngineCrashedError(f"no worker could be started: {type(e).__name__}") from e
        opening = {
            "memory": self._limits.memory_bytes,
            "models": {_name(model.leg): str(model.package.resolve()) for model in verified},
        }
        answer = await self._exchange(opening, self._limits.start_seconds)
        if answer.get("ready") is not True:
            raise EngineCrashedError("expected a worker that is ready; found another answer")

    async def _exchange(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EngineCrashedError("expected a running worker; there is none")
        try:
            async with asyncio.timeout(seconds):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
            answer = json.loads(line)
        except TimeoutError as e:
            raise EngineTimedOutError(f"no answer within {seconds:g} seconds") from e
        except (OSError, ValueError) as e:
            raise EngineCrashedError("the worker ended without an answer") from e
        if not isinstance(answer, dict):
            raise EngineCrashedError("expected an object as the worker's answer")
        return answer

    async def _stop(self) -> None:
        process, self._process = self._process, None
        home, self._home = self._home, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)


def environment(home: Path, *, beam: int) -> dict[str, str]:
    """Return the whole environment of a worker; argostranslate reads its settings from there."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("DATA", "CONFIG", "CACHE")},
        "ARGOS_PACKAGES_DIR": str(home / "packages"),  # empty: models are named by their folders
        "ARGOS_DEBUG": "0",  # 1 would print plain text
        "ARGOS_BATCH_SIZE": "1024",  # in tokens; the default of 32 takes three times as long
        "ARGOS_BEAM_SIZE": str(beam),
        "ARGOS_INTRA_THREADS": "1",
        "ARGOS_MODEL_PROVIDER": "OPENNMT",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _name(leg: Leg) -> str:
    return f"{leg[0]}-{leg[1]}"
