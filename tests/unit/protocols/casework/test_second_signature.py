from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.encoding import Value, decode, encode
from protocols.casework.codes import Language, SignaturePurpose
from protocols.casework.errors import SignatureFormError
from protocols.casework.header import ReleaseApproval
from protocols.casework.payload import to_value
from protocols.casework.person import LocalText
from protocols.casework.second_signature import (
    Ask,
    Draft,
    Granted,
    Refused,
    SecondSignature,
    signature_from_value,
    signature_to_value,
)
from tests.support.baby import HANDED_OVER, SAMPLE_ASKED, approval

LIMIT = 1 << 20
SAID: dict[str, SecondSignature] = {
    "release": Ask(
        Draft("vn-mongcai-1", "zh", "GX-DX-2018-0001 DNA request", to_value(SAMPLE_ASKED.step)),
        SignaturePurpose.RELEASE,
    ),
    "handover": Ask(
        Draft("vn-mongcai-1", "", "handover_record", to_value(HANDED_OVER.step), bytes(16)),
        SignaturePurpose.HANDOVER,
    ),
    "granted": Granted(bytes(16), bytes(64), ReleaseApproval.model_validate(approval("007"))),
    "co-signed": Granted(b"\x01" * 16, b"\x02" * 64),
    "refused": Refused(LocalText(lang=Language.CHINESE, text="材料不全。")),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_is_said_comes_back_from_its_bytes(said: SecondSignature) -> None:
    raw = encode(signature_to_value(said))

    assert signature_from_value(decode(raw, limit=LIMIT)) == said


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_a_field_more_is_refused(said: SecondSignature) -> None:
    value: Any = signature_to_value(said)

    with pytest.raises(SignatureFormError):
        signature_from_value(value | {9: 1})


@pytest.mark.parametrize(
    "changes",
    [{1: 9}, {2: 3}, {2: "1"}, {3: {}}, {3: "draft"}],
)
def test_a_malformed_question_is_refused(changes: dict[int, Value]) -> None:
    value: Any = signature_to_value(SAID["handover"])

    with pytest.raises(SignatureFormError):
        signature_from_value(value | changes)


@pytest.mark.parametrize(
    "changes", [{1: ""}, {1: "x" * 61}, {2: "fr"}, {3: "x" * 201}, {5: b"short"}, {5: None}, {6: 1}]
)
def test_a_malformed_draft_is_refused(changes: dict[int, Value]) -> None:
    value: Any = signature_to_value(SAID["handover"])

    with pytest.raises(SignatureFormError):
        signature_from_value(value | {3: value[3] | changes})


@pytest.mark.parametrize("changes", [{2: bytes(15)}, {3: bytes(63)}, {4: {}}, {4: None}])
def test_a_malformed_signature_is_refused(changes: dict[int, Value]) -> None:
    value: Any = signature_to_value(SAID["granted"])

    with pytest.raises(SignatureFormError):
        signature_from_value(value | changes)


def test_an_approval_is_written_in_one_way() -> None:
    value: Any = signature_to_value(SAID["granted"])
    stated = dict(value[4])
    stated["class"] = stated.pop("authority")

    with pytest.raises(SignatureFormError, match="the one way"):
        signature_from_value(value | {4: stated})


@given(
    st.recursive(
        st.none() | st.integers(0, 9) | st.text(max_size=4) | st.binary(max_size=70),
        lambda inner: st.dictionaries(st.integers(1, 5), inner, max_size=4),
        max_leaves=8,
    )
)
def test_any_value_is_read_or_refused_by_its_code(value: Value) -> None:
    try:
        said = signature_from_value(value)
    except SignatureFormError as error:
        assert error.code == "casework.second_signature"  # noqa: PT017 - no error is right as well
        return
    assert signature_to_value(said) == value
