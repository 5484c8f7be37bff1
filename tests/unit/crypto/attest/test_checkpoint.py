from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.checkpoint import (
    SIZE_LIMIT,
    Checkpoint,
    Cosignature,
    ForeignCheckpointError,
    MalformedCheckpointError,
    MalformedCosignatureError,
    Policy,
    PolicyError,
    QuorumError,
    add_cosignature,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from crypto.attest.note import (
    BadNoteSignatureError,
    NamedKey,
    NoteError,
    NoteSignature,
    SignatureKind,
    UnsignedNoteError,
    parse_note,
    sign_note,
)
from crypto.attest.signing import SigningKey

# The example of the specification.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = SigningKey.from_seed(bytes([1] * 32))
NORTH = SigningKey.from_seed(bytes([2] * 32))
SOUTH = SigningKey.from_seed(bytes([3] * 32))
ORIGIN = "log.example/ledger"
LOG_KEY = NamedKey(ORIGIN, LOG.verify_key)
NORTH_KEY = NamedKey("north.example/witness", NORTH.verify_key)
SOUTH_KEY = NamedKey("south.example/witness", SOUTH.verify_key)
BOTH = Policy.of_all(LOG_KEY, NORTH_KEY, SOUTH_KEY)
AT = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))
SIGNED = sign_checkpoint(CHECKPOINT, LOG)


def cosigned(*witnesses: tuple[NamedKey, SigningKey], raw: bytes = SIGNED) -> bytes:
    for named, key in witnesses:
        answer = cosign(raw, named.name, key, at=AT).line().encode()
        raw = add_cosignature(raw, answer, named)
    return raw


COSIGNED = cosigned((NORTH_KEY, NORTH), (SOUTH_KEY, SOUTH))


def test_the_checkpoint_of_the_specification_reads_and_writes_the_same() -> None:
    note = parse_note(SOFA.encode())
    checkpoint = parse_checkpoint(note.text)

    root = b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert checkpoint == Checkpoint("example.com/behind-the-sofa", 20852163, root)
    assert checkpoint.text() == note.text
    assert note.raw() == SOFA.encode()
    assert (checkpoint.head.size, checkpoint.head.root) == (20852163, root)


def test_a_signed_checkpoint_opens_under_its_log() -> None:
    assert open_checkpoint(SIGNED, LOG_KEY) == CHECKPOINT


def test_a_cosigned_checkpoint_tells_who_saw_it_and_when() -> None:
    found = verify_checkpoint(COSIGNED, BOTH)

    assert found.checkpoint == CHECKPOINT
    assert found.cosignatures == (
        Cosignature("north.example/witness", AT),
        Cosignature("south.example/witness", AT),
    )


def test_a_cosignature_signs_the_bytes_the_specification_names() -> None:
    line = cosign(SIGNED, NORTH_KEY.name, NORTH, at=AT)

    seconds = int(AT.timestamp())
    message = f"cosignature/v1\ntime {seconds}\n{CHECKPOINT.text()}".encode()
    public = Ed25519PublicKey.from_public_bytes(NORTH.verify_key.raw)
    public.verify(line.signature[8:], message)  # another implementation; raises when it is not so
    assert line.signature[:8] == seconds.to_bytes(8, "big")


def test_extension_lines_are_signed_by_log_and_witness() -> None:
    longer = Checkpoint(ORIGIN, 1, bytes(32), ("epoch 2", "anything"))
    raw = cosigned((NORTH_KEY, NORTH), (SOUTH_KEY, SOUTH), raw=sign_checkpoint(longer, LOG))

    assert verify_checkpoint(raw, BOTH).checkpoint == longer
    with pytest.raises(BadNoteSignatureError):
        verify_checkpoint(raw.replace(b"epoch 2", b"epoch 3"), BOTH)


@pytest.mark.parametrize("witness", [(NORTH_KEY, NORTH), (SOUTH_KEY, SOUTH)])
def test_one_side_alone_makes_no_evidence(witness: tuple[NamedKey, SigningKey]) -> None:
    missing = ({NORTH_KEY.name, SOUTH_KEY.name} - {witness[0].name}).pop()

    with pytest.raises(QuorumError, match=f"missing: {missing}"):
        verify_checkpoint(cosigned(witness), BOTH)


def test_a_witness_unknown_to_the_policy_counts_for_nothing() -> None:
    stranger = SigningKey.from_seed(bytes([9] * 32))
    named = NamedKey(SOUTH_KEY.name, stranger.verify_key)

    with pytest.raises(QuorumError, match="2 cosignatures expected, 1 found"):
        verify_checkpoint(cosigned((NORTH_KEY, NORTH), (named, stranger)), BOTH)


def test_a_smaller_quorum_is_met_by_either_witness() -> None:
    either = Policy(LOG_KEY, (NORTH_KEY, SOUTH_KEY), 1)

    found = verify_checkpoint(cosigned((SOUTH_KEY, SOUTH)), either)

    assert [c.name for c in found.cosignatures] == [SOUTH_KEY.name]


def test_a_false_line_of_a_known_witness_spoils_even_a_met_quorum() -> None:
    either = Policy(LOG_KEY, (NORTH_KEY, SOUTH_KEY), 1)
    false = NoteSignature(
        NORTH_KEY.name,
        NORTH_KEY.hint(SignatureKind.COSIGNATURE_V1),
        int(AT.timestamp()).to_bytes(8) + bytes(64),
    )
    raw = parse_note(cosigned((SOUTH_KEY, SOUTH))).adding(false).raw()

    with pytest.raises(BadNoteSignatureError):
        verify_checkpoint(raw, either)


