"""The worked examples of docs/spec, made from fixed seeds: the same bytes in every run.

``python -m tests.docs.examples`` prints each as it stands in the documents.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from textwrap import wrap

from crypto.attest import labels
from crypto.attest.checkpoint import Checkpoint, add_cosignature, cosign, sign_checkpoint
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.hashing import digest
from crypto.attest.note import NamedKey, NoteSignature
from crypto.attest.signing import SigningKey, pack_signed
from crypto.attest.tree import hash_leaf, root_hash
from protocols.casework.payload import parse_step, to_value
from protocols.wire.api import (
    Acknowledge,
    AskToken,
    Deliver,
    Frame,
    Grew,
    Hello,
    Login,
    LoginBody,
    NoticeBody,
    Refusal,
    Refused,
    Taken,
    Token,
    Welcome,
    encode_frame,
    login_body,
    notice_body,
)
from protocols.wire.carriage import CarriedFile
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode
from protocols.wire.receipt import Ack, AckWhat, Noted, Took

#: 24 November 2026, 08:00 UTC.
NOW = int(datetime(2026, 11, 24, 8, tzinfo=UTC).timestamp())
BROKER = SigningKey.from_seed(bytes([1]) * 32)
DEVICE = SigningKey.from_seed(bytes([2]) * 32)
NONCE = bytes([3]) * 32
WITNESSES = {
    "witness-vn": SigningKey.from_seed(bytes([4]) * 32),
    "witness-cn": SigningKey.from_seed(bytes([5]) * 32),
}
MID, EID = bytes([10]) * 32, bytes([11]) * 32
AGENCY, DESK, TOKEN = bytes([12]) * 16, bytes([13]) * 16, bytes([14]) * 16
LINE = 80

LOGIN = LoginBody(BROKER.kid, NONCE, DEVICE.kid, NOW)
SIGNED_LOGIN = pack_signed(DEVICE, labels.LOGIN, login_body(LOGIN))
TOOK = Took(MID, EID, 1, NOW + 60, BROKER.kid)
ACK = Ack(AckWhat.DELIVERED, MID, EID, NOW + 62, DEVICE.kid)
CARRIED = CarriedFile(
    pack_signed(DEVICE, labels.ACK, Ack(AckWhat.CARRIED, MID, EID, NOW + 300, DEVICE.kid).encoded())
)
SIGNED_ACK = pack_signed(DEVICE, labels.ACK, ACK.encoded())
NOTED = Noted(digest(labels.P_PERSISTED, SIGNED_ACK), 2, NOW + 62, BROKER.kid)
NOTICE = NoticeBody(int(NoticeCode.DUE), TOKEN, MID, NOW + 1_860, NOW + 1_860)

FRAMES: dict[str, Frame] = {
    "hello": Hello(BROKER.kid, NONCE),
    "login": Login(SIGNED_LOGIN),
    "welcome": Welcome(NOW, 20, 1, 0, 0, 0, 1),
    "taken": Taken(7, pack_signed(BROKER, labels.TOOK, TOOK.encoded())),
    "refused": Refused(8, str(Refusal.NO_CHANNEL), "no channel from vn-mongcai-1 to cn-guangxi"),
    "acknowledge": Acknowledge(int(MailLane.RESCUE), 1, (SIGNED_ACK,)),
    "grew": Grew(20, 3),
    "ask-token": AskToken(),
    "token": Token(b"\x05" * 32, NOW + 660),
    "deliver": Deliver(int(MailLane.RESCUE), 2, int(ItemKind.NOTICE), notice_body(NOTICE), b""),
}

EVENTS = (
    Event(
        EventKind.LOGIN_OK,
        BROKER.kid,
        NOW,
        actor=DEVICE.kid,
        agency=AGENCY,
        objects=(DESK,),
        evidence=SIGNED_LOGIN,
    ),
    Event(
        EventKind.MESSAGE_ACCEPTED,
        BROKER.kid,
        NOW + 60,
        actor=DEVICE.kid,
        agency=AGENCY,
        objects=(MID, EID),
        codes=(2,),
    ),
    Event(
        EventKind.RECEIPT_DELIVERED,
        BROKER.kid,
        NOW + 62,
        actor=DEVICE.kid,
        agency=AGENCY,
        objects=(MID, EID),
        evidence=SIGNED_ACK,
    ),
)
LEAVES = tuple(event.encoded() for event in EVENTS)
CHECKPOINT = Checkpoint(f"liaison/{BROKER.kid.hex()}", 3, root_hash([*map(hash_leaf, LEAVES)]))

STEPS: dict[str, dict[str, object]] = {
    "acknowledge-step": {"case": "QN-MC1-2026-0117", "act": "acknowledge"},
    "answer-step": {
        "case": "QN-MC1-2026-0117",
        "act": "answer",
        "outcomes": [
            {"persons": "P1", "outcome": "rescued"},
            {"persons": "P2..P4", "reason": "DATA_NOT_HELD"},
        ],
    },
    "request-step": {
        "case": "QN-MC1-2026-0117",
        "act": "request",
        "request": {
            "header": {
                "ref": "QN-MC1-2026-0117",
                "type": "RESCUE",
                "sender": "vn-mongcai-1",
                "to": "cn-dongxing",
                "urgency": "U0",
                "urgency_reason": {"lang": "vi", "text": "Có người bị nhốt."},
            },
            "persons": [{"label": "P1", "role": "presumed_victim", "sex": "female"}],
            "groups": [{"labels": "P2..P4", "role": "presumed_victim"}],
            "persons_total": 4,
            "source_of_information": "hotline_111",
            "place": {"lang": "vi", "text": "Nhà nghỉ gần bến xe."},
            "last_contact": {"at": "2026-11-24T14:40:00+07:00", "means": "phone"},
            "dangers": ["locked_in"],
            "do_not": ["do_not_call_number"],
            "asked": ["locate_and_protect"],
        },
    },
}


def encoded() -> dict[str, bytes]:
    """Return the bytes of every example by the name of its block."""
    return {
        "login-body": login_body(LOGIN),
        **{name: encode_frame(frame) for name, frame in FRAMES.items()},
        "took": TOOK.encoded(),
        "ack": ACK.encoded(),
        "noted": NOTED.encoded(),
        "carried": CARRIED.encoded(),
        "notice": notice_body(NOTICE),
        **{f"leaf-{number}": leaf for number, leaf in enumerate(LEAVES)},
        **{name: encode(to_value(parse_step(fields))) for name, fields in STEPS.items()},
    }


def texts() -> dict[str, str]:
    """Return every example that is text by the name of its block."""
    return {"tree": "".join(_tree()), "checkpoint": cosigned().decode()}


def cosigned() -> bytes:
    """Return the example's checkpoint, signed by its log and cosigned by both witnesses."""
    note = sign_checkpoint(CHECKPOINT, BROKER)
    for name, key in WITNESSES.items():
        line: NoteSignature = cosign(note, name, key, at=moment(NOW + 63))
        note = add_cosignature(note, line.line().encode(), NamedKey(name, key.verify_key))
    return note


