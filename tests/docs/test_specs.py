"""The specifications say what the code does: bytes, tables, figures, headings, named tests."""

import re
from collections.abc import Iterator
from enum import IntEnum
from importlib import import_module
from pathlib import Path

import pytest
from aiohttp import web

from crypto.attest.checkpoint import Policy, verify_checkpoint
from crypto.attest.encoding import decode
from crypto.attest.note import NamedKey
from crypto.attest.signing import open_signed
from crypto.attest.tree import hash_leaf, root_hash
from liaison.audit.verify import (
    BrokenCheckpointError,
    BrokenDirectoryError,
    BrokenLeafError,
    BrokenRootError,
)
from liaison.broker.routes import add_routes
from protocols.casework.clocks import ClockState
from protocols.casework.payload import from_value, parse_step
from protocols.wire.api import FrameKind, Refusal, parse_frame, parse_login_body, parse_notice_body
from protocols.wire.clock import ladder
from protocols.wire.ledger_event import EventKind, parse_leaf
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode
from protocols.wire.receipt import parse_ack, parse_noted, parse_took
from tests.docs import examples
from tests.support.requirements import REPOSITORY

DOCS = REPOSITORY / "docs"
SPECS = ("broker", "ledger", "casework", "carriage")
TEXT = {name: (DOCS / f"spec/{name}.md").read_text(encoding="utf-8") for name in SPECS}
ALL = "\n".join(TEXT.values())
ATTACKS = (DOCS / "attacks.md").read_text(encoding="utf-8")


