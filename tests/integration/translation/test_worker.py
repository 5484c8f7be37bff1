"""The worker process: alone, without network, forgetful, and never in the reader's way."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from config.load import load_catalogue
from translation.engine import WORKER, Engine, Limits, environment
from translation.languages import Language
from translation.models import InstalledModel, install
from translation.pipeline import Method, Segment
from translation.translator import Translator

VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH
SEED = load_catalogue()
SENTENCE = "Chị Lan không trình báo mất con."
THERE = "Lan没有报案称孩子丢失。"

TRY = """
import json, runpy, sys
worker = runpy.run_path(sys.argv[1])
worker["guard"]()
def refused(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
import os, socket, subprocess, urllib.request
print(json.dumps([refused(attempt) for attempt in (
    lambda: socket.socket(),
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.fork(),
)]))
"""


def codes(segment: Segment) -> list[str]:
    return [finding.code for finding in segment.findings]


def is_running(process_id: int) -> bool:
    return Path(f"/proc/{process_id}").exists()


def test_every_socket_and_every_other_program_is_refused_inside_the_worker() -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-c", TRY, str(WORKER)], check=True, capture_output=True, text=True
    ).stdout

    assert json.loads(answer) == [True] * 6


def test_a_worker_whose_guard_does_not_hold_does_not_start() -> None:
    program = "import runpy, sys; runpy.run_path(sys.argv[1])['check_guard']()"

    ended = subprocess.run(
        [sys.executable, "-I", "-c", program, str(WORKER)], check=False, capture_output=True
    )

    assert b"NetworkOpenError" in ended.stderr


def test_a_worker_prints_nothing_but_its_answers_and_writes_no_file(
    models: list[InstalledModel], tmp_path: Path
) -> None:
    opening = {
        "memory": Limits().memory_bytes,
        "models": {f"{m.leg[0]}-{m.leg[1]}": str(m.package) for m in models},
    }
    requests = [
        opening,
        {"id": 1, "text": SENTENCE, "legs": ["vi-en", "en-zh"]},
        {"id": 2, "text": "⟦13⟧ x " * 400, "legs": ["vi-en"]},
        {"id": 3, "text": SENTENCE, "legs": ["vi-xx"]},
    ]
    ended = subprocess.run(
        [sys.executable, "-I", "-B", str(WORKER)],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        env=environment(tmp_path, beam=1),
        input="".join(json.dumps(request) + "\n" for request in requests).encode(),
    )

    ready, first, second, third = (json.loads(line) for line in ended.stdout.splitlines())
    assert ready == {"ready": True}
    assert len(first["steps"]) == 2
    assert second == {"id": 2, "error": "RuntimeError"}
    assert third == {"id": 3, "error": "KeyError"}
    assert ended.stderr == b""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_no_torch_and_nothing_under_agpl_is_loaded(models: list[InstalledModel]) -> None:
    program = (
        "import json, runpy, sys; worker = runpy.run_path(sys.argv[1]); worker['guard'](); "
        "worker['put_empty_modules'](); worker['load']({'vi-en': sys.argv[2]}); "
        "print(json.dumps([n for n in sys.modules if n.split('.')[0] in "
        "('torch', 'stanza', 'spacy', 'minisbd') and getattr(sys.modules[n], '__file__', None)]))"
    )
    vi_en = next(model for model in models if model.leg == (VI, EN))

    answer = subprocess.run(
        [sys.executable, "-I", "-c", program, str(WORKER), str(vi_en.package)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert json.loads(answer) == []


def test_no_module_of_ours_puts_empty_modules_in_this_process() -> None:
    assert not {"stanza", "spacy", "minisbd", "argostranslate"} & sys.modules.keys()


async def test_a_killed_worker_gives_a_finding_and_the_next_sentence_another_worker(
    translator: Translator,
) -> None:
    await translator.translate(SENTENCE, VI, ZH)
    first = translator.engine.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)

    broken = await translator.translate("Chị Mai không trình báo mất con.", VI, ZH)
    whole = await translator.translate(SENTENCE + " ", VI, ZH)

    assert codes(broken.segments[0]) == ["engine.crashed"]
    assert broken.segments[0].target is None
    assert whole.segments[0].target == THERE
    assert translator.engine.process_id not in {first, None}


async def test_a_sentence_that_takes_too_long_gives_a_finding(
    models: list[InstalledModel],
) -> None:
    async with Translator(models, SEED, limits=Limits(sentence_seconds=0)) as translator:
        translation = await translator.translate(SENTENCE, VI, ZH)

    assert codes(translation.segments[0]) == ["engine.timed_out"]
    assert translation.segments[0].method is Method.NONE


async def test_a_worker_without_enough_memory_gives_a_finding(
    models: list[InstalledModel],
) -> None:
    async with Translator(models, SEED, limits=Limits(memory_bytes=60 << 20)) as translator:
        translation = await translator.translate(SENTENCE, VI, ZH)

    assert codes(translation.segments[0])[0] in {"engine.crashed", "engine.refused"}


async def test_a_cancelled_caller_ends_the_worker(models: list[InstalledModel]) -> None:
    async with Translator(models, SEED) as translator:
        await translator.translate(SENTENCE, VI, ZH)
        process_id = translator.engine.process_id
        text = "\n".join(f"Chị Lan không trình báo mất con {n}." for n in range(500))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await translator.translate(text, VI, ZH)

        assert process_id is not None
        assert not is_running(process_id)
        again = await translator.translate(SENTENCE + "\n", VI, ZH)
        assert again.segments[0].target == THERE


async def test_closing_kills_the_worker_and_nothing_starts_another(
    models: list[InstalledModel],
) -> None:
    translator = Translator(models, SEED)
    await translator.translate(SENTENCE, VI, ZH)
    process_id = translator.engine.process_id
    assert process_id is not None

    await translator.close()
    after = await translator.translate(SENTENCE, VI, ZH)

    assert not is_running(process_id)
    assert codes(after.segments[0]) == ["engine.closed"]
    assert translator.engine.process_id is None


async def test_a_translator_opened_again_translates(models: list[InstalledModel]) -> None:
    translator = Translator(models, SEED)
    await translator.close()

    await translator.start()
    translation = await translator.translate(SENTENCE, VI, ZH)
    await translator.close()

    assert translation.segments[0].target == THERE


async def test_a_worker_is_replaced_after_its_number_of_sentences(
    models: list[InstalledModel],
) -> None:
    engine = Engine(models, Limits(sentences=2))
    seen = []
    for _ in range(5):
        await engine.run("Gia đình bị đe dọa.", [(VI, EN)])
        seen.append(engine.process_id)
    await engine.close()

    assert len(set(seen)) == 3


async def test_a_text_translated_before_is_answered_from_memory(translator: Translator) -> None:
    first = await translator.translate(SENTENCE, VI, ZH)

    assert await translator.translate(SENTENCE, VI, ZH) is first
    await translator.start()
    assert await translator.translate(SENTENCE, VI, ZH) is not first


async def test_without_a_model_the_original_is_shown_with_what_to_do() -> None:
    async with Translator([], SEED) as translator:
        translation = await translator.translate(
            f"{SENTENCE} Trân trọng cảm ơn sự phối hợp của Quý cơ quan.", VI, ZH
        )

    machine, phrase = translation.segments
    assert (machine.source, machine.target, machine.method) == (SENTENCE, None, Method.NONE)
    assert codes(machine) == ["model.missing"]
    assert phrase.target == "感谢贵方的配合。"


async def test_a_model_altered_on_disk_is_not_used(
    models: list[InstalledModel], altered: Callable[[InstalledModel], InstalledModel]
) -> None:
    changed = [altered(models[0]), *models[1:]]
    async with Translator(changed, SEED) as translator:
        translation = await translator.translate(SENTENCE, *changed[0].leg)

    (segment,) = translation.segments
    assert codes(segment) == ["model.unusable"]
    assert segment.findings[0].detail == "model.altered"
    assert segment.source == SENTENCE


async def test_a_model_that_is_none_gives_a_finding(
    models: list[InstalledModel], tmp_path: Path
) -> None:
    """A listed file whose weights the engine cannot read: the worker ends, the original remains."""
    broken = replace_weights(models[0], tmp_path)
    async with Translator([broken], SEED) as translator:
        translation = await translator.translate(SENTENCE, *broken.leg)

    assert translation.segments[0].target is None
    assert codes(translation.segments[0])[0] in {"engine.crashed", "engine.refused"}


def replace_weights(model: InstalledModel, tmp_path: Path) -> InstalledModel:
    file = tmp_path / "broken.argosmodel"
    with (
        zipfile.ZipFile(model.folder / "package.argosmodel") as old,
        zipfile.ZipFile(file, "w") as new,
    ):
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member, b"?" * 99 if member.filename.endswith("model.bin") else content)
    listed = replace(model.listed, sha256=sha256(file.read_bytes()).hexdigest())
    return install(file, tmp_path / "models", [listed])


@pytest.fixture
def altered(tmp_path: Path) -> Callable[[InstalledModel], InstalledModel]:
    def alter(model: InstalledModel) -> InstalledModel:
        copy = replace(model, folder=tmp_path / model.folder.name)
        shutil.copytree(model.folder, copy.folder)
        weights = copy.package / "model" / "model.bin"
        weights.write_bytes(weights.read_bytes()[:-1] + b"\0\0")
        return copy

    return alter
