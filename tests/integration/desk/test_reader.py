"""Free texts beside their own translation: made on the reader's desk, never in the text's way."""

import os
import signal
from pathlib import Path

import pytest

from liaison.desk.client import DeskRefusedError
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.network import Network, View, start
from tests.support.releases import unlock, verify_request

#: Sentences that the demo models know by heart; the first names the person declared as P1.
KNOWN = "请贵方核实阮氏兰的身份、住址及近亲属，并告知其是否报案。"  # noqa: RUF001
UNKNOWN = "河边石头夜里忽然唱歌飞鸟向南借来一千把伞。"


async def sent(network: Network, text: str, lang: str = "zh") -> str:
    """Have Dongxing send a verification with this text; return its reference."""
    ref = await network.dongxing.request(
        MONGCAI, request=verify_request(), text={"lang": lang, "text": text}
    )
    await network.holds(network.mongcai, ref, 1)
    return ref


async def text_of(network: Network, ref: str, **query: str) -> View:
    """Return the request's own text as Móng Cái shows it in Vietnamese."""
    query = {"lang": "vi", "translate": "1"} | query
    view = await network.mongcai.client.get(f"/api/cases/{ref}", **query)
    [field] = [field for field in view["steps"][0]["fields"] if field["path"] == "text"]
    assert isinstance(field, dict)
    return field


def worker_of(network: Network) -> int | None:
    """Return the process id of Móng Cái's translation worker."""
    return network.mongcai.agent.reader.translator.engine.process_id


def is_running(process_id: int) -> bool:
    """Say whether there is such a process."""
    return Path(f"/proc/{process_id}").exists()


def codes(field: View) -> list[str]:
    """Return the codes of what is said of a translation."""
    found: list[str] = field["translation"]["findings"]
    return found


async def test_a_chinese_text_is_read_in_vietnamese_beside_its_original(network: Network) -> None:
    ref = await sent(network, KNOWN)

    field = await text_of(network, ref)

    assert (field["value"], field["original"], field["free_text"]) == (KNOWN, "zh", True)
    translation = field["translation"]
    assert translation["method"] == "machine"
    assert translation["findings"] == ["model.demo"]
    assert translation["text"] == translation["segments"][0]["target"]
    assert translation["segments"][0]["source"] == KNOWN
    assert translation["segments"][0]["middle"]
    [finding] = translation["segments"][0]["findings"]
    assert finding["says"] != finding["next"]


async def test_a_name_that_the_form_declares_is_written_as_it_declares_it(
    network: Network,
) -> None:
    ref = await sent(network, KNOWN)

    translation = (await text_of(network, ref))["translation"]

    assert "阮氏兰 (Nguyễn Thị Lan)" in translation["text"]


async def test_nothing_is_translated_unless_it_is_asked_for(network: Network) -> None:
    ref = await sent(network, KNOWN)

    assert (await text_of(network, ref, translate="0"))["translation"] is None
    assert worker_of(network) is None


async def test_a_text_in_the_readers_own_language_has_no_translation(network: Network) -> None:
    ref = await sent(network, KNOWN)

    field = await text_of(network, ref, lang="zh")

    assert (field["value"], field["translation"]) == (KNOWN, None)
    assert worker_of(network) is None


async def test_codes_and_names_have_no_translation(network: Network) -> None:
    ref = await sent(network, KNOWN)

    view = await network.mongcai.client.get(f"/api/cases/{ref}", lang="vi", translate="1")
    fields = view["steps"][0]["fields"]

    assert {field["translation"] for field in fields if not field["free_text"]} == {None}


async def test_what_the_gate_refuses_has_no_text_but_its_reasons_and_a_gloss(
    network: Network,
) -> None:
    ref = await sent(network, "解救受害人" + UNKNOWN)

    field = await text_of(network, ref)

    assert field["value"] == "解救受害人" + UNKNOWN
    assert field["translation"]["text"] is None
    [segment] = field["translation"]["segments"]
    assert segment["target"] is None
    assert {"fails"} <= {finding["severity"] for finding in segment["findings"]}
    assert segment["gloss"]


async def test_one_refused_sentence_leaves_the_others_to_be_read(network: Network) -> None:
    ref = await sent(network, KNOWN + UNKNOWN)

    translation = (await text_of(network, ref))["translation"]

    targets = [segment["target"] for segment in translation["segments"]]
    assert translation["text"] is None
    assert targets[0] is not None
    assert targets[1] is None


@pytest.mark.parametrize("harm", ["bytes", "a link", "one file more"])
async def test_a_damaged_model_gives_originals_with_a_finding_and_messages_flow(
    parts: Network, harm: str, tmp_path: Path
) -> None:
    await start(parts, MONGCAI, DONGXING)
    for model in (parts.mongcai.state / "models").iterdir():
        file = model / "unpacked" / "model" / "model.bin"
        if harm == "bytes":
            file.write_bytes(b"no model")
        elif harm == "a link":
            (tmp_path / model.name).write_bytes(file.read_bytes())
            file.unlink()
            file.symlink_to(tmp_path / model.name)
        else:
            (model / "unpacked" / "evil.py").write_text("raise SystemExit\n", encoding="utf-8")

    ref = await sent(parts, KNOWN)
    field = await text_of(parts, ref)

    assert field["value"] == KNOWN
    assert field["translation"]["text"] is None
    assert "model.unusable" in codes(field)
    await parts.mongcai.act(ref, "acknowledge")
    await parts.holds(parts.dongxing, ref, 2)


async def test_a_desk_starts_beside_models_that_were_damaged_before(parts: Network) -> None:
    models = parts.mongcai.state / "models"
    for package in models.glob("*/package.argosmodel"):
        package.write_bytes(b"PK no archive")
    await start(parts, MONGCAI, DONGXING)

    ref = await sent(parts, KNOWN)
    field = await text_of(parts, ref)

    assert field["value"] == KNOWN
    assert field["translation"]["text"] is None
    assert codes(field) == ["model.missing"]


async def test_a_worker_that_dies_leaves_the_original_and_a_finding(network: Network) -> None:
    ref = await sent(network, KNOWN)
    await text_of(network, ref)
    other = await sent(network, "请核实。" + KNOWN)
    process_id = worker_of(network)
    assert process_id is not None

    os.kill(process_id, signal.SIGKILL)
    broken = await text_of(network, other)
    again = await text_of(network, other)

    assert broken["value"] == "请核实。" + KNOWN
    assert "engine.crashed" in codes(broken)
    assert "engine.crashed" not in codes(again)
    assert worker_of(network) not in {None, process_id}


async def test_a_locked_desk_has_no_worker_and_gives_nothing_to_read(network: Network) -> None:
    ref = await sent(network, KNOWN)
    before = await text_of(network, ref)
    process_id = worker_of(network)
    assert process_id is not None

    await network.mongcai.client.post("/api/lock")

    assert not is_running(process_id)
    assert worker_of(network) is None
    with pytest.raises(DeskRefusedError) as refused:
        await text_of(network, ref)
    assert refused.value.code == "desk.locked"
    await unlock(network, network.mongcai, "MC-04")
    assert await text_of(network, ref) == before
    assert worker_of(network) not in {None, process_id}


async def test_a_desk_that_ends_leaves_no_worker(network: Network) -> None:
    ref = await sent(network, KNOWN)
    await text_of(network, ref)
    process_id = worker_of(network)
    assert process_id is not None

    await network.mongcai.stop()

    assert not is_running(process_id)
