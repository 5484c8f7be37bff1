"""One message is shown to somebody who is no party: with its proof, and with nothing else."""

import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crypto.attest import labels
from crypto.attest.checkpoint import cosign
from crypto.attest.directory import Directory
from crypto.attest.encoding import decode
from crypto.attest.header import parse_envelope
from crypto.attest.note import parse_note
from crypto.attest.signing import SigningKey, open_signed, pack_signed
from crypto.attest.statement import What, parse_entry, sign_entry
from crypto.seal.content import Kind
from crypto.seal.disclosure import Disclosure, DisclosureError, parse_disclosure
from crypto.seal.envelope import WrapError, open_disclosed
from liaison.desk.client import DeskRefusedError
from liaison.desk.disclosure import check
from liaison.desk.disclosure.check import FalseDisclosureError, Shown, verify_disclosure
from liaison.desk.disclosure.evidence import entries_for
from liaison.desk.disclosure.report import as_lines
from liaison.runtime.seeds import load_key
from protocols.casework.codes import Language
from protocols.wire.receipt import Took, parse_took
from tests.support.agencies import MONGCAI, QUANGNINH
from tests.support.chance import Chance
from tests.support.network import AT, GUANGXI, Desk, Network, start
from tests.support.releases import grant, request_dna
from tests.support.requirements import REPOSITORY
from tests.vectors.disclosure_verifier import FalseError, verified

ALONE = REPOSITORY / "tests/vectors/disclosure_verifier.py"
APPROVER = "GX-01"


@dataclass(frozen=True)
class Disclosed:
    """What the approver in Guangxi has disclosed of a case, and all that is needed to check it."""

    network: Network
    desk: Desk
    ref: str
    mid: bytes
    raw: bytes

    @property
    def pins(self) -> list[str]:
        """Return the fingerprints that two people typed."""
        return list(self.network.founded.pins)

    @property
    def file(self) -> Disclosure:
        """Return what lies in the file."""
        return parse_disclosure(self.raw)

    def shown(self) -> Shown:
        """Return what the product finds in it."""
        return verify_disclosure(self.raw, self.pins)

    def alone(self) -> dict[str, Any]:
        """Return what the verifier that shares no code with the product finds in it."""
        return verified(self.raw, self.pins)


async def disclose(desk: Desk, officer: str, mid: str, reason: str = "court_order") -> bytes:
    """Disclose a message and return the file."""
    answer = await desk.client.post("/api/disclosures", officer=officer, mid=mid, reason=reason)
    return b64decode(answer["file"])


@pytest.fixture
async def disclosed(parts: Network) -> Disclosed:
    """Return the disclosure of a request of Quảng Ninh that came to Guangxi."""
    await start(parts, QUANGNINH, GUANGXI)
    sender, desk = parts.desks[QUANGNINH], parts.desks[GUANGXI]
    ref = await sender.request(GUANGXI, phrases=["REQ-12"])
    await parts.holds(desk, ref, 1)
    await parts.settle()
    (step,) = await desk.steps(ref)
    raw = await disclose(desk, APPROVER, step["mid"])
    return Disclosed(parts, desk, ref, bytes.fromhex(step["mid"]), raw)


def holds(check: Callable[[bytes, list[str]], object], raw: bytes, pins: list[str]) -> bool:
    """Say whether a verifier finds that a file holds; only its own refusals count as a no."""
    try:
        check(raw, pins)
    except (DisclosureError, FalseDisclosureError):
        return False
    return True


