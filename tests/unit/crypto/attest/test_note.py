import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.note import (
    NOTE_LIMIT,
    SIGNATURES_LIMIT,
    BadNoteSignatureError,
    KeyNameError,
    MalformedKeyError,
    MalformedNoteError,
    NamedKey,
    Note,
    NoteError,
    NoteSignature,
    SignatureKind,
    UnsignedNoteError,
    decode_base64,
    parse_note,
    parse_signatures,
    parse_vkey,
    sign_note,
    verify_note,
)
from crypto.attest.signing import SigningKey

# The example of the specification, with its verifier key.
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"
    "HjG1Yu72IneyaQM=\n"
)
EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

KEY = SigningKey.from_seed(bytes(32))
NAME = "log.example/desk"
NAMED = NamedKey(NAME, KEY.verify_key)
OTHER = NamedKey(NAME, SigningKey.from_seed(bytes([1] * 32)).verify_key)
TEXT = "first line\n\nthird line, nghĩa là 第三行\n"


def line(name: str = "w.example", blob: bytes = bytes(68)) -> str:
    return f"— {name} {b64encode(blob).decode()}\n"


def test_the_note_of_the_specification_verifies_under_its_key() -> None:
    key = parse_vkey(EXAMPLE_VKEY, SignatureKind.ED25519)

    text = verify_note(parse_note(EXAMPLE.encode()), key)

    assert text == "This is an example message.\n"
    assert key.vkey(SignatureKind.ED25519) == EXAMPLE_VKEY


def test_a_hint_is_the_hash_of_name_kind_and_key() -> None:
    seed = NAME.encode() + b"\n\x04" + KEY.verify_key.raw

    assert NAMED.hint(SignatureKind.COSIGNATURE_V1) == hashlib.sha256(seed).digest()[:4]
    assert NAMED.hint(SignatureKind.ED25519) != NAMED.hint(SignatureKind.COSIGNATURE_V1)


def test_a_signed_note_reads_back_whole() -> None:
    note = sign_note(TEXT, NAME, KEY)

    assert parse_note(note.raw()) == note
    assert verify_note(parse_note(note.raw()), NAMED) == TEXT


@given(st.binary(max_size=200))
def test_bytes_are_refused_or_read_back_the_same(raw: bytes) -> None:
    try:
        note = parse_note(raw)
    except NoteError as e:
        assert e.code == "note.malformed"  # noqa: PT017 - either outcome is right
    else:
        assert note.raw() == raw


@given(st.data())
def test_a_note_changed_anywhere_verifies_no_more(data: st.DataObject) -> None:
    raw = sign_note(TEXT, NAME, KEY).raw()
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))

    with pytest.raises(NoteError):
        verify_note(parse_note(raw[:at] + bytes([byte]) + raw[at + 1 :]), NAMED)


def test_lines_by_unknown_keys_are_kept_and_ignored() -> None:
    raw = sign_note(TEXT, NAME, KEY).raw() + line(blob=bytes(5)).encode() + line(NAME).encode()

    note = parse_note(raw)

    assert verify_note(note, NAMED) == TEXT
    assert note.raw() == raw


def test_a_note_no_known_key_has_signed_is_refused() -> None:
    with pytest.raises(UnsignedNoteError, match=NAME):
        verify_note(sign_note(TEXT, NAME, KEY), OTHER)


def test_a_plain_signature_never_passes_for_a_cosignature() -> None:
    with pytest.raises(UnsignedNoteError, match="COSIGNATURE_V1"):
        sign_note(TEXT, NAME, KEY).find(NAMED, SignatureKind.COSIGNATURE_V1)


@pytest.mark.parametrize("signature", [bytes(64), bytes(63), bytes(72)])
def test_a_false_line_in_a_known_name_spoils_the_note(signature: bytes) -> None:
    false = NoteSignature(NAME, NAMED.hint(SignatureKind.ED25519), signature)

    with pytest.raises(BadNoteSignatureError) as caught:
        verify_note(Note(TEXT, (false,)), NAMED)

    assert caught.value.code == "note.bad_signature"


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = parse_note(f"one\n\n{line('inner.example')}\n{line('outer.example')}".encode())

    assert note.text == f"one\n\n{line('inner.example')}"
    assert [s.name for s in note.signatures] == ["outer.example"]


