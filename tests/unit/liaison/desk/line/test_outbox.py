"""Which receipts of a broker are believed."""

import pytest

from crypto.attest import labels
from crypto.attest.signing import SigningKey, pack_signed
from liaison.desk.line.outbox import LATEST, FalseReceiptError, check_took
from protocols.wire.receipt import Took
from tests.support.world import BROKER, NOW, seed

MID, EID = seed("mid"), seed("eid")
TOOK = Took(MID, EID, 7, NOW, BROKER.kid)


def signed(took: Took, *, key: SigningKey = BROKER, label: bytes = labels.TOOK) -> bytes:
    return pack_signed(key, label, took.encoded())


def test_the_brokers_receipt_for_this_envelope_is_believed() -> None:
    assert check_took(signed(TOOK), MID, EID, BROKER.verify_key) == TOOK


@pytest.mark.parametrize(
    "took",
    [
        pytest.param(signed(TOOK, key=SigningKey.from_seed(seed("x"))), id="another key"),
        pytest.param(signed(TOOK, label=labels.NOTED), id="signed as something else"),
        pytest.param(signed(Took(EID, EID, 7, NOW, BROKER.kid)), id="another message"),
        pytest.param(signed(Took(MID, MID, 7, NOW, BROKER.kid)), id="other bytes"),
        pytest.param(signed(Took(MID, EID, 7, NOW, bytes(16))), id="another broker"),
        pytest.param(signed(Took(MID, EID, 7, LATEST + 1, BROKER.kid)), id="no such time"),
        pytest.param(pack_signed(BROKER, labels.TOOK, b"\x80"), id="no receipt"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_any_other_receipt_is_none(took: bytes) -> None:
    with pytest.raises(FalseReceiptError):
        check_took(took, MID, EID, BROKER.verify_key)