def holds_alone(raw: bytes, pins: list[str]) -> bool:
    """Say whether the other verifier finds that a file holds."""
    try:
        verified(raw, pins)
    except (FalseError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return False
    return True


async def test_what_was_said_by_whom_and_when_is_shown_in_each_language(
    disclosed: Disclosed,
) -> None:
    shown = disclosed.shown()

    catalogue = disclosed.desk.agent.catalogue
    text = {lang: "\n".join(as_lines(shown, catalogue, lang)) for lang in Language}
    assert shown.opened.sealed.mid == disclosed.mid
    assert disclosed.ref in text[Language.ENGLISH]
    assert "officer QN-01" in text[Language.ENGLISH]
    assert "cán bộ QN-01" in text[Language.VIETNAMESE]
    assert "QN-01" in text[Language.CHINESE]
    assert "被关押；遭殴打；即将被转移" in text[Language.CHINESE]  # noqa: RUF001 - as it is written
    assert all("witness-cn-guangxi-police" in said for said in text.values())
    assert len(set(text.values())) == len(Language)


async def test_the_verifier_without_our_code_finds_the_same(disclosed: Disclosed) -> None:
    shown, alone = disclosed.shown(), disclosed.alone()

    assert alone["mid"] == shown.opened.sealed.mid.hex()
    assert (alone["from"], alone["by"], alone["to"]) == (QUANGNINH, "QN-01", [GUANGXI])
    assert (alone["taken"], alone["index"]) == (shown.took.at, shown.took.index)
    assert alone["form"] == shown.opened.content.form


async def test_it_runs_as_a_program_with_pynacl_alone(disclosed: Disclosed, tmp_path: Path) -> None:
    file, pins = tmp_path / "shown", tmp_path / "pins.txt"
    file.write_bytes(disclosed.raw)
    pins.write_text("\n".join(disclosed.pins) + "\n")
    bad = tmp_path / "bad"
    bad.write_bytes(disclosed.raw[:-1] + b"?")

    good, false = (
        subprocess.run(  # noqa: ASYNC221 - our own program
            [sys.executable, "-I", str(ALONE), str(one), str(pins)],
            capture_output=True,
            text=True,
            check=False,
        )
        for one in (file, bad)
    )

    assert (good.returncode, false.returncode) == (0, 1), good.stdout + good.stderr
    assert f"from: {QUANGNINH}" in good.stdout
    assert false.stdout.startswith("false: ")
    source = ALONE.read_text(encoding="utf-8")
    assert not {"crypto", "protocols", "liaison", "config"} & set(source_imports(source))


def source_imports(source: str) -> list[str]:
    """Return the packages that a program imports."""
    lines = [line.split() for line in source.splitlines() if line.startswith(("import ", "from "))]
    return [words[1].partition(".")[0] for words in lines]


async def test_two_thousand_files_with_one_byte_changed_are_refused_by_both(
    disclosed: Disclosed,
) -> None:
    check_changed(disclosed, Chance(1), 2_000)


@pytest.mark.soak
async def test_a_file_with_any_byte_changed_is_refused_by_both(disclosed: Disclosed) -> None:
    check_changed(disclosed, Chance(2), None)


def check_changed(disclosed: Disclosed, chance: Chance, count: int | None) -> None:
    """Check that ``count`` files that differ in one byte do not hold, or one for each byte."""
    raw, pins = disclosed.raw, disclosed.pins
    every = range(len(raw)) if count is None else (chance.below(len(raw)) for _ in range(count))
    assert holds(verify_disclosure, raw, pins)
    assert holds_alone(raw, pins)

    for place in every:
        bad = raw[:place] + bytes([raw[place] ^ (1 + chance.below(255))]) + raw[place + 1 :]
        assert not holds(verify_disclosure, bad, pins), place
        assert not holds_alone(bad, pins), place


async def test_nothing_else_is_shown(disclosed: Disclosed) -> None:
    file, desk = disclosed.file, disclosed.desk
    assert decode(disclosed.raw, limit=len(disclosed.raw)) == [
        1,
        file.envelope,
        file.content_key,
        list(file.entries),
        file.took,
        file.leaf,
        list(file.proof),
        file.checkpoint,
    ]
    kinds = [parse_entry(entry).statement.what for entry in file.entries]
    held = await desk.agent.store.own_windows()

    assert set(kinds) == {What.ROOT, What.DESK, What.DEVICE, What.INFRA}
    assert kinds.count(What.DEVICE) == 1
    assert kinds.count(What.DESK) == kinds.count(What.ROOT) == 2
    keys = [seed for _, seed in held] + [key.raw for key in (await case_keys(desk))]
    assert not any(secret in disclosed.raw for secret in keys)


async def case_keys(desk: Desk) -> list[Any]:
    """Return the keys of the desk's cases."""
    return list((await desk.agent.store.case_keys()).values())


async def test_the_other_messages_of_the_case_do_not_open_with_what_was_shown(
    disclosed: Disclosed,
) -> None:
    desk, network = disclosed.desk, disclosed.network
    await desk.act(disclosed.ref, "acknowledge")
    await network.desks[QUANGNINH].request(GUANGXI)
    await network.settle()
    key, directory = disclosed.file.content_key, desk.agent.replica.directory
    others = [
        message
        for thread, _ in await desk.agent.store.threads()
        for message in await desk.agent.store.messages_of(thread)
        if message.mid != disclosed.mid
    ]

    assert len(others) >= 2
    for message in others:
        assert message.content_key != key
        with pytest.raises(WrapError):
            open_disclosed(
                parse_envelope(message.envelope),
                key,
                directory=directory,
                at=message.taken_at or 0,
                index=message.position or 0,
            )


async def test_a_disclosure_is_recorded_and_signed(disclosed: Disclosed) -> None:
    found = (await disclosed.desk.client.get("/api/disclosures"))["disclosed"]
    assert len(found) == 1
    (listed,) = found
    (kept,) = await disclosed.desk.agent.store.disclosed()

    assert (listed["mid"], listed["officer"], listed["reason"]) == (
        disclosed.mid.hex(),
        APPROVER,
        "court_order",
    )
    signer = disclosed.desk.agent.replica.directory.whose(kept.officer).payload.key
    body = decode(open_signed(signer, labels.DISCLOSURE, kept.signed), limit=500)
    assert body == [disclosed.mid, kept.officer, "court_order", kept.at, kept.file]


async def test_only_an_approver_or_supervisor_discloses_and_only_what_is_proven(
    disclosed: Disclosed,
) -> None:
    network, desk = disclosed.network, disclosed.desk
    passphrase = network.founded.passphrase
    await desk.client.post("/api/unlock", officer="GX-02", passphrase=passphrase)
    mid = disclosed.mid.hex()
    await network.broker.stop()
    await network.line_is(desk, "down")
    unproven = await desk.act(disclosed.ref, "acknowledge")

    codes = [
        await refusal(desk, "GX-02", mid),
        await refusal(desk, APPROVER, bytes(32).hex()),
        await refusal(desk, APPROVER, "no id"),
        await refusal(desk, APPROVER, unproven),
        await refusal(desk, APPROVER, mid, "curiosity"),
        await refusal(desk, APPROVER, mid),
    ]

    assert codes == [
        "disclosure.role",
        "disclosure.no_message",
        "desk.missing",
        "disclosure.not_in_ledger",
        "desk.disclosure_reason",
        "line.down",
    ]
    assert len(await desk.agent.store.disclosed()) == 1


async def refusal(desk: Desk, officer: str, mid: str, reason: str = "complaint") -> str:
    """Return the code with which a disclosure is refused."""
    with pytest.raises(DeskRefusedError) as refused:
        await disclose(desk, officer, mid, reason)
    return refused.value.code


async def test_a_file_made_up_of_other_parts_is_refused(disclosed: Disclosed) -> None:
    desk, pins = disclosed.desk, disclosed.pins
    mid = await desk.act(disclosed.ref, "acknowledge")
    await disclosed.network.settle()
    other = parse_disclosure(await disclose(desk, APPROVER, mid))
    file = disclosed.file
    stranger = SigningKey.from_seed(bytes(32))
    lies = {
        "another key": replace(file, content_key=bytes(32)),
        "another receipt": replace(file, took=other.took),
        "another leaf": replace(file, leaf=other.leaf, proof=other.proof),
        "another proof": replace(file, proof=other.proof),
        "no witness of one side": replace(
            file,
            entries=tuple(e for e in file.entries if not is_witness(e, 0)),
            checkpoint=without_line(file.checkpoint, "witness-vn"),
        ),
        "an entry of a witness missing": replace(
            file, entries=tuple(e for e in file.entries if not is_witness(e, 0))
        ),
        "no broker": replace(file, entries=tuple(e for e in file.entries if not is_broker(e))),
        "no signer": replace(
            file,
            entries=tuple(
                e for e in file.entries if parse_entry(e).statement.what is not What.DEVICE
            ),
        ),
        "a further line": replace(file, checkpoint=with_line(file.checkpoint, stranger)),
    }

    assert other.content_key != file.content_key
    for what, lie in lies.items():
        raw = lie.encoded()
        assert not holds(verify_disclosure, raw, pins), what
        assert not holds_alone(raw, pins), what
    assert not holds(verify_disclosure, disclosed.raw, pins[:1])
    assert not holds_alone(disclosed.raw, pins[:1])
    assert stranger.verify_key.raw not in disclosed.raw


def without_line(checkpoint: bytes, begins: str) -> bytes:
    """Return a checkpoint without the line of a witness."""
    note = parse_note(checkpoint)
    kept = tuple(line for line in note.signatures if not line.name.startswith(begins))
    assert len(kept) == len(note.signatures) - 1
    return replace(note, signatures=kept).raw()


def with_line(checkpoint: bytes, key: SigningKey) -> bytes:
    """Return a checkpoint that a stranger has cosigned too."""
    line = cosign(checkpoint, "stranger", key, at=AT)
    return parse_note(checkpoint).adding(line).raw()


def is_witness(entry: bytes, number: int) -> bool:
    """Say whether an entry names a witness of the agency that stands at this place."""
    statement = parse_entry(entry).statement
    if statement.what is not What.INFRA:
        return False
    kind = decode(statement.payload, limit=len(statement.payload))
    assert isinstance(kind, list)
    return kind[0] == 2 and str(kind[2]).startswith(("witness-vn", "witness-cn")[number])


def is_broker(entry: bytes) -> bool:
    """Say whether an entry names a broker."""
    statement = parse_entry(entry).statement
    value = decode(statement.payload, limit=len(statement.payload))
    return statement.what is What.INFRA and isinstance(value, list) and value[0] == 1


async def test_a_message_with_a_second_signature_is_shown_with_both(parts: Network) -> None:
    await start(parts, MONGCAI, "cn-dongxing", GUANGXI)
    ref = await request_dna(parts)
    await grant(parts.desks[GUANGXI])
    await parts.holds(parts.mongcai, ref, 1)
    await parts.settle()
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps

    raw = await parts.mongcai.agent.discloser._file(held.message)  # noqa: SLF001 - no approver sits here

    pins = list(parts.founded.pins)
    shown = verify_disclosure(raw, pins)
    assert holds_alone(raw, pins)
    lines = as_lines(shown, parts.mongcai.agent.catalogue, Language.ENGLISH)
    assert any(line.startswith("Signed also by: ") and APPROVER in line for line in lines)


async def test_a_leaf_of_another_message_at_its_own_place_is_refused(disclosed: Disclosed) -> None:
    # A broker that lies in its receipt: it names the place of another message, whose leaf is there.
    desk, network, file = disclosed.desk, disclosed.network, disclosed.file
    mid = await desk.act(disclosed.ref, "acknowledge")
    await network.settle()
    other = parse_disclosure(await disclose(desk, APPROVER, mid))
    broker = network.broker_key
    there = parse_took(open_signed(broker.verify_key, labels.TOOK, other.took))
    sealed = parse_envelope(file.envelope)
    took = Took(sealed.mid, sealed.eid, there.index, there.at, broker.kid)
    lie = replace(
        file,
        took=pack_signed(broker, labels.TOOK, took.encoded()),
        leaf=other.leaf,
        proof=other.proof,
        checkpoint=other.checkpoint,
    )

    with pytest.raises(FalseDisclosureError, match="not that of this message"):
        verify_disclosure(lie.encoded(), disclosed.pins)
    assert not holds_alone(lie.encoded(), disclosed.pins)


async def test_what_carries_other_messages_is_not_shown(
    disclosed: Disclosed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "DISCLOSABLE", frozenset({Kind.RESEND, Kind.GRANT}))

    with pytest.raises(DisclosureError, match="not shown alone"):
        verify_disclosure(disclosed.raw, disclosed.pins)


async def test_an_entry_that_more_have_signed_is_shown_with_as_few_signatures_as_it_needs(
    disclosed: Disclosed,
) -> None:
    network, replica = disclosed.network, disclosed.desk.agent.replica
    home = network.state / "ceremony" / "cn-guangxi-police"
    shares = [load_key(home / f"root-{number}.seed") for number in (1, 2, 3)]
    held = [parse_entry(raw) for raw in await disclosed.desk.agent.store.directory_entries()]
    by_all = [
        sign_entry(entry.statement, shares)
        if {kid for kid, _ in entry.signatures} <= {share.kid for share in shares}
        else entry.raw
        for entry in held
    ]
    desks = [disclosed.shown().source, *disclosed.shown().addressed]
    signer = disclosed.shown().opened.signer.kid

    shown = entries_for(by_all, disclosed.pins, desks, [signer], replica.policy())

    signatures = [len(parse_entry(raw).signatures) for raw in shown]
    assert max(len(parse_entry(raw).signatures) for raw in by_all) == len(shares)
    assert set(signatures) == {1, 2}
    assert len(shown) == len(disclosed.file.entries)
    Directory.replay(disclosed.pins, shown)