MALFORMED = {
    "nothing": b"",
    "no signature": b"text\n\n",
    "no empty line": f"text\n{line()}".encode(),
    "no newline at the end": f"text\n\n{line()}"[:-1].encode(),
    "carriage return": f"text\r\n\n{line()}".encode(),
    "tab": f"te\txt\n\n{line()}".encode(),
    "nought": f"te\0xt\n\n{line()}".encode(),
    "not UTF-8": b"te\xffxt\n\n" + line().encode(),
    "a surrogate": b"te\xed\xa0\x80xt\n\n" + line().encode(),
    "hyphen for a dash": f"text\n\n{line()}".replace("—", "-").encode(),
    "no name": f"text\n\n{line('')}".encode(),
    "space in the name": f"text\n\n{line('a b')}".encode(),
    "wide space in the name": f"text\n\n{line(chr(0x3000))}".encode(),
    "plus in the name": f"text\n\n{line('a+b')}".encode(),
    "no base64": "text\n\n— w.example\n".encode(),
    "base64 of another alphabet": "text\n\n— w.example ab-_abcd\n".encode(),
    "base64 without padding": "text\n\n— w.example AAAAAAA\n".encode(),
    "base64 with stray bits": "text\n\n— w.example AAAAAAB=\n".encode(),
    "hint without signature": f"text\n\n{line(blob=bytes(4))}".encode(),
    "a key twice": f"text\n\n{line()}{line(blob=bytes(4) + b'x')}".encode(),
    "text after the signatures": f"text\n\n{line()}more\n".encode(),
    "too long": b"x" * NOTE_LIMIT + f"\n\n{line()}".encode(),
    "too many lines": (
        "text\n\n" + "".join(line(f"w{i}") for i in range(SIGNATURES_LIMIT + 1))
    ).encode(),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_note_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedNoteError) as caught:
        parse_note(raw)

    assert caught.value.code == "note.malformed"


def test_a_last_line_that_was_cut_off_is_not_passed_over() -> None:
    raw = f"{TEXT}\n{line()}{line('other.example')}".encode()

    assert len(parse_note(raw).signatures) == 2
    with pytest.raises(MalformedNoteError, match="newline"):
        parse_note(raw[:-1])


def test_sixteen_signatures_are_read_as_the_specification_asks() -> None:
    raw = ("text\n\n" + "".join(line(f"w{i}") for i in range(16))).encode()

    assert len(parse_note(raw).signatures) == 16


def test_bare_signature_lines_read_as_in_a_note() -> None:
    lines = line("a.example") + line("b.example")

    assert [s.line() for s in parse_signatures(lines.encode())] == [
        line("a.example"),
        line("b.example"),
    ]
    with pytest.raises(MalformedNoteError):
        parse_signatures(b"")


@pytest.mark.parametrize("text", ["no newline", "one\n\nno newline", "a tab\t\n", ""])
def test_a_text_no_reader_would_accept_is_not_signed(text: str) -> None:
    with pytest.raises(MalformedNoteError):
        sign_note(text, NAME, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x07b"])
def test_a_name_that_could_not_stand_in_a_line_is_refused(name: str) -> None:
    with pytest.raises(KeyNameError) as caught:
        NamedKey(name, KEY.verify_key)

    assert caught.value.code == "note.key_name"


def test_a_newer_line_by_a_key_takes_the_place_of_the_older() -> None:
    note = parse_note(f"text\n\n{line('a')}{line('b')}".encode())
    newer = NoteSignature("a", bytes(4), b"newer")

    assert [s.name for s in note.adding(newer).signatures] == ["b", "a"]
    assert note.adding(newer).signatures[-1] == newer


@pytest.mark.parametrize("kind", list(SignatureKind))
def test_a_key_in_text_form_reads_back(kind: SignatureKind) -> None:
    assert parse_vkey(NAMED.vkey(kind), kind) == NAMED


def test_a_key_whose_base64_holds_a_plus_reads_back() -> None:
    seeds = (bytes([n] * 32) for n in range(256))
    keys = (NamedKey(NAME, SigningKey.from_seed(seed).verify_key) for seed in seeds)
    plus = next(k for k in keys if k.vkey(SignatureKind.ED25519).count("+") > 2)

    assert parse_vkey(plus.vkey(SignatureKind.ED25519), SignatureKind.ED25519) == plus


@pytest.mark.parametrize(
    "text",
    [
        "example.com/foo",
        "example.com/foo+530d903a",
        EXAMPLE_VKEY.replace("530d903a", "530d903b"),
        EXAMPLE_VKEY.replace("530d903a", "530D903A"),
        EXAMPLE_VKEY.replace("Aeky", "BOky"),
        EXAMPLE_VKEY[:-4],
        "example.com/foo+530d903a+",
    ],
)
def test_a_key_out_of_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedKeyError) as caught:
        parse_vkey(text, SignatureKind.ED25519)

    assert caught.value.code == "note.key"


def test_a_witness_key_is_not_taken_for_a_log_key() -> None:
    with pytest.raises(MalformedKeyError, match="ED25519"):
        parse_vkey(NAMED.vkey(SignatureKind.COSIGNATURE_V1), SignatureKind.ED25519)


@given(st.binary(max_size=80))
def test_base64_reads_back(value: bytes) -> None:
    assert decode_base64(b64encode(value).decode()) == value


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AA==\n", " AA==", "ÁA==", "AA==AA=="])
def test_base64_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedNoteError):
        decode_base64(text)
