"""Files between two desks over a real broker: both ways, over cut lines, and against ill will."""

import asyncio
import io
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from crypto.attest.blob import CHUNK, CHUNK_ADDS
from liaison.desk.client import ADDRESS, DeskRefusedError
from liaison.desk.files.cabinet import FOLDER
from liaison.desk.store.files import keep_files
from tests.support.carried import carry_case_out, carry_in
from tests.support.command import Outcome, environment, liaison
from tests.support.files import PDF, View, add, attach, files_at, have_come, photograph, read
from tests.support.installations import admit_each_other, enrol_installation
from tests.support.interposed import interpose
from tests.support.network import Desk, Network, until
from tests.support.restored import backed_up, papers, restored

#: Of several chunks, and not a whole number of them.
LONG_PDF = PDF + bytes(range(256)) * 1_000
SEALED_CHUNK = CHUNK + CHUNK_ADDS


async def test_a_picture_and_a_pdf_come_both_ways(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)

    there = await attach(
        network.mongcai, ref, ("ảnh.jpg", photograph()), ("hộ chiếu.pdf", PDF), text="Ảnh của P1."
    )
    came = await have_come(network.dongxing, ref, 2)
    back = await attach(
        network.dongxing, ref, ("照片.png", photograph("PNG")), ("回执.pdf", LONG_PDF)
    )
    came_back = await have_come(network.mongcai, ref, 2)

    assert [(f["name"], f["type"]) for f in came] == [
        ("ảnh.jpg", "image/jpeg"),
        ("hộ chiếu.pdf", "application/pdf"),
    ]
    assert await read(network.dongxing, ref, there[1]["blob"]) == PDF
    assert await read(network.mongcai, ref, back[1]["blob"]) == LONG_PDF
    shown = [await read(network.mongcai, ref, file["blob"]) for file in came_back[:3]]
    assert shown[0] == await read(network.dongxing, ref, there[0]["blob"])


async def test_a_photograph_leaves_turned_upright_and_without_a_word_of_where_it_was_taken(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)

    await attach(network.mongcai, ref, ("a.jpg", photograph()))
    (file,) = await have_come(network.dongxing, ref, 1)
    whole = await read(network.dongxing, ref, file["blob"])

    with Image.open(io.BytesIO(whole)) as picture:
        assert picture.size == (40, 60)
        assert dict(picture.getexif()) == {}
    assert b"Exif" not in whole
    assert b"Telephone" not in whole


async def test_the_words_go_first_and_the_files_in_a_note_of_their_own(network: Network) -> None:
    ref = await network.mongcai.request()

    await attach(network.mongcai, ref, ("a.pdf", PDF))
    await have_come(network.dongxing, ref, 1)
    steps = await network.dongxing.steps(ref)

    assert [(step["act"], len(step["files"])) for step in steps] == [("request", 0), ("note", 1)]
    assert "现将下列文件补充至本案" in str((await network.dongxing.case(ref, "zh"))["steps"][1])


