from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.directory import DirectoryError
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.payload import decode_payload, encode_payload, prove_possession
from crypto.attest.signing import SignatureError, key_id
from crypto.attest.statement import (
    DeskPayload,
    DevicePayload,
    GrantKey,
    InfraKind,
    InfraPayload,
    Payload,
    Reason,
    RevocationPayload,
    Role,
    RootPayload,
    StatementError,
    SuccessionPayload,
    What,
    make_statement,
    parse_entry,
    sign_entry,
)
from tests.support.world import (
    HERE,
    THERE,
    archive_key,
    desk_payload,
    directory,
    key_payload,
    oversight,
    signing_key,
)

KEY = signing_key("statement")
ROOT = RootPayload((KEY.verify_key,), 1, "VN", ("một", "一", "one"))
DESK = desk_payload("vn-one", KEY)
UP = DeskPayload(
    DESK.registrars, "vn-two", DESK.names, DESK.not_before, DESK.not_after, HERE.desk, DESK.broker
)
SEEN = desk_payload("vn-one", KEY, panels=oversight("vn-one"))
DEVICE = key_payload(KEY, HERE.desk, Role.SUPERVISOR, "VN-02")
GRANT_KEY = GrantKey(HERE.window.kid, HERE.window.public)
REVOCATION = RevocationPayload(0, Reason.LEFT)
SUCCESSION = SuccessionPayload(HERE.desk, 0, None)
INFRA = InfraPayload(InfraKind.WITNESS, KEY.verify_key, "witness.example")
WINDOWS = tuple(own.window for own in HERE.windows)


def bytes_of(payload: Payload) -> bytes:
    """Return a payload's bytes, possession proved where there is need."""
    if isinstance(payload, DevicePayload | InfraPayload):
        return prove_possession(payload, KEY)
    return encode_payload(payload)


@pytest.mark.parametrize(
    "what, payload",
    [
        (What.ROOT, ROOT),
        (What.DESK, DESK),
        (What.DESK, UP),
        (What.DESK, SEEN),
        (What.DEVICE, DEVICE),
        (What.WINDOWS, WINDOWS),
        (What.GRANT_KEY, GRANT_KEY),
        (What.REVOKE, REVOCATION),
        (What.SUCCESSION, SUCCESSION),
        (What.SUCCESSION, SuccessionPayload(THERE.desk, 0, (bytes(16), b"\1" * 16))),
        (What.INFRA, INFRA),
    ],
    ids=[
        "root",
        "desk",
        "desk below another",
        "desk with oversight",
        "device",
        "windows",
        "grant key",
        "revocation",
        "succession",
        "succession in threads",
        "infra",
    ],
)
def test_a_payload_reads_back(what: What, payload: Payload) -> None:
    statement = make_statement(
        what, agency=HERE.agency, subject=bytes(16), payload=bytes_of(payload)
    )

    assert decode_payload(statement) == payload


@pytest.mark.parametrize("what", list(What))
@pytest.mark.parametrize(
    "payload",
    [ROOT, DESK, DEVICE, WINDOWS, GRANT_KEY, REVOCATION, SUCCESSION, INFRA],
    ids=lambda p: type(p).__name__,
)
def test_a_payload_is_not_read_as_another_kinds(what: What, payload: Payload) -> None:
    kinds = {
        What.ROOT: ROOT,
        What.DESK: DESK,
        What.DEVICE: DEVICE,
        What.WINDOWS: WINDOWS,
        What.GRANT_KEY: GRANT_KEY,
        What.REVOKE: REVOCATION,
        What.SUCCESSION: SUCCESSION,
    }
    statement = make_statement(
        what, agency=HERE.agency, subject=bytes(16), payload=bytes_of(payload)
    )

    if kinds.get(what, INFRA) == payload:
        assert decode_payload(statement) == payload
    else:
        with pytest.raises(StatementError):
            decode_payload(statement)


