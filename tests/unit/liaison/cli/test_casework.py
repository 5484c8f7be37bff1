import json
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest
from typer.testing import CliRunner

from liaison.cli.casework import app
from liaison.cli.console import Exit
from protocols.casework.codes import RequestType

KEYS = {"clock", "due_utc", "due_vn", "due_cn", "provisional", "calendar_versions", "explanation"}


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, args)
    return result.exit_code, result.output


def due(*args: str) -> dict[str, Any]:
    code, output = run("due", *args, "--json")
    assert code == Exit.GOOD, output
    found: dict[str, Any] = json.loads(output)
    return found


@pytest.mark.parametrize(
    "amount,at,calendar,expected",
    [
        ("--working-days=3", "2026-02-13T09:00:00+07:00", "vn", "2026-02-25T16:59:59Z"),
        ("--working-days=3", "2026-02-13T09:00:00+07:00", "joint", "2026-02-26T15:59:59Z"),
        ("--working-days=3", "2026-09-30", "cn", "2026-10-10T15:59:59Z"),
        ("--calendar-days=7", "2026-09-30T09:00:00+08:00", "cn", "2026-10-08T15:59:59Z"),
        ("--hours=8", "2026-02-16T23:00:00+07:00", "vn", "2026-02-17T00:00:00Z"),
    ],
)
def test_an_amount_from_a_start_is_due_then(
    amount: str, at: str, calendar: str, expected: str
) -> None:
    found = due(amount, "--at", at, "--calendar", calendar)

    assert found["due_utc"] == expected
    assert found.keys() == KEYS


def test_a_due_time_is_printed_on_both_clocks_with_each_day() -> None:
    found = due("--working-days", "2", "--at", "2026-02-13", "--calendar", "cn")

    assert found["clock"] == "2 working_days"
    assert (found["due_vn"], found["due_cn"]) == (
        "2026-02-24T22:59:59+07:00",
        "2026-02-24T23:59:59+08:00",
    )
    assert (found["provisional"], found["calendar_versions"]) == (False, {"cn-2026": 1})
    assert found["explanation"][:3] == [
        {"day": "2026-02-13", "counted": False, "why": "start"},
        {"day": "2026-02-14", "counted": True, "why": "make_up_day CN"},
        {"day": "2026-02-15", "counted": False, "why": "holiday CN"},
    ]


def test_a_last_day_off_may_be_kept() -> None:
    found = due(
        *("--calendar-days", "7", "--at", "2026-09-30", "--calendar", "cn", "--roll", "none")
    )

    assert found["due_utc"] == "2026-10-07T15:59:59Z"


def test_an_event_starts_the_limits_of_its_type_the_first_due_on_top() -> None:
    found = due(
        *("--type", "VERIFY-ID", "--urgency", "U1", "--event", "arrived"),
        *("--at", "2017-12-04T09:20:05+08:00", "--calendar", "vn"),
    )

    assert (found["clock"], found["due_utc"]) == ("verify-id.acknowledge", "2017-12-04T13:20:05Z")
    assert [(one["clock"], one["due_utc"]) for one in found["others"]] == [
        ("verify-id.answer", "2017-12-07T16:59:59Z")
    ]


def test_an_event_may_be_the_name_of_a_clock() -> None:
    found = due(
        *("--type", "RETURN", "--urgency", "U2", "--event", "answer"),
        *("--at", "2018-05-07T09:00:05+08:00", "--calendar", "vn"),
    )

    # A return is counted on the joint calendar, whoever is asked.
    assert (found["clock"], found["due_utc"]) == ("return.answer", "2018-05-14T15:59:59Z")
    assert "others" not in found


@pytest.mark.parametrize(
    "args,code",
    [
        (("--hours=1", "--working-days=1", "--at=2026-01-05", "--calendar=vn"), "due_options"),
        (("--at=2026-01-05T00:00:00Z", "--calendar=vn"), "due_options"),
        (("--type=DNA", "--at=2026-01-05T00:00:00Z", "--calendar=vn"), "due_options"),
        (("--hours=1", "--at=2026-01-05T00:00:00Z", "--calendar=la"), "due_options"),
        (("--calendar-days=1", "--roll=up", "--at=2026-01-05", "--calendar=vn"), "due_options"),
        (("--hours=1", "--at=2026-01-05T00:00:00", "--calendar=vn"), "due_time"),
        (("--hours=1", "--at=2026-01-05", "--calendar=vn"), "due_time"),
        (("--working-days=1", "--at=2026-02-30", "--calendar=vn"), "due_time"),
        (("--working-days=1", "--at=soon", "--calendar=vn"), "due_time"),
        (("--working-days=0", "--at=2026-01-05", "--calendar=vn"), "amount"),
    ],
)
def test_what_names_no_due_time_is_bad_input(args: tuple[str, ...], code: str) -> None:
    exit_code, output = run("due", *args)

    assert exit_code == Exit.BAD_INPUT
    assert f"[casework.{code}]" in output


@pytest.mark.parametrize(
    "kind,urgency,event,code",
    [
        ("DNA", "U2", "arived", "due_options"),
        ("DNE", "U2", "arrived", "due_options"),
        ("DNA", "U9", "arrived", "due_options"),
        ("INVEST", "U2", "arrived", "no_limit"),
        ("DNA", "U2", "acknowledged", "no_limit"),
    ],
)
def test_a_limit_that_does_not_exist_is_bad_input(
    kind: str, urgency: str, event: str, code: str
) -> None:
    exit_code, output = run(
        *("due", "--type", kind, "--urgency", urgency, "--event", event),
        *("--at", "2026-01-05T00:00:00Z", "--calendar", "vn"),
    )

    assert exit_code == Exit.BAD_INPUT
    assert f"[casework.{code}]" in output


def test_a_person_reads_the_days_in_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIAISON_LANG", "zh")

    code, output = run("due", "--working-days=3", "--at=2026-12-31", "--calendar=vn")

    assert code == Exit.GOOD
    assert "2027年1月6日 23:59 (VN)" in output
    assert "法定节假日 VN 元旦" in output
    assert "该年放假通知尚未发布" in output


def test_every_type_is_listed_with_its_limits_and_authority() -> None:
    code, output = run("types", "--json")
    rows = {row["type"]: row for row in json.loads(output)["types"]}

    assert code == Exit.GOOD
    assert rows.keys() == set(RequestType)
    assert {kind for kind, row in rows.items() if row["available"]} == {
        *("VERIFY-ID", "RESCUE", "DNA", "RETURN")
    }
    assert rows["VERIFY-ID"]["authority"] == {"VN": "local", "CN": "provincial"}
    assert {"name": "questions", "required": True} in rows["VERIFY-ID"]["fields"]
    assert {"code": "agreed", "final": True} in rows["RETURN"]["outcomes"]
    assert [limit["clock"] for limit in rows["DNA"]["limits"]] == [
        *("delivery", "acknowledge", "answer")
    ]
    assert rows["INVEST"]["fields"] == []


def test_types_are_named_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIAISON_LANG", "en")

    code, output = run("types")

    assert code == Exit.GOOD
    assert "DNA: DNA comparison\n" in output
    assert "WARN: Early warning (not in this version)" in output


def test_a_due_time_takes_at_most_half_a_second_of_work() -> None:
    command = ["due", "--hours", "8", "--at", "2026-09-30T00:00:00Z", "--calendar", "vn", "--json"]
    before = worked()

    subprocess.run([sys.executable, "-m", "liaison", "casework", *command], check=True)

    assert worked() - before <= 0.5


def worked() -> float:
    """Return the processor's seconds of our ended children: other programs do not count."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
