"""The scenario of the 22 women, played whole by the installed command."""

import json
from datetime import datetime

import pytest

from tests.support.command import liaison
from tests.support.played import AGENCIES, Played

#: The object's keys, and those of its parts, are a promise to whoever reads it by program.
KEYS = {
    "scenario",
    "messages",
    "delivered",
    "opened",
    "steps",
    "clocks",
    "translations",
    "ledger",
    "seconds",
}
STEP_KEYS = {"case", "act", "by", "at", "stage_vn", "stage_cn"}
CLOCK_KEYS = {"case", "limit", "starts", "due_vn", "due_cn", "met_at", "state"}
TRANSLATION_KEYS = {"case", "from", "to", "method", "findings"}
LEDGER_KEYS = {"size", "checkpoint", "cosignatures", "verified"}

#: What the scenario's steps make of the case; `at` is the scenario's hour in UTC.
STEPS = [
    ("request", "MC-04", "2013-06-02T16:40:00Z", "received"),
    ("acknowledge", "DX-02", "2013-06-02T16:52:00Z", "acknowledged"),
    ("accept", "DX-02", "2013-06-02T17:40:00Z", "accepted"),
    ("situation_report", "DX-02", "2013-06-03T00:10:00Z", "in_progress"),
    ("situation_report", "DX-02", "2013-06-03T11:30:00Z", "in_progress"),
    ("answer", "DX-02", "2013-06-09T08:00:00Z", "answered"),
    ("dispute", "MC-04", "2013-06-10T02:00:00Z", "in_progress"),
]
#: The corridor's limits for a rescue (30 min, 2 h, 8 h, then 12 h again and again), by hand.
CLOCKS = [
    ("acknowledge", "02T16:40", "02T17:10", "02T16:52", "met"),
    ("accept", "02T16:40", "02T18:40", "02T17:40", "met"),
    ("situation_report", "02T16:40", "03T00:40", "03T00:10", "met"),
    ("situation_report#2", "03T00:10", "03T12:10", "03T11:30", "met"),
    ("situation_report#3", "03T11:30", "03T23:30", None, "missed"),
    ("situation_report#4", "10T02:00", "10T14:00", None, "running"),
]


def utc(day_and_hour: str | None) -> str | None:
    """Return "02T16:40" of June 2013 in the one format of the object."""
    return None if day_and_hour is None else f"2013-06-{day_and_hour}:00Z"


def test_the_play_succeeds(played: Played) -> None:
    assert played.outcome.code == 0, played.outcome.err


def test_standard_output_is_one_json_object_and_nothing_else(played: Played) -> None:
    line, after = played.outcome.out.split("\n", 1)

    assert after == ""
    assert json.loads(line).keys() == KEYS


def test_each_part_of_the_object_has_its_keys_and_no_other(played: Played) -> None:
    answer = played.answer

    assert all(step.keys() == STEP_KEYS for step in answer["steps"])
    assert all(clock.keys() == CLOCK_KEYS for clock in answer["clocks"])
    assert all(text.keys() == TRANSLATION_KEYS for text in answer["translations"])
    assert answer["ledger"].keys() == LEDGER_KEYS


def test_all_seven_messages_are_delivered_and_opened(played: Played) -> None:
    answer = played.answer

    assert answer["scenario"] == "twenty-two-women.toml"
    assert (answer["messages"], answer["delivered"], answer["opened"]) == (7, 7, 7)
    assert answer["seconds"] > 0


def test_both_desks_hold_the_stage_that_each_step_makes(played: Played) -> None:
    expected = [
        {"case": "women", "act": act, "by": by, "at": at, "stage_vn": stage, "stage_cn": stage}
        for act, by, at, stage in STEPS
    ]

    assert played.answer["steps"] == expected


def test_both_desks_hold_the_same_due_times_to_the_second(played: Played) -> None:
    expected = [
        {
            "case": "women",
            "limit": f"rescue.{limit}",
            "starts": utc(starts),
            "due_vn": utc(due),
            "due_cn": utc(due),
            "met_at": utc(met),
            "state": state,
        }
        for limit, starts, due, met, state in CLOCKS
    ]

    assert played.answer["clocks"] == expected


def test_each_free_text_is_translated_by_the_machine_that_reads_it(played: Played) -> None:
    texts = played.answer["translations"]
    directions = [(text["from"], text["to"]) for text in texts]

    # Reason and place on the way there; two reports and the answer back; the dispute.
    assert directions.count(("vi", "zh")) == 3
    assert directions.count(("zh", "vi")) == 3
    assert {text["case"] for text in texts} == {"women"}
    assert {text["method"] for text in texts} == {"machine"}
    assert all(isinstance(text["findings"], list) for text in texts)


def test_the_ledger_is_cosigned_by_a_witness_of_each_side(played: Played) -> None:
    ledger = played.answer["ledger"]

    assert ledger["verified"] is True
    assert ledger["cosignatures"] == [f"witness-{agency}" for agency in AGENCIES]
    assert ledger["size"] == len(played.ledger.leaves)
    assert len(bytes.fromhex(ledger["checkpoint"])) == 32


def test_no_process_is_left_behind(played: Played) -> None:
    assert played.left_behind == 0


def test_a_named_folder_is_kept_and_its_ledger_holds(played: Played) -> None:
    checked = liaison(
        "audit",
        "verify",
        "--ledger",
        played.state / "ledger",
        "--pins",
        played.pins_file,
        "--json",
    )

    assert checked.code == 0, checked.err
    assert checked.json["size"] == played.answer["ledger"]["size"]
    assert checked.json["checkpoint"] == played.answer["ledger"]["checkpoint"]


def test_the_witnesses_cosigned_at_the_hour_of_the_play(played: Played) -> None:
    checked = liaison(
        "audit", "verify", "--ledger", played.state / "ledger", "--pins", played.pins_file, "--json"
    )
    hours = {datetime.fromisoformat(seen["at"]) for seen in checked.json["cosignatures"]}

    # The last step's own hour: the clock is moved by hand and stands still between the steps.
    assert hours == {datetime.fromisoformat("2013-06-10T02:00:00+00:00")}


@pytest.mark.parametrize("name", ["passphrase", "ceremony/vn-quangninh-police/registrar.seed"])
def test_what_is_secret_in_the_folder_is_for_its_owner_only(played: Played, name: str) -> None:
    mode = (played.state / name).stat().st_mode

    assert mode & 0o077 == 0


def test_no_log_of_the_play_holds_a_word_of_the_case(played: Played) -> None:
    said = "".join(path.read_text() for path in (played.state / "logs").iterdir())

    assert [
        word for word in ("Hồng Hạnh", "Võ Thị Thu", "số 168", "168号", "廉江") if word in said
    ] == []
