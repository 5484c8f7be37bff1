"""Every command of docs/ceremony.md runs as it stands there, and founds two countries."""

from collections.abc import Iterator

import pytest

from liaison.runtime.pins import read_pins
from tests.support.operated import Operated, operated
from tests.support.requirements import REPOSITORY
from tests.support.transcript import masked

PAGE = REPOSITORY / "docs" / "ceremony.md"
pytestmark = pytest.mark.xdist_group("ceremony page")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """Yield the ceremony of the page, held."""
    with operated(tmp_path_factory.mktemp("ceremony"), PAGE) as network:
        yield network


def test_the_whole_ceremony_of_two_countries_runs_as_it_is_written(held: Operated) -> None:
    failed = [f"{c.text}\n{out.err}" for c, out in held.outcomes if out.code != 0]
    shown = {c.text: masked(c.shown) for c, _ in held.outcomes if c.shown}
    printed = {c.text: masked(out.out) for c, out in held.outcomes if c.shown}

    assert failed == []
    assert shown == printed


def test_after_it_nothing_is_due_and_each_side_says_who_compared(held: Operated) -> None:
    status = held.liaison("keys", "status", "--state", "mongcai", "--json").json

    assert status["due"] == []
    assert [one["compared"]["by"] for one in status["agencies"]] == [["QN-07", "QN-01"]] * 3
    for side in ("vn", "cn"):
        pins = read_pins(held.folder / f"pins-{side}.txt")
        assert [pin.comparison is not None for pin in pins] == [True, True, True]


def test_a_new_term_is_asked_for_by_a_code_and_signed_by_the_registrar(held: Operated) -> None:
    (held.folder / "mc-04.session").unlink(missing_ok=True)
    unlocked = held.liaison(
        *(
            "desk",
            "unlock",
            "--state",
            "mongcai",
            "--officer",
            "MC-04",
            "--session",
            "mc-04.session",
        ),
        passphrase=held.passphrase("MC-04"),
    )
    assert unlocked.code == 0, unlocked.err

    asked = held.liaison(
        *("keys", "rotate", "--state", "mongcai", "--officer", "MC-04"),
        *("--session", "mc-04.session", "--out", "."),
    )

    assert asked.code == 0, asked.err
    code = asked.out.splitlines()[-1].removeprefix("code ")
    by = ("--registrar", "vn/registrar.seed", "--pins", "pins-vn.txt")
    signed = held.liaison(
        *("keys", "enroll", "renewal-1.cbor", "renewal-2.cbor", *by),
        *("--broker", held.url("8470"), "--json"),
        typed=f"{code}\n",
    )
    assert signed.code == 0, signed.err
    assert [one["role"] for one in signed.json["enrolled"]] == ["device", "officer"]


@pytest.mark.parametrize("lang", ["vi", "zh", "en"])
def test_the_status_is_told_in_the_readers_language(held: Operated, lang: str) -> None:
    told = held.liaison(
        "keys", "status", "--state", "mongcai", env=held.environment() | {"LIAISON_LANG": lang}
    )

    words = {"vi": "Khóa tuần đã công bố đến", "zh": "每周密钥已公布至", "en": "Weekly keys are"}
    assert told.code == 0, told.err
    assert words[lang] in told.out
