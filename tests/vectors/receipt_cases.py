"""Receipts of the vectors: what must be taken, and one for each field, label or signature spoilt.

Of the broker: that it has taken an envelope, and has noted an acknowledgement. Of a device: that it
has a message. Of an officer: that they have opened it, which is a form inside a sealed message.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.signing import SigningKey, pack_signed
from protocols.casework.receipt import OpenedReceipt, receipt_to_value
from protocols.wire.receipt import Ack, AckWhat, Noted, Took
from tests.support.world import BROKER, HERE, NOW, seed

MID, EID = seed("a message"), seed("an envelope")
MALFORMED, BAD, UNSIGNED = "receipt.malformed", "signature.bad", "signature.malformed"
FALSE, FORM = "line.false_receipt", "casework.receipt"
LIMIT = 512
FIELDS = {
    "took": ("mid", "eid", "index", "at", "broker"),
    "ack": ("what", "mid", "eid", "at", "device"),
    "noted": ("ack", "index", "at", "broker"),
}
OPENED_FIELDS = ("what", "mid", "eid", "plain", "at", "by")


@dataclass(frozen=True, slots=True)
class ReceiptCase:
    """A receipt ``raw`` of ``kind``, as whoever knows the signer's ``key`` finds it."""

    kind: str
    name: str
    comment: str
    expect: str
    raw: bytes
    key: bytes = b""

    def text(self) -> str:
        """Return the vector's text."""
        lines = [
            f"comment: {self.comment}",
            f"expect: {self.expect}",
            f"kind: {self.kind}",
            *([f"key: {self.key.hex()}"] if self.key else []),
            *([f"mid: {MID.hex()}", f"eid: {EID.hex()}"] if self.kind == "took" else []),
            f"receipt: {self.raw.hex()}",
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Signed:
    """An honest signed receipt in parts."""

    kind: str
    key: SigningKey
    label: bytes
    body: bytes

    def case(self, name: str, comment: str, expect: str, raw: bytes) -> ReceiptCase:
        """Return a case of it; of a false one the broker's is told by one code."""
        code = FALSE if self.kind == "took" and expect != "ok" else expect
        full = f"{self.kind}-{name}" if name else self.kind
        return ReceiptCase(self.kind, full, comment, code, raw, self.key.verify_key.raw)

    def of(self, body: bytes) -> bytes:
        """Return another body, honestly signed."""
        return pack_signed(self.key, self.label, body)


def signed() -> tuple[Signed, ...]:
    """Return the honest ones."""
    ack = Ack(AckWhat.DELIVERED, MID, EID, NOW, HERE.device.kid).encoded()
    return (
        Signed("took", BROKER, labels.TOOK, Took(MID, EID, 7, NOW, BROKER.kid).encoded()),
        Signed("ack", HERE.device, labels.ACK, ack),
        Signed(
            "noted",
            BROKER,
            labels.NOTED,
            Noted(seed("an acknowledgement"), 8, NOW, BROKER.kid).encoded(),
        ),
    )


def receipt_cases() -> Iterator[ReceiptCase]:
    """Yield every case."""
    for one in signed():
        yield one.case("", f"an honest {one.kind}", "ok", one.of(one.body))
        yield from _fields(one)
        yield from _bodies(one)
        yield from _signatures(one)
    yield from _other_messages()
    yield from _opened()


def _values(raw: bytes) -> list[Value]:
    value = decode(raw, limit=LIMIT)
    assert isinstance(value, list)
    return value


def _spoilt(value: Value) -> list[tuple[str, Value]]:
    """Return what stands instead of a field: another type, and another length."""
    if isinstance(value, bytes):
        return [("short", value[:-1]), ("long", value + b"\0"), ("in-text", "x"), ("null", None)]
    return [("in-text", "1"), ("in-bytes", b"\1"), ("null", None), ("list", [1])]


def _fields(one: Signed) -> Iterator[ReceiptCase]:
    honest = _values(one.body)
    for place, field in enumerate(FIELDS[one.kind]):
        for how, value in _spoilt(honest[place]):
            changed = [*honest[:place], value, *honest[place + 1 :]]
            comment = f"field {field} is spoilt: {how}"
            yield one.case(f"{field}-{how}", comment, MALFORMED, one.of(encode(changed)))
    if one.kind == "ack":
        for what in (0, 4):
            raw = one.of(encode([what, *honest[1:]]))
            yield one.case(f"what-{what}", f"says {what}, which is nothing", MALFORMED, raw)
        for what, said in ((1, "arrived"), (3, "carried")):
            yield one.case(said, f"an honest {said}", "ok", one.of(encode([what, *honest[1:]])))


def _bodies(one: Signed) -> Iterator[ReceiptCase]:
    honest = _values(one.body)
    for name, comment, body in (
        ("field-fewer", "a field fewer", encode(honest[:-1])),
        ("field-more", "a field more", encode([*honest, 0])),
        ("trailing", "a byte behind the body", one.body + b"\0"),
        ("cut", "a byte fewer", one.body[:-1]),
        ("as-map", "a map and no list", encode(dict(enumerate(honest)))),
        ("too-long", "more than 512 bytes", encode([*honest[:-1], bytes(LIMIT)])),
        ("empty", "no body", b""),
    ):
        yield one.case(name, comment, MALFORMED, one.of(body))


def _signatures(one: Signed) -> Iterator[ReceiptCase]:
    raw = one.of(one.body)
    yield one.case("bit", "a bit of the signature", BAD, raw[:-1] + bytes([raw[-1] ^ 1]))
    stranger = pack_signed(HERE.officer, one.label, one.body)
    yield one.case("by-another", "signed by another key", BAD, stranger)
    for label in labels.SIGNING:
        if label != one.label:
            name = label[10:-1].decode()
            raw = pack_signed(one.key, label, one.body)
            yield one.case(f"label-{name}", f"under the label of {name}", BAD, raw)
    signature = one.key.sign(one.label, one.body)
    for name, comment, spoilt, code in (
        ("short", "a signature of 63 bytes", encode([one.body, signature[:-1]]), BAD),
        ("unsigned", "no signature", encode([one.body]), UNSIGNED),
        ("more", "something behind the signature", encode([one.body, signature, 0]), UNSIGNED),
        ("text", "a body in text", encode(["body", signature]), UNSIGNED),
        ("tail", "a byte behind all", one.of(one.body) + b"\0", UNSIGNED),
        ("nothing", "nothing", b"", UNSIGNED),
    ):
        yield one.case(f"signature-{name}", comment, code, spoilt)


def _other_messages() -> Iterator[ReceiptCase]:
    """Yield receipts of the broker that are honestly signed, for another envelope or time."""
    took = signed()[0]
    for name, comment, said in (
        ("of-another-message", "another message", Took(EID, EID, 7, NOW, BROKER.kid)),
        ("of-other-bytes", "the same message in other bytes", Took(MID, MID, 7, NOW, BROKER.kid)),
        ("by-another-broker", "names another broker", Took(MID, EID, 7, NOW, HERE.device.kid)),
        ("of-no-time", "a time that no calendar has", Took(MID, EID, 7, 2**50, BROKER.kid)),
    ):
        yield took.case(name, comment, FALSE, took.of(said.encoded()))


def _opened() -> Iterator[ReceiptCase]:
    honest = receipt_to_value(OpenedReceipt(MID, EID, seed("plain"), NOW, HERE.officer.kid))
    assert isinstance(honest, dict)
    fields: dict[int, Value] = {key: item for key, item in honest.items() if isinstance(key, int)}

    def case(name: str, comment: str, value: Value, expect: str = FORM) -> ReceiptCase:
        full = f"opened-{name}" if name else "opened"
        return ReceiptCase("opened", full, comment, expect, encode(value))

    yield case("", "an honest opened", fields, "ok")
    for key, field in enumerate(OPENED_FIELDS, start=1):
        for how, value in _spoilt(fields[key]):
            comment = f"field {field} is spoilt: {how}"
            yield case(f"{field}-{how}", comment, {**fields, key: value})
        fewer = {other: item for other, item in fields.items() if other != key}
        yield case(f"{field}-left-out", f"field {field} is left out", fewer)
    yield case("what-2", "says 2, which is nothing", {**fields, 1: 2})
    yield case("field-more", "a field more", {**fields, 7: 0})
    yield case("as-list", "a list and no map", list(fields.values()))
