"""What officers and supervisors see of the network that docs/operating.md sets up."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.command import environment
from tests.support.operated import GROUP, Operated

pytestmark = GROUP

MONGCAI = ("--state", "mongcai")
DONGXING = ("--state", "dongxing")
MC_04, DX_02 = ("--session", "mc-04.session"), ("--session", "dx-02.session")
WIDTH = 80


def act(network: Operated, what: str, officer: str) -> tuple[str, ...]:
    """Return the command with which ``officer`` acts in Dongxing, in the session of DX-02."""
    return ("desk", "act", network.case, what, "--officer", officer, *DONGXING, *DX_02)


def test_the_request_stands_on_both_boards_after_it_was_acknowledged(network: Operated) -> None:
    boards = [
        network.liaison("desk", "board", *desk, "--json").json for desk in (MONGCAI, DONGXING)
    ]

    assert [board["desk"] for board in boards] == ["vn-mongcai-1", "cn-dongxing"]
    for board in boards:
        [case] = board["cases"]
        assert (case["case"], case["stage"]) == (network.case, "acknowledged")
        assert board["line"] == "up"
    assert boards[0]["cases"][0]["next_due"] == boards[1]["cases"][0]["next_due"]


def test_each_officer_reads_codes_in_their_own_language_and_names_as_written(
    network: Operated,
) -> None:
    chinese = network.liaison("desk", "show", network.case, *DONGXING, "--lang", "zh").out
    vietnamese = network.liaison("desk", "show", network.case, *MONGCAI, "--lang", "vi").out

    assert "被关押" in chinese
    assert "Nguyễn Thị Lan" in chinese
    assert "Nguyễn Thị Lan" in vietnamese
    assert "被关押" not in vietnamese


@pytest.mark.parametrize("lang", ["vi", "zh", "en"])
def test_the_board_fits_a_terminal_and_cuts_no_case_number(network: Operated, lang: str) -> None:
    printed = network.liaison("desk", "board", *MONGCAI, "--lang", lang).out
    lines = printed.splitlines()

    assert network.case in printed
    assert max(map(cell_len, lines)) <= WIDTH
    # The next due time on both clocks, each whole on its line.
    assert sum("(VN)" in line for line in lines[1:]) == 1
    assert sum("(CN)" in line for line in lines[1:]) == 1


@pytest.mark.parametrize("lang", ["vi", "zh"])
def test_a_case_fits_a_terminal(network: Operated, lang: str) -> None:
    printed = network.liaison("desk", "show", network.case, *DONGXING, "--lang", lang).out

    assert max(map(cell_len, printed.splitlines())) <= WIDTH


def test_the_language_is_that_of_the_environment(network: Operated) -> None:
    printed = network.liaison("desk", "board", *MONGCAI, env=environment(LIAISON_LANG="vi")).out

    assert "Đã xác nhận" in printed


def test_another_language_is_bad_input(network: Operated) -> None:
    assert network.liaison("desk", "board", *MONGCAI, "--lang", "fr").code == 2


@pytest.mark.parametrize("command", [("status",), ("show", "CASE")])
def test_json_output_is_one_object(network: Operated, command: tuple[str, ...]) -> None:
    words = [network.case if word == "CASE" else word for word in command]

    printed = network.liaison("desk", *words, *MONGCAI, "--json")

    assert printed.code == 0
    assert isinstance(json.loads(printed.out), dict)
    assert printed.out.count("\n") == 1


def test_a_step_that_the_table_lacks_is_refused_with_those_it_has(network: Operated) -> None:
    refused = network.liaison(
        "desk", "act", network.case, "close", "--officer", "DX-02", *DONGXING, *DX_02
    )

    assert refused.code == 2
    assert "casework.illegal_step" in refused.err
    assert "accept" in refused.err


def test_an_act_that_does_not_exist_is_told_once_with_those_that_do(network: Operated) -> None:
    refused = network.liaison(
        "desk", "act", network.case, "foo", "--officer", "DX-02", *DONGXING, *DX_02
    )

    assert refused.code == 2
    assert refused.err.count("'foo'") == 1
    assert "'acknowledge'" in refused.err


def test_an_officer_who_is_not_there_cannot_act(network: Operated) -> None:
    refused = network.liaison(*act(network, "accept", "DX-99"))

    assert refused.code == 2
    assert "desk.locked" in refused.err


def test_nobody_acts_in_anothers_session_or_in_none(network: Operated) -> None:
    words = ("desk", "act", network.case, "accept", "--officer", "DX-02", *DONGXING)

    refused = [network.liaison(*words, "--session", file) for file in ("mc-04.session", "none")]

    assert [one.code for one in refused] == [2, 2]
    assert "desk.no_session" in refused[0].err
    assert "cli.session" in refused[1].err


def test_a_session_is_a_file_of_its_officer_only(network: Operated) -> None:
    for officer in ("mc-04", "dx-02"):
        assert stat.S_IMODE((network.folder / f"{officer}.session").stat().st_mode) == 0o600


def test_a_case_that_does_not_exist_is_told(network: Operated) -> None:
    refused = network.liaison("desk", "show", "QN-MC1-2026-9999", *MONGCAI)

    assert refused.code == 2
    assert "casework.unknown_case" in refused.err


@pytest.mark.parametrize("content", ["{", '["a"]', "", "\x00"])
def test_a_file_that_says_nothing_readable_sends_nothing(network: Operated, content: str) -> None:
    (network.folder / "said.json").write_text(content)

    refused = network.liaison(
        "desk", "send", "--to", "cn-dongxing", "--officer", "MC-04", "--file", "said.json", *MONGCAI
    )

    assert refused.code == 2
    assert "desk.input_file" in refused.err
    assert len(network.liaison("desk", "board", *MONGCAI, "--json").json["cases"]) == 1


def test_a_request_with_faults_lists_them_all_and_sends_nothing(network: Operated) -> None:
    rescue = (network.folder / "rescue.toml").read_text(encoding="utf-8")
    faulty = rescue.replace("locked_in", "lockd_in").replace("no_siren", "no_sirens")
    (network.folder / "faulty.toml").write_text(faulty, encoding="utf-8")

    refused = network.liaison(
        "desk",
        "send",
        *("--to", "cn-dongxing", "--officer", "MC-04", "--file", "faulty.toml"),
        *MONGCAI,
        *MC_04,
    )

    assert refused.code == 2
    assert "request.dangers.0" in refused.err
    assert "request.do_not.0" in refused.err
    assert len(network.liaison("desk", "board", *MONGCAI, "--json").json["cases"]) == 1


def test_a_wrong_passphrase_says_so(network: Operated) -> None:
    refused = network.liaison(
        "desk", "unlock", "--officer", "MC-04", *MONGCAI, passphrase="not the right one"
    )

    assert refused.code == 2
    assert "vault.wrong_passphrase" in refused.err
    assert "not the right one" not in refused.err


def test_a_desk_is_not_served_with_a_wrong_passphrase(network: Operated) -> None:
    at_rest = network.folder / "at-rest"
    at_rest.mkdir()
    shutil.copy(network.folder / "mongcai" / "vault", at_rest)

    refused = network.liaison(
        *("desk", "serve", "--officer", "MC-04", "--port", "0", "--state", "at-rest"),
        *("--broker", network.url("8470")),
        passphrase="not the right one",
    )

    assert refused.code == 2
    assert "vault.wrong_passphrase" in refused.err


def test_a_desk_is_not_made_with_a_weak_passphrase(network: Operated) -> None:
    refused = network.liaison(
        *("desk", "init", "--desk", "cn-dongxing", "--officer", "DX-03", "--state", "weak"),
        *("--pins", "ceremony/pins.txt", "--broker", network.url("8470")),
        passphrase="short",
    )

    assert refused.code == 2
    assert "vault.weak_passphrase" in refused.err
    assert list((network.folder / "weak").iterdir()) == []


def test_a_desk_that_exists_is_not_made_again(network: Operated) -> None:
    before = (network.folder / "mongcai" / "vault").read_bytes()

    refused = network.liaison(
        *("desk", "init", "--desk", "vn-mongcai-1", "--officer", "MC-04", *MONGCAI),
        *("--pins", "ceremony/pins.txt", "--broker", network.url("8470")),
        passphrase=network.passphrase("MC-04"),
    )

    assert refused.code == 2
    assert "File exists" in refused.err
    assert (network.folder / "mongcai" / "vault").read_bytes() == before


def test_a_second_broker_does_not_run_in_the_same_folder(network: Operated) -> None:
    refused = network.liaison("broker", "serve", "--state", "broker", "--port", "0")

    assert refused.code == 2
    assert "broker.running" in refused.err


def test_a_port_that_is_taken_is_told(network: Operated) -> None:
    refused = network.liaison(
        *("witness", "serve", "--state", "witness-vn", "--name", "witness-vn"),
        *("--port", network.ports["8471"]),
        *("--log", network.outcome("liaison broker init").out.split("log ", 1)[1].strip()),
    )

    assert refused.code == 2
    assert "address already in use" in refused.err
    assert "Traceback" not in refused.err


def test_a_copy_that_was_added_to_is_no_ledger(network: Operated) -> None:
    copied = network.folder / "copy-again"
    saved = network.liaison(
        *("audit", "verify", "--ledger", network.url("8470"), "--pins", "ceremony/pins.txt"),
        *("--save", str(copied)),
    )
    with (copied / "leaves").open("ab") as leaves:
        leaves.write(b"x")

    checked = network.liaison(
        "audit", "verify", "--ledger", str(copied), "--pins", "ceremony/pins.txt"
    )

    assert saved.code == 0
    assert checked.code == 1
    assert "audit.malformed" in checked.err


def test_no_secret_is_an_argument_or_in_the_environment_of_a_process(network: Operated) -> None:
    secrets = [network.passphrase(officer).encode() for officer in ("MC-04", "DX-02")]
    seen = b"".join(
        Path(f"/proc/{serving.pid}/{name}").read_bytes()
        for serving in network.serving
        for name in ("cmdline", "environ")
    )

    assert b"desk" in seen
    assert [secret for secret in secrets if secret in seen] == []


def test_the_broker_holds_no_word_of_the_case(network: Operated) -> None:
    held = b"".join(p.read_bytes() for p in (network.folder / "broker").iterdir() if p.is_file())
    held += b"".join(log.read_bytes() for log in network.folder.glob("serve-*.log"))

    # The officer's pseudonym is not among them: the directory names it.
    said = ("Nguyễn Thị Lan", "gần bến xe", "Bị nhốt", "locked_in", network.case)
    assert [word for word in said if word.encode() in held] == []