def blocks(kind: str, text: str = ALL) -> dict[str, str]:
    """Return the fenced blocks of ``kind`` by their names."""
    return dict(re.findall(rf"```{kind} (\S+)\n(.*?)```", text, re.DOTALL))


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table whose first column is headed ``heading``."""
    table = re.search(
        rf"^\| {re.escape(heading)} \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)", text, re.MULTILINE
    )
    assert table, f"no table with the first column {heading!r}"
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table[1].splitlines()]


def bare(cell: str) -> str:
    """Return a cell without its marks."""
    return cell.strip("` ")


def numbered(text: str, heading: str, second: str) -> dict[int, str]:
    """Return number and name of the rows of the table with these first two columns."""
    found = rows(text, f"{heading} | {second}")
    return {int(row[0]): bare(row[1]) for row in found}


def by_number(kinds: type[IntEnum]) -> dict[int, str]:
    """Return number and name of every member."""
    return {int(kind): kind.name.lower() for kind in kinds}


RAW = {name: bytes.fromhex("".join(block.split())) for name, block in blocks("hex").items()}


# ------------------------------------------------------------------ worked examples


def test_the_worked_examples_are_the_bytes_that_the_code_makes() -> None:
    assert examples.encoded() == RAW
    assert blocks("text") == examples.texts()


@pytest.mark.parametrize("name", sorted(examples.encoded()))
def test_the_bytes_of_an_example_decode_to_what_is_said(name: str) -> None:
    found = examples.diagnose(decode(RAW[name], limit=len(RAW[name])))

    assert "".join(found.split()) == "".join(blocks("cbor")[name].split())


@pytest.mark.parametrize("name", sorted(examples.FRAMES))
def test_an_example_of_a_frame_reads_as_that_frame(name: str) -> None:
    assert parse_frame(RAW[name]) == examples.FRAMES[name]


def test_the_examples_of_bodies_read_as_what_they_are_called() -> None:
    assert parse_login_body(RAW["login-body"]) == examples.LOGIN
    assert parse_notice_body(RAW["notice"]) == examples.NOTICE
    assert parse_took(RAW["took"]) == examples.TOOK
    assert parse_ack(RAW["ack"]) == examples.ACK
    assert parse_noted(RAW["noted"]) == examples.NOTED


def test_the_signatures_in_the_examples_hold() -> None:
    login = decode(RAW["login"], limit=500)
    taken = decode(RAW["taken"], limit=500)
    assert isinstance(login, list)
    assert isinstance(taken, list)

    device, broker = examples.DEVICE.verify_key, examples.BROKER.verify_key
    assert open_signed(device, b"liaison/1 login\0", bytes(login[1])) == RAW["login-body"]  # type: ignore[arg-type]
    assert open_signed(broker, b"liaison/1 took\0", bytes(taken[2])) == RAW["took"]  # type: ignore[arg-type]


def test_the_leaves_of_the_example_stand_under_its_cosigned_root() -> None:
    leaves = [RAW[f"leaf-{number}"] for number in range(3)]
    note = blocks("text")["checkpoint"].encode()
    witnesses = [NamedKey(name, key.verify_key) for name, key in examples.WITNESSES.items()]
    log = NamedKey(examples.CHECKPOINT.origin, examples.BROKER.verify_key)

    cosigned = verify_checkpoint(note, Policy.of_all(log, *witnesses))

    assert cosigned.checkpoint.root == root_hash([hash_leaf(leaf) for leaf in leaves])
    assert [parse_leaf(leaf) for leaf in leaves] == list(examples.EVENTS)
    assert {c.at.isoformat() for c in cosigned.cosignatures} == {"2026-11-24T08:01:03+00:00"}


@pytest.mark.parametrize("name", sorted(examples.STEPS))
def test_an_example_of_a_step_reads_as_that_step(name: str) -> None:
    step = from_value(decode(RAW[name], limit=len(RAW[name])))

    assert step == parse_step(examples.STEPS[name])


# ------------------------------------------------------------------ tables


def test_the_table_of_frames_is_that_of_the_code() -> None:
    assert numbered(TEXT["broker"], "kind", "frame") == by_number(FrameKind)


def test_the_tables_of_lanes_items_and_notices_are_those_of_the_code() -> None:
    assert numbered(TEXT["broker"], "number", "lane") == by_number(MailLane)
    assert numbered(TEXT["broker"], "number", "item") == by_number(ItemKind)
    assert numbered(TEXT["broker"], "number", "notice") == by_number(NoticeCode)


def test_the_table_of_refusals_is_that_of_the_code() -> None:
    assert [bare(row[0]) for row in rows(TEXT["broker"], "code")] == [str(r) for r in Refusal]


def test_the_table_of_events_is_that_of_the_code() -> None:
    assert [bare(row[0]) for row in rows(TEXT["ledger"], "kind")] == [str(k) for k in EventKind]


def test_the_table_of_doors_is_that_of_the_broker() -> None:
    app = web.Application()
    add_routes(app)
    doors = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }

    said = {(row[0], bare(row[1])) for row in rows(TEXT["broker"], "method")}

    assert said == doors


def test_the_ladder_of_the_blind_clock_is_that_of_the_code() -> None:
    after = {"never": (), "24 h": (86_400,), "30 min": (1_800,)}

    for row in rows(TEXT["broker"], "class"):
        steps = ladder(0, int(row[0]))
        assert steps[0].code is NoticeCode.DUE
        assert tuple(step.at for step in steps[1:]) == after[row[2]]


def test_each_state_of_a_clock_has_its_row() -> None:
    said = [bare(row[0]) for row in rows(TEXT["casework"], "state")]

    assert said == [str(state) for state in ClockState]


def test_the_steps_of_an_audit_name_the_codes_of_the_auditor() -> None:
    codes = {bare(row[2]) for row in rows(TEXT["ledger"], "step")}
    errors = (BrokenDirectoryError, BrokenCheckpointError, BrokenRootError, BrokenLeafError)

    assert codes == {error.code for error in errors}


def _figures() -> Iterator[tuple[str, str]]:
    for text in TEXT.values():
        for row in rows(text, "constant"):
            yield bare(row[0]), row[1]


@pytest.mark.parametrize("constant, said", list(_figures()))
def test_a_figure_is_that_of_the_code(constant: str, said: str) -> None:
    module, _, name = constant.rpartition(".")

    assert getattr(import_module(module), name) == float(said.replace(",", ""))


# ------------------------------------------------------------------ references


def _cited() -> Iterator[tuple[Path, str, str]]:
    packages = ("config", "crypto", "protocols", "translation", "liaison")
    for file in sorted(f for name in packages for f in (REPOSITORY / name).rglob("*.py")):
        words = " ".join(file.read_text(encoding="utf-8").split())
        for spec, section in re.findall(r'docs/spec/(\w+)\.md(?:, "([^"]+)")?', words):
            yield file, spec, section


@pytest.mark.parametrize("spec", SPECS)
def test_each_section_that_the_code_cites_is_there(spec: str) -> None:
    text = (DOCS / f"spec/{spec}.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^#+ (?:[\d.]+ )?(.+)$", text, re.MULTILINE))
    cited = {section for _, name, section in _cited() if name == spec and section}

    assert cited - headings == set()


def test_each_test_that_a_claim_names_exists() -> None:
    files = (REPOSITORY / "tests").rglob("test_*.py")
    known = {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", ATTACKS + ALL))

    assert named
    assert named - known == set()


def test_each_place_in_the_code_that_a_claim_names_exists() -> None:
    named = re.findall(r"`((?:crypto|protocols|liaison|config)(?:\.\w+)+)`", ATTACKS)

    assert named
    for place in named:
        module, _, name = place.rpartition(".")
        try:
            import_module(place)
        except ModuleNotFoundError:
            assert hasattr(import_module(module), name), place


def test_the_weaknesses_are_numbered_in_order() -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", ATTACKS, re.MULTILINE)]

    assert numbers == list(range(1, len(numbers) + 1))