def test_a_witness_cannot_stand_in_for_the_log() -> None:
    raw = sign_note(CHECKPOINT.text(), NORTH_KEY.name, NORTH).raw()

    with pytest.raises(UnsignedNoteError, match=ORIGIN):
        open_checkpoint(raw, LOG_KEY)


def test_a_checkpoint_of_another_log_signed_by_this_one_is_refused() -> None:
    other = Checkpoint("log.example/other", 42, bytes(32))
    raw = sign_note(other.text(), ORIGIN, LOG).raw()

    with pytest.raises(ForeignCheckpointError) as caught:
        open_checkpoint(raw, LOG_KEY)

    assert caught.value.code == "checkpoint.foreign"


@given(st.data())
def test_a_cosigned_checkpoint_changed_anywhere_verifies_no_more(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(COSIGNED) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != COSIGNED[at]))

    with pytest.raises(NoteError):
        verify_checkpoint(COSIGNED[:at] + bytes([byte]) + COSIGNED[at + 1 :], BOTH)


ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n42\n",
        f"{ORIGIN}\n42\n{ROOT}",
        f"\n42\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n042\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n+1\n{ROOT}\n",
        f"{ORIGIN}\n4_2\n{ROOT}\n",
        f"{ORIGIN}\n 42\n{ROOT}\n",
        f"{ORIGIN}\n४२\n{ROOT}\n",
        f"{ORIGIN}\n{SIZE_LIMIT + 1}\n{ROOT}\n",
        f"{ORIGIN}\n42\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n42\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n42\n{ROOT}\n\n",
        f"{ORIGIN}\n42\n{ROOT}\n\nextension\n",
    ],
)
def test_a_text_out_of_form_is_no_checkpoint(text: str) -> None:
    with pytest.raises(MalformedCheckpointError) as caught:
        parse_checkpoint(text)

    assert caught.value.code == "checkpoint.malformed"


@pytest.mark.parametrize("size", [0, 1, SIZE_LIMIT])
def test_every_size_in_range_reads_back(size: int) -> None:
    checkpoint = Checkpoint(ORIGIN, size, bytes(32))

    assert parse_checkpoint(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint("two\nlines", 1, bytes(32)),
        Checkpoint("", 1, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(32), ("",)),
    ],
)
def test_a_checkpoint_no_reader_would_accept_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteError):
        sign_checkpoint(checkpoint, LOG)


@pytest.mark.parametrize("stamp", [bytes(8), b"\xff" * 8, b"", (253_402_300_800).to_bytes(8)])
def test_a_cosignature_without_a_real_time_is_refused(stamp: bytes) -> None:
    hint = NORTH_KEY.hint(SignatureKind.COSIGNATURE_V1)
    message = f"cosignature/v1\ntime {int.from_bytes(stamp)}\n{CHECKPOINT.text()}".encode()
    line = NoteSignature(NORTH_KEY.name, hint, stamp + NORTH.sign_plain(message))

    with pytest.raises(MalformedCosignatureError) as caught:
        add_cosignature(SIGNED, line.line().encode(), NORTH_KEY)

    assert caught.value.code == "checkpoint.cosignature"


def test_a_cosignature_moved_to_another_time_is_refused() -> None:
    line = cosign(SIGNED, NORTH_KEY.name, NORTH, at=AT)
    later = NoteSignature(
        line.name, line.hint, (int(AT.timestamp()) + 1).to_bytes(8) + line.signature[8:]
    )

    with pytest.raises(BadNoteSignatureError):
        add_cosignature(SIGNED, later.line().encode(), NORTH_KEY)


def test_a_cosignature_for_another_checkpoint_is_refused() -> None:
    other = sign_checkpoint(Checkpoint(ORIGIN, 43, bytes(32)), LOG)
    answer = cosign(other, NORTH_KEY.name, NORTH, at=AT).line().encode()

    with pytest.raises(BadNoteSignatureError):
        add_cosignature(SIGNED, answer, NORTH_KEY)


def test_only_the_line_of_the_witness_asked_is_taken_from_its_answer() -> None:
    north = cosign(SIGNED, NORTH_KEY.name, NORTH, at=AT).line()
    south = cosign(SIGNED, SOUTH_KEY.name, SOUTH, at=AT).line()

    raw = add_cosignature(SIGNED, (south + north).encode(), NORTH_KEY)

    assert [s.name for s in parse_note(raw).signatures] == [ORIGIN, NORTH_KEY.name]


def test_an_answer_without_the_line_of_the_witness_is_refused() -> None:
    south = cosign(SIGNED, SOUTH_KEY.name, SOUTH, at=AT).line().encode()

    with pytest.raises(UnsignedNoteError, match=NORTH_KEY.name):
        add_cosignature(SIGNED, south, NORTH_KEY)


@pytest.mark.parametrize("quorum", [-1, 0, 3])
def test_a_quorum_that_checks_nothing_or_is_never_met_is_refused(quorum: int) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(LOG_KEY, (NORTH_KEY, SOUTH_KEY), quorum)

    assert caught.value.code == "checkpoint.policy"


@pytest.mark.parametrize(
    "second",
    [
        NORTH_KEY,
        NamedKey("alias.example/witness", NORTH.verify_key),
        NamedKey(NORTH_KEY.name, SOUTH.verify_key),
        NamedKey("alias.example/witness", LOG.verify_key),
    ],
)
def test_one_key_never_counts_for_two_parties(second: NamedKey) -> None:
    with pytest.raises(PolicyError):
        Policy.of_all(LOG_KEY, NORTH_KEY, second)
