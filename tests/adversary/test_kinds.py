"""Every signed kind offered in the place of every other: nothing off the diagonal is taken."""

import pytest

from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.encoding import EncodingError
from crypto.attest.header import EnvelopeError
from crypto.attest.note import NoteError
from crypto.attest.signing import SignatureError
from crypto.attest.statement import StatementError
from crypto.seal.backup import BackupError
from crypto.seal.erasure import ErasureError
from crypto.seal.oversight import OversightError
from crypto.seal.seen import SeenError
from liaison.broker.errors import RefusedError
from liaison.desk.line.outbox import FalseReceiptError
from protocols.casework.errors import CaseworkError
from protocols.wire.api import FrameError
from protocols.wire.receipt import ReceiptError
from tests.support.signed_kinds import SignedKind, signed_kinds

OWN_ERRORS = (
    BackupError,
    CaseworkError,
    DirectoryError,
    EncodingError,
    EnvelopeError,
    ErasureError,
    FalseReceiptError,
    FrameError,
    NoteError,
    OversightError,
    ReceiptError,
    RefusedError,
    SeenError,
    SignatureError,
    StatementError,
)
KINDS = {kind.name: kind for kind in signed_kinds()}


def test_every_label_has_a_row() -> None:
    assert {kind.label for kind in KINDS.values()} == {*labels.SIGNING, b""}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_what_is_genuine_is_taken(kind: SignedKind) -> None:
    kind.take(kind.body, kind.signature())


OFF_DIAGONAL = [(made, taken) for made in KINDS for taken in KINDS if made != taken]


@pytest.mark.parametrize(
    "made, taken", OFF_DIAGONAL, ids=[f"{made} as {taken}" for made, taken in OFF_DIAGONAL]
)
def test_nothing_signed_is_taken_for_another_kind(made: str, taken: str) -> None:
    check_is_no(KINDS[made], KINDS[taken])


def check_is_no(made: SignedKind, taken: SignedKind) -> None:
    """Check that what is signed as ``made`` is never ``taken``, whoever has signed it how."""
    theft = made.body, made.signature()
    relabelled = taken.body, taken.key.sign(made.label, made.body)
    confused = made.body, taken.key.sign(taken.label, made.body)

    for body, signature in (theft, relabelled, confused):
        with pytest.raises(OWN_ERRORS):
            taken.take(body, signature)


@pytest.mark.parametrize("label", sorted({*labels.SIGNING, b"", labels.WRAP}))
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_right_body_by_the_right_key_under_another_label_is_refused(
    kind: SignedKind, label: bytes
) -> None:
    signature = kind.key.sign(label, kind.body)

    if label == kind.label:
        kind.take(kind.body, signature)
    else:
        with pytest.raises(OWN_ERRORS):
            kind.take(kind.body, signature)