@pytest.mark.parametrize("proof", [None, 0, "proof", b""], ids=repr)
@pytest.mark.parametrize("what, payload", [(What.DEVICE, DEVICE), (What.INFRA, INFRA)])
def test_nothing_stands_in_the_place_of_a_proof_of_possession(
    what: What, payload: Payload, proof: Value
) -> None:
    bare = decode(encode_payload(payload), limit=4_096)
    assert isinstance(bare, list)
    statement = make_statement(
        what, agency=HERE.agency, subject=bytes(16), payload=encode([*bare, proof])
    )

    with pytest.raises((StatementError, SignatureError)):
        decode_payload(statement)


def test_a_root_or_desk_without_a_key_is_refused() -> None:
    for what, payload in ((What.ROOT, ROOT), (What.DESK, DESK)):
        fields = decode(encode_payload(payload), limit=4_096)
        assert isinstance(fields, list)
        none: list[Value] = []
        statement = make_statement(
            what, agency=HERE.agency, subject=bytes(16), payload=encode([none, *fields[1:]])
        )

        with pytest.raises(StatementError, match="expected distinct keys"):
            decode_payload(statement)


@pytest.mark.parametrize("place", [1, 2], ids=["agency", "subject"])
def test_an_id_of_another_length_is_refused(place: int) -> None:
    fields: list[Value] = [1, bytes(16), bytes(16), 1, None, b"\x80"]
    fields[place] = bytes(17)
    signatures: list[Value] = [[bytes(16), bytes(64)]]

    with pytest.raises(StatementError, match="an id has 16 bytes"):
        parse_entry(encode([encode(fields), signatures]))


@pytest.mark.parametrize("kid, signature", [(15, 64), (17, 64), (16, 63), (16, 65)])
def test_a_signature_of_another_length_is_refused(kid: int, signature: int) -> None:
    fields: list[Value] = [1, bytes(16), bytes(16), 1, None, b"\x80"]
    signatures: list[Value] = [[bytes(kid), bytes(signature)]]

    with pytest.raises(StatementError, match="a signature is"):
        parse_entry(encode([encode(fields), signatures]))


def panels(*sizes: int) -> Value:
    """Return panels of ``sizes`` keys each, all distinct."""
    keys: list[Value] = [[k.kid, k.public] for k in (archive_key(f"many {n}") for n in range(18))]
    ends = list(accumulate(sizes, initial=0))
    return [keys[begin:end] for begin, end in pairwise(ends)]


KEY_ROWS = panels(4)
assert isinstance(KEY_ROWS, list)
assert isinstance(KEY_ROWS[0], list)
ONE, TWO, THREE, FOUR = KEY_ROWS[0]
SHORT: Value = [key_id(HERE.window.public[:-1]), HERE.window.public[:-1]]
FALSE: Value = [bytes(16), HERE.window.public]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="no panel"),
        pytest.param(panels(2), id="one panel"),
        pytest.param(panels(2, 2, 2), id="three panels"),
        pytest.param(panels(1, 2), id="one supervisor"),
        pytest.param(panels(2, 9), id="nine supervisors"),
        pytest.param([[ONE, ONE], [THREE, FOUR]], id="one twice in a panel"),
        pytest.param([[ONE, TWO], [THREE, ONE]], id="one in both panels"),
        pytest.param([[ONE, TWO], [THREE, SHORT]], id="a key too short"),
        pytest.param([[ONE, TWO], [THREE, FALSE]], id="another id"),
        pytest.param([[ONE, TWO], [THREE, bytes(16)]], id="no key"),
        pytest.param([[ONE, TWO], None], id="half"),
        pytest.param(0, id="a number"),
    ],
)
def test_oversight_out_of_form_is_refused(value: Value) -> None:
    fields = decode(encode_payload(DESK), limit=4_096)
    assert isinstance(fields, list)
    payload = encode([*fields[:-1], value])
    statement = make_statement(What.DESK, agency=HERE.agency, subject=bytes(16), payload=payload)

    with pytest.raises(StatementError):
        decode_payload(statement)


def test_oversight_of_the_most_supervisors_fits_into_an_entry() -> None:
    fields = decode(encode_payload(DESK), limit=4_096)
    assert isinstance(fields, list)
    payload = encode([*fields[:-1], panels(8, 8)])
    statement = make_statement(What.DESK, agency=HERE.agency, subject=bytes(16), payload=payload)

    entry = parse_entry(sign_entry(statement, HERE.roots))

    assert isinstance(found := decode_payload(entry.statement), DeskPayload)
    assert found.oversight is not None
    assert len(found.oversight.keys) == 16


