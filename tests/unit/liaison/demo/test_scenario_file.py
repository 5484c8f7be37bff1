"""What a scenario's file must be; each refusal names the step, what was expected and found."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.load import bundled_corridor
from crypto.attest.statement import Role
from liaison.demo.scenario import (
    DeskNotValidError,
    MalformedScenarioError,
    NotAPartyError,
    NotYetError,
    OrderError,
    Scenario,
    ScenarioError,
    ScenarioFormError,
    SecondSigner,
    UnknownWordError,
)
from liaison.demo.scenario_file import find_scenario, load_scenario
from liaison.demo.staff import Post, staff_of
from protocols.casework.codes import Act
from tests.support.scenarios import BUNDLED, REQUEST, WOMEN, altered

CORRIDOR = bundled_corridor("quangninh-guangxi")
ACKNOWLEDGE = """
[[step]]
at = "2013-06-03T00:52:00+08:00"
desk = "cn-dongxing"
officer = "DX-02"
act = "acknowledge"
"""
#: The scenario in a year in which its desks exist.
TODAY = REQUEST.replace("2013-06-02", "2026-03-02").replace("historical = true\n", "")


def load(tmp_path: Path, text: str) -> Scenario:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return load_scenario(file, CORRIDOR)


def refused(tmp_path: Path, text: str, kind: type[ScenarioError]) -> str:
    """Return the message with which ``text`` is refused."""
    with pytest.raises(kind) as caught:
        load(tmp_path, text)
    assert type(caught.value) is kind
    return str(caught.value)


def test_the_bundled_women_are_seven_steps_of_two_officers() -> None:
    scenario = load_scenario(BUNDLED / "twenty-two-women.toml", CORRIDOR)

    assert [step.act for step in scenario.steps] == [
        Act.REQUEST,
        Act.ACKNOWLEDGE,
        Act.ACCEPT,
        Act.SITUATION_REPORT,
        Act.SITUATION_REPORT,
        Act.ANSWER,
        Act.DISPUTE,
    ]
    assert staff_of(scenario, CORRIDOR) == {
        "vn-mongcai-1": [Post("MC-04", Role.OFFICER)],
        "cn-dongxing": [Post("DX-02", Role.OFFICER)],
    }
    assert scenario.steps[0].at == datetime(2013, 6, 2, 16, 40, tzinfo=UTC)
    assert scenario.historical


def test_persons_and_groups_become_those_of_the_form() -> None:
    form = load_scenario(BUNDLED / "twenty-two-women.toml", CORRIDOR).steps[0].fields["request"]

    assert [person["label"] for person in form["persons"]] == ["P1", "P2"]
    assert form["groups"][0]["labels"] == "P3..P22"
    assert form["header"]["urgency"] == "U0"


def test_a_time_of_toml_in_a_form_is_a_time(tmp_path: Path) -> None:
    contact = 'last_contact = { at = 2013-06-02T22:15:00+07:00, means = "phone" }\n[[step.person]]'

    scenario = load(tmp_path, altered("[[step.person]]", contact, text=REQUEST))

    last_contact = scenario.steps[0].fields["request"]["last_contact"]
    assert last_contact == {"at": "2013-06-02T22:15:00+07:00", "means": "phone"}


@pytest.mark.parametrize(
    "old,new,message",
    [
        ("[[step]]", "[[step", "scenario.toml: expected a TOML file"),
        ('case = "women"', "", "expected a case and at least one"),
        ("historical = true", 'historical = "no"', "historical as true or false, found str"),
        ("title = {", "title = [{", "expected a TOML file"),
        ('officer = "MC-04"', 'officer = "Lan"', "step 1: expected an officer such as QN-07"),
        ('officer = "DX-02"', "", "step 2: expected officer as text"),
        ("2013-06-02T23:40:00+07:00", "2013-06-02T23:40:00", "step 1: .* its zone, found none"),
        ("2013-06-02T23:40:00+07:00", "last June", "step 1: expected a time with its zone"),
        ('to = "cn-dongxing"', "", "step 1: a request needs `to`"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(MalformedScenarioError, match=message):
        load(tmp_path, altered(old, new))


@pytest.mark.parametrize(
    "old,new,message",
    [
        ('"vn-mongcai-1"', '"vn-mongcay-1"', "step 1: .*vn-mongcay-1.*'vn-mongcai-1'"),
        ('to = "cn-dongxing"', 'to = "cn-donxing"', "step 1: .*cn-donxing.*'cn-dongxing'"),
        ('act = "accept"', 'act = "acept"', "step 3: act: unknown 'acept'; .*'accept'"),
        ('type = "RESCUE"', 'type = "RESQUE"', "step 1: type: unknown 'RESQUE'; .*'RESCUE'"),
        ('source = "plo', 'sauce = "plo', "scenario.toml: unknown key 'sauce'; .*'source'"),
        ("persons_total", "person_total", "step 1: unknown key 'person_total'"),
        ("\noutcomes", "\noutcome", "step 4: unknown key 'outcome'; .*'outcomes'"),
        ("P8..P22", "P8..P23", r"step 6: outcomes: expected .*\(P1..P22\), found P23"),
    ],
)
def test_a_word_that_does_not_exist_is_told_with_the_nearest(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UnknownWordError, match=message):
        load(tmp_path, altered(old, new))


def test_an_unknown_code_in_a_form_names_step_and_field(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFormError) as caught:
        load(tmp_path, altered('"beaten"', '"beeten"'))

    [finding] = caught.value.findings
    assert finding.path == "step 1: request.dangers.1"
    assert finding.code == "casework.unknown_code"
    assert "beeten" in finding.found


def test_everything_that_is_wrong_with_a_form_is_told_at_once(tmp_path: Path) -> None:
    text = altered('"beaten"', '"beeten"').replace('"phone"', '"pigeon"', 1)

    with pytest.raises(ScenarioFormError) as caught:
        load(tmp_path, text)

    assert len(caught.value.findings) == 2


def test_a_field_that_the_act_does_not_take_is_refused(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE + 'outcomes = [ { person = "P1", outcome = "located" } ]\n'

    assert "step 2: " in refused(tmp_path, text, ScenarioFormError)


def test_a_phrase_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE + 'phrases = ["NON-99"]\n'

    assert "step 2: " in refused(tmp_path, text, ScenarioError)


def test_steps_stand_in_the_order_of_time(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE.replace("00:52:00+08:00", "00:39:00+08:00")

    assert refused(tmp_path, text, OrderError) == "step 2: is 0:01:00 before step 1 in time"


def test_a_case_begins_with_its_request(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE + 'case = "two"\n'

    assert "step 2: case 'two' has no request" in refused(tmp_path, text, OrderError)


def test_a_case_has_one_request(tmp_path: Path) -> None:
    text = REQUEST + REQUEST[REQUEST.index("[[step]]") :]

    assert "step 2: case 'one' has a request already" in refused(tmp_path, text, OrderError)


def test_a_case_is_answered_by_its_own_desks(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE.replace("cn-dongxing", "cn-guangxi")

    assert "found cn-guangxi" in refused(tmp_path, text, NotAPartyError)


@pytest.mark.parametrize(
    "to,message", [("cn-guangxi", "may write to"), ("vn-quangninh", "desks of two countries")]
)
def test_a_request_goes_over_a_channel_to_the_other_country(
    tmp_path: Path, to: str, message: str
) -> None:
    text = REQUEST.replace('to = "cn-dongxing"', f'to = "{to}"')

    assert message in refused(tmp_path, text, NotAPartyError)


def test_a_desk_acts_only_while_it_exists(tmp_path: Path) -> None:
    message = refused(tmp_path, altered("historical = true\n", ""), DeskNotValidError)

    assert "step 1: desk vn-mongcai-1 is valid from 2025-07-01" in message
    assert "2013-06-02" in message


def test_a_scenario_of_today_need_not_be_historical(tmp_path: Path) -> None:
    assert not load(tmp_path, TODAY).historical


def test_the_day_that_counts_is_the_desks_own(tmp_path: Path) -> None:
    # 30 June 2025 17:30 UTC is 1 July in Móng Cái, the first day of the ward's police.
    first = TODAY.replace("2026-03-02T23:40:00+07:00", "2025-06-30T17:30:00+00:00")
    eve = TODAY.replace("2026-03-02T23:40:00+07:00", "2025-06-30T16:30:00+00:00")

    assert load(tmp_path, first).steps
    assert "2025-06-30" in refused(tmp_path, eve, DeskNotValidError)


def test_a_type_of_a_later_version_is_told_as_that() -> None:
    with pytest.raises(NotYetError, match="step 1: type REPORT is not available yet"):
        load_scenario(BUNDLED / "monthly-report.toml", CORRIDOR)


def test_the_bundled_baby_has_an_approver_and_takes_persons_over() -> None:
    scenario = load_scenario(BUNDLED / "baby-handover.toml", CORRIDOR)

    assert staff_of(scenario, CORRIDOR) == {
        "cn-dongxing": [Post("DX-03", Role.OFFICER), Post("DX-05", Role.OFFICER)],
        "vn-mongcai-1": [Post("MC-07", Role.OFFICER), Post("MC-02", Role.OFFICER)],
        "cn-guangxi": [Post("GX-01", Role.APPROVER)],
    }
    assert scenario.steps[5].fields["request"]["header"]["related"] == ["baby"]
    assert scenario.steps[-1].second_signer == SecondSigner("vn-mongcai-1", "MC-02")


def test_a_related_case_must_come_before(tmp_path: Path) -> None:
    text = REQUEST.replace('urgency = "U2"', 'urgency = "U2"\nrelated = ["other"]')

    assert "no case 'other' before it" in refused(tmp_path, text, UnknownWordError)


def test_a_word_of_a_later_version_is_told_as_that(tmp_path: Path) -> None:
    text = REQUEST.replace('urgency = "U2"', 'urgency = "U2"\ngenerated = true')

    assert refused(tmp_path, text, NotYetError) == "step 1: generated is not available yet"


def test_an_act_of_a_later_version_is_told_as_that(tmp_path: Path) -> None:
    text = REQUEST + ACKNOWLEDGE.replace('"acknowledge"', '"redirect"')

    assert "step 2: redirect" in refused(tmp_path, text, NotYetError)


def test_a_bundled_scenario_is_found_by_its_name() -> None:
    assert find_scenario("twenty-two-women.toml") == BUNDLED / "twenty-two-women.toml"


@pytest.mark.parametrize("name", ["women.toml", "../scenarios/twenty-two-women.toml", "/", ""])
def test_what_is_no_scenario_is_told_with_the_bundled_ones(name: str) -> None:
    with pytest.raises(MalformedScenarioError, match=r"bundled scenarios: .*twenty-two-women.toml"):
        find_scenario(name)


def test_a_file_in_another_encoding_is_malformed(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_bytes(WOMEN.encode("utf-16"))

    with pytest.raises(MalformedScenarioError, match="expected a TOML file"):
        load_scenario(file, CORRIDOR)
