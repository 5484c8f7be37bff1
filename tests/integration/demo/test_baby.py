"""The baby's verification, comparison and handover, played whole by the installed command."""

from tests.support.command import liaison
from tests.support.played import AGENCIES, BABY, Played

#: What the scenario's steps make of the three cases; `at` is the scenario's hour in UTC.
STEPS = [
    ("baby", "request", "DX-03", "2017-12-04T01:20:00Z", "received"),
    ("baby", "acknowledge", "MC-07", "2017-12-04T01:41:00Z", "acknowledged"),
    ("baby", "accept", "MC-07", "2017-12-04T01:55:00Z", "accepted"),
    ("baby", "answer", "MC-07", "2017-12-05T08:30:00Z", "answered"),
    ("baby", "close", "DX-03", "2017-12-06T02:05:00Z", "closed"),
    ("baby-dna", "request", "DX-05", "2018-01-10T01:00:00Z", "received"),
    ("baby-dna", "answer", "MC-02", "2018-01-12T02:30:00Z", "answered"),
    ("baby-return", "request", "DX-03", "2018-05-07T01:00:00Z", "received"),
    ("baby-return", "answer", "MC-02", "2018-05-08T07:00:00Z", "answered"),
    ("baby-return", "handover_record", "DX-03", "2018-05-11T02:20:00Z", "closed"),
]
#: By hand: every clock starts at the arrival, which in the play is the second of sending. U1: 12 h
#: and three days to 24:00 in Hà Nội; DNA: 12 h, 24 h and 30 days; return: 12 h and five days, to a
#: Saturday, so on to Monday by both calendars.
CLOCKS = [
    ("baby", "verify-id.delivery", "2017-12-04T01:20:00Z", "2017-12-04T13:20:00Z", "met"),
    ("baby", "verify-id.acknowledge", "2017-12-04T01:20:00Z", "2017-12-04T13:20:00Z", "met"),
    ("baby", "verify-id.answer", "2017-12-04T01:20:00Z", "2017-12-07T16:59:59Z", "met"),
    ("baby-dna", "dna.delivery", "2018-01-10T01:00:00Z", "2018-01-10T13:00:00Z", "met"),
    ("baby-dna", "dna.acknowledge", "2018-01-10T01:00:00Z", "2018-01-11T01:00:00Z", "met_late"),
    ("baby-dna", "dna.answer", "2018-01-10T01:00:00Z", "2018-02-09T16:59:59Z", "met"),
    ("baby-return", "return.delivery", "2018-05-07T01:00:00Z", "2018-05-07T13:00:00Z", "met"),
    (
        *("baby-return", "return.acknowledge", "2018-05-07T01:00:00Z"),
        *("2018-05-07T13:00:00Z", "met_late"),
    ),
    ("baby-return", "return.answer", "2018-05-07T01:00:00Z", "2018-05-14T15:59:59Z", "met"),
]


def test_the_play_succeeds_with_all_ten_messages_delivered_and_opened(baby: Played) -> None:
    assert baby.outcome.code == 0, baby.outcome.err
    answer = baby.answer
    assert answer["scenario"] == BABY
    assert (answer["messages"], answer["delivered"], answer["opened"]) == (10, 10, 10)


def test_both_desks_hold_the_stage_that_each_step_makes(baby: Played) -> None:
    assert baby.answer["steps"] == [
        {"case": case, "act": act, "by": by, "at": at, "stage_vn": stage, "stage_cn": stage}
        for case, act, by, at, stage in STEPS
    ]


def test_both_desks_hold_the_same_due_times_to_the_second(baby: Played) -> None:
    found = [
        (clock["case"], clock["limit"], clock["starts"], clock["due_vn"], clock["state"])
        for clock in baby.answer["clocks"]
    ]

    assert found == CLOCKS
    assert all(clock["due_vn"] == clock["due_cn"] for clock in baby.answer["clocks"])


def test_each_free_text_is_translated_by_the_machine_that_reads_it(baby: Played) -> None:
    texts = baby.answer["translations"]

    # Reason and text of the verification, the answer; text of the comparison, the answer.
    assert [(text["case"], text["from"], text["to"]) for text in texts] == [
        ("baby", "zh", "vi"),
        ("baby", "zh", "vi"),
        ("baby", "vi", "zh"),
        ("baby-dna", "zh", "vi"),
        ("baby-dna", "vi", "zh"),
    ]
    assert {text["method"] for text in texts} == {"machine"}
    assert all("model.demo" in text["findings"] for text in texts)


def test_the_ledger_is_whole_and_cosigned_by_a_witness_of_each_side(baby: Played) -> None:
    ledger = baby.answer["ledger"]
    checked = liaison(
        *("audit", "verify", "--ledger", baby.state / "ledger", "--pins", baby.pins_file, "--json")
    )

    assert ledger["verified"] is True
    assert ledger["cosignatures"] == [f"witness-{agency}" for agency in AGENCIES]
    assert checked.code == 0, checked.err
    assert checked.json["checkpoint"] == ledger["checkpoint"]


def test_no_process_is_left_behind(baby: Played) -> None:
    assert baby.left_behind == 0


def test_no_log_and_no_file_of_the_broker_holds_a_word_of_the_case(baby: Played) -> None:
    files = [*(baby.state / "logs").iterdir(), *(baby.state / "broker").iterdir()]
    held = b"".join(path.read_bytes() for path in files if path.is_file())
    said = ("Nguyễn Thị Lan", "阮氏兰", "022196001507", "桂公刑", "DX-03 ")

    assert [word for word in said if word.encode() in held] == []
