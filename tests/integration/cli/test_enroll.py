"""The registrar types the code of the officer's screen, in the network of docs/operating.md."""

from pathlib import Path

import pytest

from crypto.attest.pin import request_code
from tests.support.command import Outcome
from tests.support.operated import GROUP, Operated

pytestmark = GROUP

REGISTRAR = "ceremony/vn-quangninh-police/registrar.seed"
FOREIGN = "ceremony/cn-guangxi-police/registrar.seed"


@pytest.fixture(scope="module")
def requests(network: Operated, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the request files of an installation that nobody has admitted."""
    state = tmp_path_factory.mktemp("newcomer") / "desk"
    words = ("desk", "init", "--desk", "vn-mongcai-1", "--officer", "MC-31", "--state", str(state))
    by = ("--pins", "ceremony/pins.txt", "--broker", network.url("8470"))
    made = network.liaison(*words, *by, "--role", "approver", passphrase="mười hai ký tự")
    assert made.code == 0, made.err
    files = sorted(state.glob("request-*.cbor"))
    assert f"code {code_of(files)}" in made.out
    return files


def code_of(files: list[Path]) -> str:
    """Return the code that stands on the officer's screen."""
    return request_code([file.read_bytes() for file in files])


def enroll(
    network: Operated, files: list[Path], *, typed: str, registrar: str = REGISTRAR
) -> Outcome:
    """Have the registrar type a code."""
    by = ("--registrar", registrar, "--pins", "ceremony/pins.txt", "--broker", network.url("8470"))
    words = [str(file) for file in files]
    return network.liaison("keys", "enroll", *words, *by, typed=f"{typed}\n")


def size(network: Operated) -> int:
    """Return how many entries the broker's directory has."""
    out = network.folder / "so-far"
    found = network.liaison(
        *("keys", "collect", "--broker", network.url("8470"), "--out", str(out), "--json")
    )
    entries = found.json["entries"]
    assert isinstance(entries, int)
    return entries


def test_requests_that_were_swapped_on_the_way_are_refused(
    network: Operated, requests: list[Path]
) -> None:
    before = size(network)

    on_screen = code_of([requests[0]])
    refused = enroll(network, requests, typed=on_screen)

    assert (refused.code, "keys.wrong_code" in refused.err) == (2, True)
    assert code_of(requests) not in refused.out + refused.err
    assert size(network) == before


def test_a_registrar_of_another_agency_is_refused_before_a_code_is_asked_for(
    network: Operated, requests: list[Path]
) -> None:
    refused = enroll(network, requests, typed=code_of(requests), registrar=FOREIGN)

    assert (refused.code, "ceremony.foreign_registrar" in refused.err) == (2, True)


def test_the_registrar_reads_whom_they_admit_where_and_as_what(
    network: Operated, requests: list[Path]
) -> None:
    told = enroll(network, requests, typed="").err

    for said in ("MC-31", "an approver", "a computer", "vn-mongcai-1", "Móng Cái 1 Ward Police"):
        assert said in told
    assert "cli.nothing_typed" in told