def window_row(public: bytes, **changes: Value) -> dict[str, Value]:
    """Return the fields of a window of HERE with another key, honest but for ``changes``."""
    begins, ends = WINDOWS[0].not_before, WINDOWS[0].not_after
    fields: dict[str, Value] = {"kid": key_id(public), "key": public, "from": begins, "to": ends}
    return fields | changes


KEY_OF_A_WINDOW = WINDOWS[0].public


@pytest.mark.parametrize(
    "windows",
    [
        pytest.param([], id="none"),
        pytest.param([window_row(KEY_OF_A_WINDOW[:-1])], id="a key too short"),
        pytest.param([window_row(KEY_OF_A_WINDOW + b"\0")], id="a key too long"),
        pytest.param([window_row(KEY_OF_A_WINDOW, kid=bytes(16))], id="another id"),
        pytest.param([window_row(KEY_OF_A_WINDOW)] * 2, id="one twice"),
        pytest.param([window_row(KEY_OF_A_WINDOW, to=0)], id="ends before it begins"),
    ],
)
def test_windows_out_of_form_are_refused(windows: list[dict[str, Value]]) -> None:
    payload = encode([list(window.values()) for window in windows])
    statement = make_statement(What.WINDOWS, agency=HERE.agency, subject=bytes(16), payload=payload)

    with pytest.raises(StatementError):
        decode_payload(statement)


def test_a_statement_names_the_one_before_by_its_hash() -> None:
    first = make_statement(What.ROOT, agency=HERE.agency, subject=bytes(16), payload=b"")
    second = make_statement(
        What.ROOT, agency=HERE.agency, subject=bytes(16), payload=b"", after=first
    )

    assert (first.serial, first.prev) == (1, None)
    assert (second.serial, second.prev) == (2, first.digest)
    assert second.digest != first.digest


def test_an_entry_reads_back_with_its_signatures_in_order() -> None:
    statement = make_statement(What.ROOT, agency=HERE.agency, subject=bytes(16), payload=b"\x80")

    entry = parse_entry(sign_entry(statement, [KEY, *HERE.roots]))

    assert entry.statement == statement
    assert [kid for kid, _ in entry.signatures] == sorted(k.kid for k in (KEY, *HERE.roots))


def test_more_signatures_than_eight_are_refused() -> None:
    statement = make_statement(What.ROOT, agency=HERE.agency, subject=bytes(16), payload=b"\x80")
    keys = [signing_key(f"many {n}") for n in range(9)]

    assert len(parse_entry(sign_entry(statement, keys[:8])).signatures) == 8
    with pytest.raises(StatementError):
        parse_entry(sign_entry(statement, keys))


@given(st.binary(max_size=150))
def test_bytes_drawn_at_random_are_no_entry(raw: bytes) -> None:
    with pytest.raises(StatementError):
        parse_entry(raw)


@given(st.sampled_from(list(What)), st.binary(max_size=150))
def test_bytes_drawn_at_random_are_no_payload(what: What, raw: bytes) -> None:
    statement = make_statement(what, agency=HERE.agency, subject=bytes(16), payload=raw)

    with pytest.raises((StatementError, SignatureError)):
        decode_payload(statement)


@given(st.data())
def test_an_entry_changed_anywhere_does_not_stand(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([*HERE.entries, *THERE.entries]))
    at = data.draw(st.integers(0, len(entry) - 1))
    spoilt = entry[:at] + bytes([entry[at] ^ data.draw(st.integers(1, 255))]) + entry[at + 1 :]
    post = HERE if entry in HERE.entries else THERE
    replica = directory(post)
    fresh = type(replica).replay([post.pin], post.entries[: post.entries.index(entry)])

    with pytest.raises(DirectoryError):
        fresh.append(spoilt)


def test_a_window_statement_of_eight_fits_into_an_entry() -> None:
    eight = tuple(
        type(HERE.window)(w.kid, w.public, w.not_before, w.not_after) for w in WINDOWS * 4
    )

    assert len(encode([encode_payload(eight), []])) < 16_384
