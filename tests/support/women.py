"""The rescue of 22 women as signed steps: facts after the scenario twenty-two-women."""

from collections.abc import Mapping
from datetime import UTC, datetime

from protocols.casework.forms.registry import parse_request
from protocols.casework.forms.request import RequestForm
from protocols.casework.payload import Step, parse_step
from protocols.casework.record import Arrival, Event, SignedStep

CASE = "QN-MC1-2013-0001"
MONG_CAI = "vn-mongcai-1"
DONGXING = "cn-dongxing"
TEXT_ZH = {"lang": "zh", "text": "继续查找。"}
REASON_VI = {"lang": "vi", "text": "Đề nghị tiếp tục tìm."}


def header(**changes: object) -> dict[str, object]:
    return {
        "ref": CASE,
        "type": "RESCUE",
        "sender": MONG_CAI,
        "to": DONGXING,
        "urgency": "U0",
        "urgency_reason": {"lang": "vi", "text": "Có người bị nhốt và bị đánh."},
    } | changes


def request_fields(**changes: object) -> dict[str, object]:
    return {
        "header": header(),
        "persons": [
            {
                "label": "P1",
                "role": "presumed_victim",
                "names": [{"form": "vi", "value": "Trần Thị Hồng Hạnh"}],
                "sex": "female",
                "birth": {"value": "1994", "precision": "year"},
                "nationality": "VN",
                "phone": {"number": "+86 138 0013 8007", "safe": False},
            },
            {
                "label": "P2",
                "role": "presumed_victim",
                "names": [{"form": "vi", "value": "Võ Thị Thu"}],
                "sex": "female",
                "birth": {"value": "16-18", "precision": "range"},
                "minor": True,
            },
        ],
        "groups": [
            {
                "labels": "P3..P22",
                "role": "presumed_victim",
                "sex": "female",
                "nationality": "VN",
            }
        ],
        "persons_total": 22,
        "source_of_information": "hotline_111",
        "place": {"lang": "vi", "text": "Nhà nghỉ gần bến xe Liêm Giang, biển hiệu số 168."},
        "last_contact": {"at": "2013-06-02T22:15:00+07:00", "means": "phone"},
        "dangers": ["locked_in", "beaten", "about_to_be_moved"],
        "do_not": ["do_not_call_number", "do_not_reveal_reporter"],
        "asked": ["locate_and_protect", "report_situation"],
    } | changes


def request_form(**changes: object) -> RequestForm:
    return parse_request(request_fields(**changes))


def step(act: str, **fields: object) -> Step:
    return parse_step({"case": CASE, "act": act} | fields)


def at(text: str) -> datetime:
    """Return the UTC time of "02 16:40": day and hour in June 2013."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return datetime(2013, 6, int(day), int(hour), int(minute), tzinfo=UTC)


def signed(index: int, when: str, desk: str, said: Step) -> SignedStep:
    return SignedStep(
        mid=index.to_bytes(32, "big"),
        index=index,
        taken_at=at(when),
        desk=desk,
        officer="MC-04" if desk == MONG_CAI else "DX-02",
        step=said,
    )


def rescued(labels: str, outcome: str) -> Mapping[str, str]:
    return {"persons": labels, "outcome": outcome}


REQUEST = signed(0, "02 16:40", MONG_CAI, step("request", request=request_fields()))
ARRIVAL = Arrival(mid=REQUEST.mid, index=1, at=at("02 16:41"))
ACKNOWLEDGE = signed(2, "02 16:52", DONGXING, step("acknowledge"))
ACCEPT = signed(3, "02 17:40", DONGXING, step("accept"))
FIRST_REPORT = signed(
    4,
    "03 00:10",
    DONGXING,
    step(
        "situation_report",
        text=TEXT_ZH,
        outcomes=[rescued("P1", "located"), rescued("P2", "located")],
    ),
)
SECOND_REPORT = signed(
    5,
    "03 11:30",
    DONGXING,
    step(
        "situation_report",
        text=TEXT_ZH,
        outcomes=[rescued("P1", "rescued"), rescued("P2", "rescued"), rescued("P3..P7", "rescued")],
    ),
)
ANSWER = signed(
    6,
    "09 08:00",
    DONGXING,
    step("answer", text=TEXT_ZH, outcomes=[rescued("P8..P22", "not_found")]),
)
DISPUTE = signed(7, "10 02:00", MONG_CAI, step("dispute", reason=REASON_VI))

#: The whole case, in ledger order.
WOMEN: tuple[Event, ...] = (
    REQUEST,
    ARRIVAL,
    ACKNOWLEDGE,
    ACCEPT,
    FIRST_REPORT,
    SECOND_REPORT,
    ANSWER,
    DISPUTE,
)
