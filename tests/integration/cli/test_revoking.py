"""Revoking by the commands: told in words first, and never more than was meant."""

from pathlib import Path

import pytest

from crypto.attest.payload import decode_payload
from crypto.attest.statement import Reason, RevocationPayload
from liaison.cli.ceremony.files import read_draft
from tests.integration.cli.test_ceremony import BY, Room, founded
from tests.support.operated import GROUP, Operated

__all__ = ["founded"]

pytestmark = GROUP

KNOWN = ("--known", "vn.entries")


def test_a_root_revokes_a_desk_by_a_statement_that_is_told_in_words(
    founded: Room, tmp_path: Path
) -> None:
    what = ("revoke-cert", "vn-mongcai-1", *BY, *KNOWN, "--reason", "closed")
    founded.good(*what, "--since", "2026-03-01", "--out", str(tmp_path))
    file = tmp_path / "revoke-vn-mongcai-1.stmt"

    signed = [founded.sign(carrier, str(file), *BY) for carrier in ("an", "chi")]

    assert [one.code for one in signed] == [0, 0]
    assert "REVOKE" in signed[0].out
    assert "closed" in signed[0].out
    payload = decode_payload(read_draft(file).statement)
    assert payload == RevocationPayload(1_772_323_200, Reason.CLOSED)
    out = str(tmp_path / "all")
    founded.good("collect", "vn.entries", str(file), "--out", out)


@pytest.mark.parametrize(
    "word, reason, code",
    [
        ("vn-nowhere", "closed", "keys.nothing_to_revoke"),
        ("vn-mongcai-1", "stolen by its officer", "keys.reason"),
    ],
)
def test_what_a_root_cannot_revoke_is_refused_and_nothing_is_written(
    founded: Room, tmp_path: Path, word: str, reason: str, code: str
) -> None:
    what = ("revoke-cert", word, *BY, *KNOWN, "--reason", reason, "--out", str(tmp_path / "out"))

    refused = founded.run(*what)

    assert (refused.code, code in refused.err) == (2, True), refused.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "who, typed, code",
    [
        ("MC-04", "yes", "ceremony.not_assented"),
        ("DX-02", "sign", "keys.nothing_to_revoke"),
        ("MC-05-device", "sign", "keys.nothing_to_revoke"),
    ],
    ids=["another word", "of the other agency", "revoked already"],
)
def test_a_registrar_revokes_nothing_else(
    network: Operated, who: str, typed: str, code: str
) -> None:
    ceremony = "ceremony/vn-quangninh-police/registrar.seed"
    by = ("--registrar", ceremony, "--pins", "ceremony/pins.txt", "--broker", network.url("8470"))

    refused = network.liaison("keys", "revoke", who, "--reason", "left", *by, typed=f"{typed}\n")

    assert (refused.code, code in refused.err) == (2, True), refused.err
    assert refused.out == ""


def test_a_root_names_who_follows_a_desk_and_in_which_cases(founded: Room, tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.write_text("00" * 16 + "\n" + "0f" * 16 + "\n")
    where = (*KNOWN, "--from", "2026-07-01", "--out", str(tmp_path), "--threads", str(cases))
    founded.good("succeed", "vn-mongcai-1", "vn-quangninh", *where)
    file = tmp_path / "succeed-vn-mongcai-1-vn-quangninh.stmt"

    signed = [founded.sign(carrier, str(file), *BY, *KNOWN) for carrier in ("an", "chi")]

    assert [one.code for one in signed] == [0, 0], signed[0].err
    assert "Only in the 2 cases" in signed[0].out
    founded.good("collect", "vn.entries", str(file), "--out", str(tmp_path / "all"))


def test_ids_of_cases_out_of_form_are_refused(founded: Room, tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.write_text("QN-MC1-2026-0001\n")
    where = (*KNOWN, "--from", "2026-07-01", "--out", str(tmp_path), "--threads", str(cases))

    refused = founded.run("succeed", "vn-mongcai-1", "vn-quangninh", *where)

    assert (refused.code, "ceremony.threads" in refused.err) == (2, True), refused.err
