"""The baby of 2017-18 as signed steps of three cases: facts after the scenario baby-handover."""

from datetime import datetime

from protocols.casework.forms.registry import parse_request
from protocols.casework.forms.request import RequestForm
from protocols.casework.payload import Step, parse_step
from protocols.casework.record import Arrival, Event, SignedStep
from protocols.casework.related import take_over

MONG_CAI = "vn-mongcai-1"
DONGXING = "cn-dongxing"
VERIFY, DNA, RETURN = "GX-DX-2017-0001", "GX-DX-2018-0001", "GX-DX-2018-0002"
TEXT_ZH = {"lang": "zh", "text": "请予核实。"}
TEXT_VI = {"lang": "vi", "text": "Đã xác minh."}


def header(ref: str, kind: str, **changes: object) -> dict[str, object]:
    """Return the header of one of Dongxing's requests to Móng Cái."""
    return {
        "ref": ref,
        "type": kind,
        "sender": DONGXING,
        "to": MONG_CAI,
        "urgency": "U2",
    } | changes


def approval(file: str) -> dict[str, object]:
    """Return a provincial approval as a scenario writes it."""
    return {
        "desk": "cn-guangxi",
        "officer": "GX-01",
        "class": "provincial",
        "file": file,
        "basis": "AGREEMENT_2010",
    }


def verify_fields(**changes: object) -> dict[str, object]:
    """Return the request to verify the mother, with the baby as P2."""
    return {
        "header": header(VERIFY, "VERIFY-ID", urgency="U1", urgency_reason=TEXT_ZH),
        "questions": ["identity", "nationality", "residence", "relatives"],
        "persons": [
            {
                "label": "P1",
                "role": "relative",
                "names": [
                    {"form": "vi", "value": "Nguyễn Thị Lan"},
                    {"form": "zh", "value": "阮氏兰"},
                ],
                "sex": "female",
                "birth": {"value": "1996", "precision": "year"},
                "nationality": "VN",
                "phone": {"number": "+84 912 345 078", "safe": False},
            },
            {
                "label": "P2",
                "role": "presumed_victim",
                "sex": "female",
                "birth": {"value": "2017-11-04", "precision": "about"},
                "minor": True,
            },
        ],
    } | changes


VERIFY_FORM = parse_request(verify_fields())


def _copies(*related: RequestForm) -> list[dict[str, object]]:
    taken = take_over(related)
    return [person.model_dump(mode="json", exclude_none=True) for person in taken.persons]


def dna_fields(**changes: object) -> dict[str, object]:
    """Return the request to confirm the sample, with both persons taken over."""
    return {
        "header": header(
            DNA, "DNA", related=[VERIFY], release_approval=approval("桂公刑(2018)007号")
        ),
        "persons": _copies(VERIFY_FORM),
        "sample": {
            "kind": "buccal",
            "number": "QN-2017-118",
            "consent": True,
            "laboratory": "GX-DNA-01",
        },
    } | changes


DNA_FORM = parse_request(dna_fields())


def return_fields(**changes: object) -> dict[str, object]:
    """Return the request to receive the baby at the bridge."""
    return {
        "header": header(
            RETURN, "RETURN", related=[VERIFY, DNA], release_approval=approval("桂公境(2018)033号")
        ),
        "persons": _copies(VERIFY_FORM, DNA_FORM),
        "handover": {
            "gate": "MONG_CAI_DONG_HUNG_BRIDGE_1",
            "at": "2018-05-11T10:00:00+08:00",
            "documents": ["birth_record", "dna_report"],
            "escort": 3,
            "media": "embargo",
        },
    } | changes


def said(ref: str, act: str, **fields: object) -> Step:
    """Return a step of case ``ref``."""
    return parse_step({"case": ref, "act": act} | fields)


def signed(
    index: int,
    at: str,
    officer: str,
    step: Step,
    countersigners: tuple[tuple[str, str], ...] = (),
) -> SignedStep:
    """Return ``step`` as taken at the time ``at`` (with its zone) by the officer's desk."""
    return SignedStep(
        mid=index.to_bytes(32, "big"),
        index=index,
        taken_at=datetime.fromisoformat(at),
        desk=MONG_CAI if officer.startswith("MC") else DONGXING,
        officer=officer,
        step=step,
        countersigners=countersigners,
    )


def arrival(of: SignedStep, at: str) -> Arrival:
    """Return the arrival of ``of`` at the time ``at``, next in the ledger."""
    return Arrival(of.mid, of.index + 1, datetime.fromisoformat(at))


ASKED = signed(
    0,
    "2017-12-04T09:20:00+08:00",
    "DX-03",
    said(VERIFY, "request", request=verify_fields(), text=TEXT_ZH),
)
ACKNOWLEDGED = signed(2, "2017-12-04T08:41:00+07:00", "MC-07", said(VERIFY, "acknowledge"))
ACCEPTED = signed(3, "2017-12-04T08:55:00+07:00", "MC-07", said(VERIFY, "accept"))
VERIFIED = signed(
    4,
    "2017-12-05T15:30:00+07:00",
    "MC-07",
    said(
        VERIFY,
        "answer",
        text=TEXT_VI,
        outcomes=[
            {"person": "P1", "outcome": "match"},
            {"person": "P2", "outcome": "no_record"},
        ],
    ),
)
CLOSED = signed(5, "2017-12-06T10:05:00+08:00", "DX-03", said(VERIFY, "close"))

SAMPLE_ASKED = signed(
    10,
    "2018-01-10T09:00:00+08:00",
    "DX-05",
    said(DNA, "request", request=dna_fields(), text=TEXT_ZH),
)
SAMPLE_CONFIRMED = signed(
    12,
    "2018-01-12T09:30:00+07:00",
    "MC-02",
    said(DNA, "answer", text=TEXT_VI, outcomes=[{"person": "P1", "outcome": "match"}]),
)

RETURN_ASKED = signed(
    20, "2018-05-07T09:00:00+08:00", "DX-03", said(RETURN, "request", request=return_fields())
)
RETURN_AGREED = signed(
    22,
    "2018-05-08T14:00:00+07:00",
    "MC-02",
    said(RETURN, "answer", outcomes=[{"person": "P2", "outcome": "agreed"}]),
)
HANDED_OVER = signed(
    23,
    "2018-05-11T10:20:00+08:00",
    "DX-03",
    said(RETURN, "handover_record"),
    countersigners=((MONG_CAI, "MC-02"),),
)

#: The three cases, each in ledger order.
VERIFICATION: tuple[Event, ...] = (
    ASKED,
    arrival(ASKED, "2017-12-04T09:20:05+08:00"),
    ACKNOWLEDGED,
    ACCEPTED,
    VERIFIED,
    CLOSED,
)
COMPARISON: tuple[Event, ...] = (
    SAMPLE_ASKED,
    arrival(SAMPLE_ASKED, "2018-01-10T09:00:05+08:00"),
    SAMPLE_CONFIRMED,
)
HANDOVER: tuple[Event, ...] = (
    RETURN_ASKED,
    arrival(RETURN_ASKED, "2018-05-07T09:00:05+08:00"),
    RETURN_AGREED,
    HANDED_OVER,
)
