from datetime import date
from typing import Any

import pytest

from config.load import bundled_corridor
from crypto.attest.encoding import decode, encode
from protocols.casework.approval import (
    StandingApproval,
    check_approver,
    check_release,
    find_standing,
    needs,
    standing_from_value,
)
from protocols.casework.codes import AuthorityClass, RequestType, Urgency
from protocols.casework.errors import (
    ApprovalError,
    ApproverForeignError,
    ApproverIsSenderError,
    ApproverTooLowError,
    FormError,
    NoApprovalError,
    NoAuthorityRuleError,
)
from protocols.casework.header import Header
from tests.support.baby import DNA, DONGXING, MONG_CAI, VERIFY, approval, header

CORRIDOR = bundled_corridor("quangninh-guangxi")
DAY = date(2018, 1, 10)
STANDING = StandingApproval.model_validate(
    {
        "file": "桂公刑(2017)001号",
        "basis": "AGREEMENT_2010",
        "authority": "provincial",
        "types": ["VERIFY-ID", "RESCUE"],
        "urgencies": ["U0", "U1", "U2"],
        "senders": [DONGXING],
        "recipients": [MONG_CAI],
        "valid_from": "2017-01-01",
        "valid_to": "2018-12-31",
        "desk": "cn-guangxi",
        "officer": "GX-01",
    }
)


def asked(kind: str = "DNA", **changes: object) -> Header:
    return Header.model_validate(header(DNA, kind, **changes))


@pytest.mark.parametrize(
    "kind,sender,expected",
    [
        ("RESCUE", "cn-dongxing", None),
        ("RESCUE", "vn-mongcai-1", None),
        ("VERIFY-ID", "vn-mongcai-1", None),
        ("VERIFY-ID", "cn-dongxing", "provincial"),
        ("VERIFY-ID", "cn-guangxi", None),
        ("DNA", "vn-mongcai-1", "provincial"),
        ("DNA", "vn-quangninh", None),
        ("RETURN", "cn-dongxing", "provincial"),
    ],
)
def test_a_type_needs_this_class_of_release(kind: str, sender: str, expected: str | None) -> None:
    assert needs(RequestType(kind), sender, CORRIDOR, on=DAY) == expected


def test_a_type_without_a_rule_may_not_leave() -> None:
    with pytest.raises(NoAuthorityRuleError, match="INVEST of cn-dongxing"):
        needs(RequestType.INVEST, DONGXING, CORRIDOR, on=DAY)
    with pytest.raises(NoAuthorityRuleError):
        check_release(asked("DNA"), "DX-05", CORRIDOR, on=date(2010, 1, 1))


def test_a_request_with_a_provincial_approval_may_leave() -> None:
    check_release(asked(release_approval=approval("桂公刑(2018)007号")), "DX-05", CORRIDOR, on=DAY)


def test_a_request_that_needs_none_may_leave_without() -> None:
    check_release(
        asked("RESCUE", urgency="U0", urgency_reason={"lang": "zh", "text": "被关押"}),
        "DX-05",
        CORRIDOR,
        on=DAY,
    )


@pytest.mark.parametrize(
    "changes,error",
    [
        (None, NoApprovalError),
        ({"officer": "DX-05", "desk": DONGXING, "class": "local"}, ApproverIsSenderError),
        ({"officer": "DX-06", "desk": DONGXING, "class": "local"}, ApproverTooLowError),
        ({"officer": "DX-06", "desk": DONGXING}, ApproverTooLowError),
        ({"class": "central"}, ApproverTooLowError),
        ({"class": "local"}, ApproverTooLowError),
        ({"officer": "QN-01", "desk": "vn-quangninh"}, ApproverForeignError),
    ],
)
def test_an_approval_that_does_not_carry_the_request_is_refused(
    changes: dict[str, object] | None, error: type[ApprovalError]
) -> None:
    given = None if changes is None else approval("007") | changes

    with pytest.raises(error) as refused:
        check_release(asked(release_approval=given), "DX-05", CORRIDOR, on=DAY)
    assert refused.value.code == error.code


def test_an_officer_of_the_province_needs_a_colleague_for_what_is_approved() -> None:
    own = approval("008") | {"desk": "cn-guangxi", "officer": "GX-01"}
    head = asked(sender="cn-guangxi", to="vn-quangninh", release_approval=own)

    check_release(head, "GX-02", CORRIDOR, on=DAY)
    with pytest.raises(ApproverIsSenderError):
        check_release(head, "GX-01", CORRIDOR, on=DAY)


def test_a_standing_approval_covers_what_it_names() -> None:
    head = Header.model_validate(
        header(VERIFY, "VERIFY-ID", urgency="U1", urgency_reason={"lang": "zh", "text": "婴儿"})
    )

    found = find_standing(head, [STANDING], on=DAY)

    assert found is STANDING
    check_approver(STANDING, head.sender, "DX-03", CORRIDOR)
    released = head.model_copy(update={"release_approval": found.released()})
    check_release(released, "DX-03", CORRIDOR, on=DAY)


@pytest.mark.parametrize(
    "kind,urgency,sender,to,on",
    [
        ("DNA", "U1", DONGXING, MONG_CAI, DAY),
        ("VERIFY-ID", "U3", DONGXING, MONG_CAI, DAY),
        ("VERIFY-ID", "U1", "cn-guangxi", MONG_CAI, DAY),
        ("VERIFY-ID", "U1", DONGXING, "vn-quangninh", DAY),
        ("VERIFY-ID", "U1", DONGXING, MONG_CAI, date(2016, 12, 31)),
        ("VERIFY-ID", "U1", DONGXING, MONG_CAI, date(2019, 1, 1)),
    ],
)
def test_a_standing_approval_covers_nothing_else(
    kind: str, urgency: str, sender: str, to: str, on: date
) -> None:
    assert not STANDING.covers(RequestType(kind), Urgency(urgency), sender=sender, to=to, on=on)


def test_a_standing_approval_comes_back_from_its_bytes() -> None:
    raw = encode(STANDING.to_value())

    assert standing_from_value(decode(raw, limit=4_096)) == STANDING


@pytest.mark.parametrize(
    "changes",
    [
        {"types": []},
        {"types": ["RESCUE", "RESCUE"]},
        {"valid_to": "2016-12-31"},
        {"valid_from": "2017"},
        {"senders": ["Dongxing"]},
        {"colour": "blue"},
    ],
)
def test_a_standing_approval_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    value: Any = STANDING.to_value()

    with pytest.raises(FormError):
        standing_from_value(value | changes)


def test_a_standing_approval_written_in_another_way_is_refused() -> None:
    value: Any = STANDING.to_value()

    with pytest.raises(FormError) as caught:
        standing_from_value(value | {"types": tuple(value["types"])})

    assert [finding.code for finding in caught.value.findings] == ["casework.not_canonical"]


def test_the_classes_rise_from_local_to_central() -> None:
    assert [kind.value for kind in AuthorityClass] == ["local", "provincial", "central"]
