"""The process that runs the models: alone, without network, and forgetful.

Started by ``translation.engine`` with an empty environment, it reads one JSON object a line on
standard input and answers one a line on standard output. It imports nothing of ours. Before it
loads the engine it closes what a translation never needs: sockets and other programs (an audit hook
that cannot be taken off), files it could write to, dumps of its memory. It tries the hook itself
and does not start if a socket can be made. It never writes words of a text but into its answer.

argostranslate imports stanza, spacy and minisbd at its top; they are not installed (torch, 3 GB;
AGPL), so empty modules stand in their places, in this process only. Its package and index functions
are never called: each model is named by its folder.
"""

import json
import os
import resource
import socket
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, BinaryIO

LONGEST_LINE = 1 << 20
REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")


class NetworkOpenError(RuntimeError):
    """The guard does not hold, so nothing is translated."""


def guard() -> None:
    """Refuse every socket and every other program from here on, for good."""

    def refuse(event: str, _args: tuple[object, ...]) -> None:
        if event.startswith(REFUSED_EVENTS):
            raise PermissionError(f"refused in the translation worker: {event}")

    sys.addaudithook(refuse)


def check_guard() -> None:
    """Return if a socket is refused.

    Raises:
        NetworkOpenError: one could be made.
    """
    try:
        socket.socket().close()
    except PermissionError:
        return
    raise NetworkOpenError("expected every socket to be refused; one could be made")


def limit(memory: int) -> None:
    """Allow ``memory`` bytes of address space, no written files and no dump of the memory."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def forbid_files() -> None:
    """Let no file grow from here on (pipes are no files)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def put_empty_modules() -> None:
    """Put modules without content where argostranslate imports what is not installed."""
    for name in ("stanza", "spacy", "minisbd"):
        sys.modules[name] = ModuleType(name)
    minisbd: Any = sys.modules["minisbd"]
    minisbd.SBDetect = None
    minisbd.models = models = ModuleType("minisbd.models")
    models.list_models = lambda: ["vi", "zh-hans", "en"]  # type: ignore[attr-defined]


class OneSentence:
    """The sentencizer that the engine is given: the text was cut before it came here."""

    def split_sentences(self, text: str) -> list[str]:
        """Return the text as its only sentence."""
        return [text]


def load(models: Mapping[str, str]) -> dict[str, Any]:
    """Return a translation by its leg ("vi-en"); ``models`` gives the folder of each."""
    from pathlib import Path  # noqa: PLC0415 - the engine is loaded after the guard stands

    from argostranslate.package import Package  # noqa: PLC0415
    from argostranslate.translate import Language, PackageTranslation  # noqa: PLC0415

    loaded: dict[str, Any] = {}
    for leg, folder in models.items():
        package = Package(Path(folder))
        source, target = (Language(code, code) for code in leg.split("-"))
        # Not CachedTranslation, which keeps the last plain text.
        loaded[leg] = PackageTranslation(source, target, package)
        loaded[leg].sentencizer = OneSentence()
    return loaded


def answer(request: Mapping[str, Any], loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one request: the text after each leg, or the name of what went wrong."""
    text = request["text"]
    steps: list[str] = []
    try:
        for leg in request["legs"]:
            text = loaded[leg].hypotheses(text, 1)[0].value
            steps.append(text)
    except Exception as e:  # noqa: BLE001 - the one place: the name goes back, never the message
        return {"id": request["id"], "error": type(e).__name__}
    return {"id": request["id"], "steps": steps}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more; the first line says which models to load."""
    opening = json.loads(requests.readline(LONGEST_LINE))
    limit(opening["memory"])
    guard()
    check_guard()
    put_empty_modules()
    loaded = load(opening["models"])
    forbid_files()
    _write(answers, {"ready": True})
    while line := requests.readline(LONGEST_LINE):
        _write(answers, answer(json.loads(line), loaded))


def _write(answers: BinaryIO, value: Mapping[str, Any]) -> None:
    answers.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Serve on the standard streams; whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