async def test_a_desk_without_its_line_sends_the_words_and_keeps_the_files_for_later(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    await attach(network.mongcai, ref, ("a.pdf", PDF))
    waiting = (await network.mongcai.case(ref))["parcels"]
    await network.broker.start()
    await have_come(network.dongxing, ref, 1)

    assert [file["state"] for file in waiting[0]["files"]] == ["queued"]
    assert (await network.mongcai.case(ref))["parcels"] == []


async def test_a_file_that_is_on_its_way_goes_on_after_the_desk_was_ended(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    between = await interpose(network, network.mongcai)
    await network.mongcai.stop()
    between.cuts = [2 * SEALED_CHUNK] * 50
    await network.mongcai.start()

    (added,) = await attach(network.mongcai, ref, ("a.pdf", LONG_PDF))
    await until(lambda: _has_begun(between.begun), "the file is on its way")
    await network.mongcai.stop()
    between.cuts = []
    await network.mongcai.start()
    await have_come(network.dongxing, ref, 1)

    assert await read(network.dongxing, ref, added["blob"]) == LONG_PDF


async def _has_begun(begun: list[tuple[str, int]]) -> bool:
    return bool(begun)


async def test_a_file_goes_on_where_the_line_was_cut_both_ways(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    here, there = [await interpose(network, d) for d in (network.mongcai, network.dongxing)]
    for desk in (network.mongcai, network.dongxing):
        await desk.stop()
        await desk.start()
    here.cuts, there.cuts = [100_000, 50_000], [100_000, 50_000]

    (added,) = await attach(network.mongcai, ref, ("a.pdf", LONG_PDF))
    await have_come(network.dongxing, ref, 1)

    assert await read(network.dongxing, ref, added["blob"]) == LONG_PDF
    assert (here.cuts, there.cuts) == ([], [])
    assert [begin for _, begin in there.begun[1:]] == [100_000, 150_000]


def _cut(blob: bytes) -> bytes:
    return blob[:-1]


def _swap(blob: bytes) -> bytes:
    return blob[SEALED_CHUNK : 2 * SEALED_CHUNK] + blob[:SEALED_CHUNK] + blob[2 * SEALED_CHUNK :]


def _alter(blob: bytes) -> bytes:
    return bytes([blob[0] ^ 1]) + blob[1:]


def _lengthen(blob: bytes) -> bytes:
    return blob + b"\0"


@pytest.mark.parametrize(
    "spoil, code",
    [
        (_cut, "attachment.truncated"),
        (_swap, "attachment.chunk"),
        (_alter, "attachment.chunk"),
        (_lengthen, "attachment.extended"),
    ],
    ids=["truncates", "reorders", "alters", "lengthens"],
)
async def test_a_broker_that_spoils_a_file_is_seen_and_the_message_stays_readable(
    network: Network, spoil: Callable[[bytes], bytes], code: str
) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    between = await interpose(network, network.dongxing)
    await network.dongxing.stop()
    between.blob = spoil
    await network.dongxing.start()

    (added,) = await attach(network.mongcai, ref, ("a.pdf", LONG_PDF), text="Xin xem tệp.")
    (file,) = await have_come(network.dongxing, ref, 1, "refused")
    with pytest.raises(DeskRefusedError) as refused:
        await read(network.dongxing, ref, added["blob"])
    steps = await network.dongxing.steps(ref)
    between.blob = bytes
    await network.dongxing.client.post(f"/api/cases/{ref}/files/{added['blob']}/again")
    await have_come(network.dongxing, ref, 1)

    assert (file["code"], file["ready"]) == (code, False)
    assert refused.value.code == "file.not_here"
    assert "Xin xem tệp." in str(steps[1]["fields"])
    assert await read(network.dongxing, ref, added["blob"]) == LONG_PDF


@pytest.mark.parametrize(
    "name, whole, code",
    [
        ("a.exe", b"MZ" + bytes(200), "file.kind"),
        ("a.pdf", b"MZ" + bytes(200), "file.kind"),
        ("a.html", b"<!DOCTYPE html><script>alert(1)</script>", "file.kind"),
        ("a.txt", b"hello <script>alert(1)</script>", "file.active"),
        ("a.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "file.kind"),
        ("a.sh", b"#!/bin/sh\necho\n", "file.active"),
        ("a.docm", b"PK\3\4" + bytes(100), "file.kind"),
        ("a.jpg", PDF, "file.name"),
        ("a", PDF, "file.name"),
        ("a.pdf", PDF + b"<< /S /JavaScript >>", "file.active"),
        ("a.jpg", photograph()[:200], "file.picture"),
        ("a.pdf", b"", "attachment.empty"),
    ],
    ids=[
        "a program",
        "a program called PDF",
        "a page",
        "a script in a text",
        "a drawing with scripts",
        "a shell script",
        "a document with macros",
        "a PDF called a picture",
        "a PDF without an ending",
        "a PDF that runs",
        "half a picture",
        "nothing",
    ],
)
async def test_what_may_not_travel_is_refused_and_nothing_is_kept(
    network: Network, name: str, whole: bytes, code: str
) -> None:
    ref = await network.mongcai.request()

    with pytest.raises(DeskRefusedError) as refused:
        await add(network.mongcai, ref, name, whole)

    assert refused.value.code == code
    assert list((network.mongcai.state / FOLDER).iterdir()) == []


async def test_a_bomb_of_a_picture_is_refused_unread(network: Network) -> None:
    bomb = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(bomb, "PNG")
    ref = await network.mongcai.request()

    with pytest.raises(DeskRefusedError) as refused:
        await add(network.mongcai, ref, "a.png", bomb.getvalue())

    assert len(bomb.getvalue()) < 100_000
    assert refused.value.code == "file.picture"


async def test_no_word_of_a_file_lies_on_the_disk_in_clear(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.settle()

    await attach(network.mongcai, ref, ("hộ chiếu.pdf", PDF))
    await have_come(network.dongxing, ref, 1)
    await network.settle()

    for state in (network.mongcai.state, network.dongxing.state, network.state / "broker"):
        for path in (path for path in state.rglob("*") if path.is_file()):
            assert "hộ chiếu".encode() not in path.read_bytes()
            assert b"passport of P1" not in path.read_bytes()
            assert "chiếu" not in path.name


async def test_a_second_case_that_names_a_file_has_it_at_once_and_a_lie_about_it_harms_nobody(
    network: Network,
) -> None:
    agent, refs = network.dongxing.agent, [await network.mongcai.request() for _ in range(3)]
    for ref in refs:
        await network.holds(network.dongxing, ref, 1)
    threads = {ref: thread for thread, ref in await agent.store.threads()}
    (added,) = await attach(network.mongcai, refs[0], ("a.pdf", PDF))
    await have_come(network.dongxing, refs[0], 1)
    (file,) = await agent.store.files_of(threads[refs[0]])
    lie = replace(file.attachment, key=bytes(32))

    await agent.store.run(lambda db: keep_files(db, threads[refs[1]], [file.attachment], None))
    await agent.store.run(lambda db: keep_files(db, threads[refs[2]], [lie], None))
    agent.file_carrier.wake()

    async def states() -> list[str]:
        return [str((await agent.store.files_of(threads[ref]))[0].state) for ref in refs]

    await until(lambda: _is(states, ["here", "here", "refused"]), "each file has come or not")
    assert await read(network.dongxing, refs[0], added["blob"]) == PDF


async def _is(found: Callable[[], Awaitable[object]], expected: object) -> bool:
    return await found() == expected


async def test_the_broker_keeps_no_file_that_all_have(network: Network) -> None:
    ref, _ = await brought_and_gone(network)

    assert len(await files_at(network.dongxing, ref)) == 1


async def brought_and_gone(network: Network) -> tuple[str, View]:
    """Return a case, and a file of it that both desks have and the broker has no more."""
    ref = await network.mongcai.request()
    (added,) = await attach(network.mongcai, ref, ("a.pdf", LONG_PDF))
    await have_come(network.dongxing, ref, 1)

    async def is_gone() -> bool:
        folder = network.state / "broker" / "blobs"
        return not [path for path in folder.rglob("*") if path.is_file()]

    await until(is_gone, "the broker keeps nothing")
    return ref, added


async def test_a_computer_that_joins_later_is_told_of_files_that_are_gone_and_takes_them_by_hand(
    network: Network, tmp_path: Path
) -> None:
    ref, added = await brought_and_gone(network)
    later = await enrol_installation(network, network.dongxing, officer="DX-06")
    await later.start()
    await network.settle()
    await admit_each_other(network.dongxing, later)

    await have_come(later, ref, 1, "refused")
    (told,) = await files_at(later, ref)
    written = await carry_case_out(network.dongxing, tmp_path, ref)
    taken = await carry_in(later, tmp_path)
    await have_come(later, ref, 1)

    assert told["code"] == "blob.none"
    assert written == [f"{added['blob']}.liaison"]
    assert [one["outcome"] for one in taken] == ["taken"]
    assert await read(later, ref, added["blob"]) == LONG_PDF
    with pytest.raises(DeskRefusedError) as refused:
        await carry_case_out(network.dongxing, tmp_path, "GX-DX-2026-0999")
    assert refused.value.code == "casework.unknown_case"


async def test_a_restored_desk_takes_the_files_that_were_copied_beside_its_backup(
    network: Network, tmp_path: Path
) -> None:
    desk, seed = network.mongcai, await papers_of(network)
    ref, added = await brought_and_gone(network)
    backup = await backed_up(desk, tmp_path / "night.backup")
    shutil.copytree(desk.state / FOLDER, tmp_path / FOLDER)
    await desk.stop()

    again, _ = await restored(network, desk, backup, seed)
    shutil.copytree(tmp_path / FOLDER, again.state / FOLDER)
    await again.start()
    await have_come(again, ref, 1)

    assert await read(again, ref, added["blob"]) == LONG_PDF


async def papers_of(network: Network) -> bytes:
    """Make the papers of Móng Cái's backups while the desk does not run; return what they give."""
    await network.mongcai.stop()
    seed = await papers(network, network.mongcai)
    await network.mongcai.start()
    return seed


async def test_files_wait_for_their_officer_when_the_desk_was_locked_meanwhile(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    await network.broker.stop()
    await attach(network.mongcai, ref, ("a.pdf", PDF))
    ((thread, _),) = await network.mongcai.agent.store.threads()
    await network.mongcai.client.post("/api/lock")

    await network.broker.start()
    await network.line_is(network.mongcai, "up")

    async def is_up() -> bool:
        return [str(f.state) for f in await network.mongcai.agent.store.files_of(thread)] == ["up"]

    await until(is_up, "the file is at the broker")
    before = len(await network.dongxing.steps(ref))
    network.mongcai.agent.officers.admit(network.mongcai.keys)
    network.mongcai.agent.file_carrier.wake()
    await have_come(network.dongxing, ref, 1)

    assert before == 1


async def test_files_are_attached_and_saved_on_the_command_line(
    network: Network, tmp_path: Path
) -> None:
    desk = network.mongcai
    file, session = tmp_path / "hộ chiếu.pdf", tmp_path / "session"
    file.write_bytes(LONG_PDF)
    session.write_text(desk.agent.officers.begin(desk.officer), encoding="ascii")
    ref = await desk.request()
    signed = ("--officer", desk.officer, "--session", str(session))

    attached = await typed(desk, "attach", ref, str(file), "--text", "Hộ chiếu của P1.", *signed)
    noted = await typed(desk, "act", ref, "withdraw", "--attach", str(file), *signed)
    (first, second) = await have_come(network.dongxing, ref, 2)
    shown = await typed(network.dongxing, "show", ref)
    saved = await typed(
        network.dongxing, "save", ref, first["blob"][:12], "--to", str(tmp_path / "s.pdf")
    )
    twice = await typed(
        network.dongxing, "save", ref, first["blob"], "--to", str(tmp_path / "s.pdf")
    )
    carried = await typed(network.dongxing, "carry-out", str(tmp_path), "--case", ref)
    none = await typed(
        network.dongxing, "save", ref, "ffffffffffff", "--to", str(tmp_path / "t.pdf")
    )

    assert attached.code == noted.code == saved.code == 0, attached.err + noted.err + saved.err
    assert first["blob"][:16] in attached.out
    assert (carried.code, carried.out.count(".liaison")) == (0, 2)
    assert (tmp_path / f"{first['blob']}.liaison").exists()
    assert "hộ chiếu.pdf" in shown.out
    assert (tmp_path / "s.pdf").read_bytes() == LONG_PDF
    assert (tmp_path / "s.pdf").stat().st_mode & 0o777 == 0o600
    assert (twice.code, "system.refused" in twice.err) == (2, True)
    assert (none.code, "cli.file" in none.err) == (2, True)
    assert not (tmp_path / "t.pdf").exists()
    assert second["name"] == "hộ chiếu.pdf"


async def test_a_step_with_a_file_that_may_not_travel_is_taken_and_says_what_is_wrong(
    network: Network, tmp_path: Path
) -> None:
    desk, file, session = network.mongcai, tmp_path / "a.exe", tmp_path / "session"
    file.write_bytes(b"MZ" + bytes(99))
    session.write_text(desk.agent.officers.begin(desk.officer), encoding="ascii")
    ref = await desk.request()

    told = await typed(
        desk,
        "act",
        ref,
        "withdraw",
        "--attach",
        str(file),
        "--officer",
        desk.officer,
        "--session",
        str(session),
    )
    steps = await desk.steps(ref)

    assert (told.code, "file.kind" in told.err) == (2, True)
    assert [step["act"] for step in steps] == ["request", "withdraw"]


async def typed(desk: Desk, *words: str) -> Outcome:
    """Return what a command of `liaison desk` at a running desk comes to."""
    (desk.state / ADDRESS).write_text(desk.url + "\n", encoding="utf-8")
    folder = ("--state", str(desk.state))
    env = environment(COLUMNS="200")
    return await asyncio.to_thread(liaison, "desk", *words, *folder, env=env)


async def test_a_file_that_the_broker_has_lost_is_brought_again_before_its_note_goes(
    network: Network,
) -> None:
    desk, ref = network.mongcai, await network.mongcai.request()
    await network.settle()
    ((thread, _),) = await desk.agent.store.threads()
    await attach_without_a_note(desk, ref)

    async def is_up() -> bool:
        return [str(file.state) for file in await desk.agent.store.files_of(thread)] == ["up"]

    await until(is_up, "the file is at the broker")
    await network.broker.stop()
    for path in (
        path for path in (network.state / "broker" / "blobs").rglob("*") if path.is_file()
    ):
        path.unlink()
    await network.broker.start()
    await network.line_is(desk, "up")
    desk.agent.officers.admit(desk.keys)
    desk.agent.file_carrier.wake()
    (file,) = await have_come(network.dongxing, ref, 1)

    assert await read(network.dongxing, ref, file["blob"]) == PDF


async def attach_without_a_note(desk: Desk, ref: str) -> None:
    """Attach a file at a desk that is locked before its file has gone."""
    added = await add(desk, ref, "a.pdf", PDF)
    await desk.agent.filing.send(desk.officer, ref, [bytes.fromhex(added["blob"])], lang="vi")
    desk.agent.officers.lock()
