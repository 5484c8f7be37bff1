"""Every kind of signed statement: who signs it, what is signed, and the product's own verifier.

One row a label, and one for each of the two texts of the ledger that are signed without one. Each
verifier takes a body and a signature, as somebody who means ill would put them together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from crypto.attest import labels
from crypto.attest.checkpoint import (
    Checkpoint,
    Policy,
    open_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from crypto.attest.directory import Directory
from crypto.attest.encoding import MalformedError, Value, decode, encode
from crypto.attest.hashing import digest
from crypto.attest.header import DeskId, Header, parse_envelope
from crypto.attest.note import NamedKey, NoteSignature, SignatureKind
from crypto.attest.padding import LARGEST
from crypto.attest.payload import decode_payload, encode_payload
from crypto.attest.signing import KeyId, SigningKey, open_signed
from crypto.attest.statement import Entry, Role, parse_entry
from crypto.seal.backup import Account, BackupKind, verify_account
from crypto.seal.content import ThreadId
from crypto.seal.envelope import Opened, open_envelope
from crypto.seal.erasure import Erasure, verify_erasure
from crypto.seal.reviews import SignedReview, verify_review
from crypto.seal.seen import SeenAlarm, SeenError, verify_seen
from liaison.broker.acknowledgement import Device, Rules, acknowledge
from liaison.broker.directory import Replica
from liaison.broker.login import Logins
from liaison.desk.line.outbox import check_took
from protocols.casework.approval import standing_from_value
from protocols.wire import api
from protocols.wire.receipt import Ack, AckWhat, Noted, Took, parse_noted
from tests.support.forge import Forgery
from tests.support.releases import standing
from tests.support.world import (
    BROKER,
    HERE,
    NOW,
    THERE,
    content,
    directory,
    key_payload,
    outside,
    readers,
    seed,
    signing_key,
)

MID, EID = seed("a message"), seed("an envelope")
LOG = NamedKey("broker.example/ledger", BROKER.verify_key)
WITNESS_KEY = signing_key("witness")
WITNESS = NamedKey("witness.example", WITNESS_KEY.verify_key)
HEAD = Checkpoint(LOG.name, 1, seed("a root"))
#: A second to whom the registrar has given no key yet.
NEWCOMER = signing_key("newcomer")
NEW_KEY = key_payload(NEWCOMER, HERE.desk, Role.OFFICER, "VN-09")

ERASED = Erasure(
    HERE.desk, ThreadId(seed("case")[:16]), "QN-MC1-2026-0001", NOW, "ordered", "a rule", 3
)

ACCOUNT = Account(
    kind=BackupKind.ROWS,
    desk=HERE.desk,
    device=HERE.device.kid,
    at=NOW,
    schema="1",
    kid=HERE.device.kid,
    wrap=bytes(1_168),
    header=bytes(24),
    size=0,
    hash=seed("a stream"),
)


@dataclass(frozen=True, slots=True)
class SignedKind:
    """One kind: ``key`` signs ``label || body``; ``take`` returns what the product makes of it."""

    name: str
    label: bytes
    key: SigningKey
    body: bytes
    take: Callable[[bytes, bytes], object]

    def signature(self) -> bytes:
        """Return the genuine signature."""
        return self.key.sign(self.label, self.body)


@cache
def _honest() -> Forgery:
    wrapped = readers(THERE)
    windows = [reader.window for reader in wrapped]
    return Forgery(content(THERE, wrapped=wrapped), outside(THERE), windows, HERE.officer)


def _opened(envelope: bytes) -> Opened:
    return open_envelope(
        parse_envelope(envelope),
        desk=THERE.desk,
        windows=THERE.opening,
        directory=directory(),
        at=NOW,
    )


def _message(_body: bytes, signature: bytes) -> object:
    return _opened(replace(_honest(), hidden=HERE.officer.kid + signature).build())


def _second(_body: bytes, signature: bytes) -> object:
    said = _honest().content.with_countersignatures((HERE.approver.kid, signature))
    return _opened(replace(_honest(), content=said).build())


def _ack(body: bytes, signature: bytes) -> object:
    device = Device(HERE.agency, directory().signer(HERE.device.kid, at=NOW).payload)
    frame = api.Acknowledge(0, 0, (encode([body, signature]),))
    replica = Replica(frozenset())
    rules = Rules(Logins(replica, broker=BROKER.kid).require, replica.mailboxes)
    return acknowledge(frame, device=device, key=BROKER, rules=rules)


def _took(body: bytes, signature: bytes) -> object:
    return check_took(encode([body, signature]), MID, EID, BROKER.verify_key)


def _noted(body: bytes, signature: bytes) -> object:
    return parse_noted(open_signed(BROKER.verify_key, labels.NOTED, encode([body, signature])))


def _login(body: bytes, signature: bytes) -> object:
    key, signed = HERE.device.verify_key, encode([body, signature])
    return api.parse_login_body(open_signed(key, labels.LOGIN, signed))


#: An alarm that an officer has seen.
ALARM = SeenAlarm(HERE.desk, "lane.gap", "a lane", NOW - 60, NOW)


def _seen(body: bytes, signature: bytes) -> object:
    match decode(body, limit=LARGEST):
        case [bytes(desk), str(code), str(subject), int(raised), int(at)]:
            alarm = SeenAlarm(DeskId(desk), code, subject, raised, at)
            return verify_seen(alarm, HERE.officer.kid, signature, directory())
    raise SeenError("no alarm")


#: A case that two supervisors have opened.
REVIEWED = SignedReview(
    HERE.desk,
    ThreadId(seed("case")[:16]),
    NOW,
    "audit",
    KeyId(seed("first")[:16]),
    KeyId(seed("second")[:16]),
)


def _review(body: bytes, signature: bytes) -> object:
    return verify_review(encode([body, HERE.device.kid, signature]), directory())


def _standing(body: bytes, signature: bytes) -> object:
    signed = encode([body, signature])
    said = open_signed(HERE.approver.verify_key, labels.STANDING, signed)
    return standing_from_value(decode(said, limit=LARGEST))


def _erasure(body: bytes, signature: bytes) -> object:
    second = HERE.approver.sign(labels.ERASURE, body)
    signed = {HERE.approver.kid: second, HERE.officer.kid: signature}
    pairs: list[Value] = [[kid, signed[kid]] for kid in sorted(signed)]
    return verify_erasure(encode([body, pairs]), directory())


def _backup(body: bytes, signature: bytes) -> object:
    return verify_account(encode([body, signature]), 0, directory())


def _disclosure(body: bytes, signature: bytes) -> object:
    """Read the record of a disclosure as docs/spec/disclosure.md has it: the desk only keeps it."""
    signed = encode([body, signature])
    said = open_signed(HERE.approver.verify_key, labels.DISCLOSURE, signed)
    match decode(said, limit=LARGEST):
        case [bytes(), bytes(), str(), int(), bytes()] as record:
            return record
    raise MalformedError("[message id, key id, reason, time, hash of the file] expected")


def _statement(body: bytes, signature: bytes) -> Entry:
    known = Directory.replay([HERE.pin], HERE.entries[:2])
    signer: list[Value] = [HERE.registrar.kid, signature]
    return known.append(encode([body, [signer]]))


def _possession(_body: bytes, signature: bytes) -> object:
    """Take a statement of the registrar about a key that is said to have asked for it."""
    genuine = parse_entry(HERE.entries[2]).statement
    payload = encode_payload(NEW_KEY, possession=signature)
    return decode_payload(replace(genuine, payload=payload))


def _checkpoint(body: bytes, signature: bytes) -> object:
    line = NoteSignature(LOG.name, LOG.hint(SignatureKind.ED25519), signature).line()
    return open_checkpoint(body + b"\n" + line.encode(), LOG)


def _cosignature(_body: bytes, signature: bytes) -> object:
    hint = WITNESS.hint(SignatureKind.COSIGNATURE_V1)
    line = NoteSignature(WITNESS.name, hint, NOW.to_bytes(8) + signature).line()
    return verify_checkpoint(
        sign_checkpoint(HEAD, BROKER) + line.encode(), Policy.of_all(LOG, WITNESS)
    )


def _countersigned() -> bytes:
    """Return what a second signer signs (docs/spec/envelope.md, "Content")."""
    out = outside(THERE)
    draft = _honest().content.draft()
    return out.src + b"".join(out.dst) + digest(labels.P_CONTENT, draft)


def _mid(header: Header) -> bytes:
    return parse_envelope(_honest().build_with(header.encoded())).mid


def signed_kinds() -> tuple[SignedKind, ...]:
    """Return a row for each kind that somebody signs."""
    device, officer, approver = HERE.device, HERE.officer, HERE.approver
    ack = Ack(AckWhat.DELIVERED, MID, EID, NOW, device.kid).encoded()
    took = Took(MID, EID, 7, NOW, BROKER.kid).encoded()
    noted = Noted(seed("an acknowledgement"), 8, NOW, BROKER.kid).encoded()
    login = api.login_body(api.LoginBody(BROKER.kid, seed("nonce"), device.kid, NOW))
    disclosed = encode([MID, approver.kid, "court", NOW, seed("a file")])
    cosigned = f"cosignature/v1\ntime {NOW}\n{HEAD.text()}".encode()
    return (
        SignedKind("message", labels.MESSAGE, officer, _mid(_honest().header()), _message),
        SignedKind("second", labels.COUNTERSIGN, approver, _countersigned(), _second),
        SignedKind("ack", labels.ACK, device, ack, _ack),
        SignedKind("took", labels.TOOK, BROKER, took, _took),
        SignedKind("noted", labels.NOTED, BROKER, noted, _noted),
        SignedKind(
            "statement",
            labels.DIRECTORY,
            HERE.registrar,
            parse_entry(HERE.entries[2]).statement.raw,
            _statement,
        ),
        SignedKind("possession", labels.POSSESSION, NEWCOMER, encode_payload(NEW_KEY), _possession),
        SignedKind("login", labels.LOGIN, device, login, _login),
        SignedKind("standing", labels.STANDING, approver, encode(standing().to_value()), _standing),
        SignedKind("erasure", labels.ERASURE, officer, ERASED.encoded(), _erasure),
        SignedKind("backup", labels.BACKUP, device, ACCOUNT.encoded(), _backup),
        SignedKind("disclosure", labels.DISCLOSURE, approver, disclosed, _disclosure),
        SignedKind("seen", labels.SEEN, officer, ALARM.encoded(), _seen),
        SignedKind("review", labels.REVIEW, device, REVIEWED.encoded(), _review),
        SignedKind("checkpoint", b"", BROKER, HEAD.text().encode(), _checkpoint),
        SignedKind("cosignature", b"", WITNESS_KEY, cosigned, _cosignature),
    )