def moment(seconds: int) -> datetime:
    """Return the aware time of unix ``seconds``."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def diagnose(value: Value) -> str:
    """Return a value in CBOR's diagnostic notation (RFC 8949 section 8), on one line."""
    match value:
        case None:
            return "null"
        case bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return f"h'{value.hex()}'"
        case list():
            return f"[{', '.join(map(diagnose, value))}]"
        case dict():
            pairs = [(key, inner) for key, inner in value.items()]
            return f"{{{', '.join(f'{diagnose(key)}: {diagnose(x)}' for key, x in pairs)}}}"


def _tree() -> Iterator[str]:
    for number, leaf in enumerate(LEAVES):
        yield f"leaf {number}  {hash_leaf(leaf).hex()}\n"
    yield f"root    {CHECKPOINT.root.hex()}\n"


def _printed() -> Iterator[str]:
    for name, raw in encoded().items():
        yield f"```hex {name}\n" + "\n".join(wrap(raw.hex(), LINE)) + "\n```\n"
        said = diagnose(decode(raw, limit=len(raw)))
        yield f"```cbor {name}\n" + "\n".join(wrap(said, 110, break_on_hyphens=False)) + "\n```\n"
    for name, text in texts().items():
        yield f"```text {name}\n{text}```\n"


if __name__ == "__main__":
    print("\n".join(_printed()))  # noqa: T201 - the document's blocks, for a person to paste
