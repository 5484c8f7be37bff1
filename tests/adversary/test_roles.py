"""Every kind of message by every role, every form under every kind, every statement by everyone."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from crypto.attest.directory import Directory, DirectoryError, Head
from crypto.attest.encoding import Value
from crypto.attest.header import EnvelopeError, MessageId, parse_envelope
from crypto.attest.payload import encode_payload, prove_possession
from crypto.attest.statement import (
    InfraKind,
    InfraPayload,
    Reason,
    RevocationPayload,
    Role,
    SuccessionPayload,
    What,
    make_statement,
    sign_entry,
)
from crypto.seal.ceremony import grant_key, parse_request, request_key
from crypto.seal.content import WITHIN_A_DESK, Kind, ReaderRole
from crypto.seal.envelope import open_envelope
from crypto.seal.erasure import ErasureError, erasures_from_value
from crypto.seal.grants import (
    Grant,
    GrantError,
    Remembered,
    grant_from_value,
    grant_to_value,
    history_from_value,
    history_to_value,
)
from crypto.seal.oversight import OversightError
from crypto.seal.primitives import OpeningKey
from crypto.seal.readers import Reader, with_readers
from crypto.seal.resends import (
    ResendError,
    Stretch,
    Void,
    Wanted,
    resend_from_value,
    resend_to_value,
    voids_from_value,
    voids_to_value,
    wanted_from_value,
    wanted_to_value,
)
from crypto.seal.reviews import reviews_from_value
from crypto.seal.status import Status, StatusError, status_from_value, status_to_value
from protocols.casework.errors import CaseworkError
from protocols.casework.payload import from_value, to_value
from protocols.casework.receipt import OpenedReceipt, receipt_from_value, receipt_to_value
from protocols.casework.second_signature import Granted, signature_from_value, signature_to_value
from tests.support.forge import Forgery
from tests.support.signed_kinds import NEW_KEY, NEWCOMER
from tests.support.women import request_fields, step
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    NOW,
    SECONDS_GRANT_KEY,
    THERE,
    broker_entry,
    content,
    desk_payload,
    directory,
    key_payload,
    outside,
    own_grant_key,
    readers,
    second_device,
    seed,
    signing_key,
    window,
)
from tests.vectors.grant_cases import ERASED, REVIEWED
from tests.vectors.succession_cases import WARD, WARDS, further

#: Who may sign which kind of message (docs/spec/envelope.md): a second writing of the table.
PERSONS = {Role.OFFICER, Role.APPROVER, Role.SUPERVISOR}
MAY_SIGN = {
    Kind.STEP: PERSONS,
    Kind.RECEIPT: PERSONS | {Role.DEVICE},
    Kind.COUNTERSIGN: PERSONS,
    Kind.GRANT: {Role.DEVICE},
    Kind.HISTORY: {Role.DEVICE},
    Kind.STATUS: {Role.DEVICE},
    Kind.MISSING: {Role.DEVICE},
    Kind.RESEND: {Role.DEVICE},
    Kind.VOID: {Role.DEVICE},
    Kind.REVIEW: {Role.DEVICE},
    Kind.ERASURE: {Role.DEVICE},
}
SUPERVISOR = signing_key(f"{HERE.slug} supervisor")
SIGNERS = {
    Role.DEVICE: HERE.device,
    Role.OFFICER: HERE.officer,
    Role.APPROVER: HERE.approver,
    Role.SUPERVISOR: SUPERVISOR,
}


def everybody() -> Directory:
    """Return the directory with a supervisor and a second device of the first desk."""
    payload = key_payload(SUPERVISOR, HERE.desk, Role.SUPERVISOR, "VN-02")
    request = parse_request(request_key(HERE.agency, payload, SUPERVISOR))
    known = directory()
    for entry in (*second_device(), grant_key(request, HERE.registrar, after=None)):
        known.append(entry)
    return known


EVERYBODY = everybody()


def said_by(role: Role, kind: Kind) -> bytes:
    """Return a message of ``kind`` that is honest but for the role of its signer."""
    signer, within = SIGNERS[role], kind in WITHIN_A_DESK
    to = HERE if within else THERE
    wrapped = [Reader(SECONDS_GRANT_KEY.key, ReaderRole.DEVICE)] if within else readers(THERE)
    again = MessageId(MID) if kind is Kind.RESEND else None
    fields = replace(content(to), sender=signer.kid, kind=kind, resend_of=again)
    said = with_readers(fields, wrapped)
    return Forgery(said, outside(to), [reader.window for reader in wrapped], signer).build()


@pytest.mark.parametrize("role", Role, ids=lambda role: role.name)
@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_a_kind_opens_only_when_one_who_may_has_signed_it(kind: Kind, role: Role) -> None:
    within = kind in WITHIN_A_DESK
    grantee = {SECONDS_GRANT_KEY.key.kid: OpeningKey.from_seed(SECONDS_GRANT_KEY.seed)}

    try:
        open_envelope(
            parse_envelope(said_by(role, kind)),
            desk=HERE.desk if within else THERE.desk,
            windows=grantee if within else THERE.opening,
            directory=EVERYBODY,
            at=NOW,
        )
    except EnvelopeError as e:
        code = e.code
    else:
        code = "ok"

    assert code == ("ok" if role in MAY_SIGN[kind] else "envelope.signer")


#: A genuine form of each kind of message, and who reads it.
MID, EID = seed("a message"), seed("an envelope")
READERS: dict[Kind, tuple[Value, Callable[[Value], object]]] = {
    Kind.STEP: (to_value(step("request", request=request_fields())), from_value),
    Kind.RECEIPT: (
        receipt_to_value(OpenedReceipt(MID, EID, seed("plain"), NOW, HERE.officer.kid)),
        receipt_from_value,
    ),
    Kind.COUNTERSIGN: (
        signature_to_value(Granted(HERE.approver.kid, bytes(64))),
        signature_from_value,
    ),
    Kind.GRANT: (
        grant_to_value(Grant(((HERE.window.kid, HERE.windows[0].seed),), (HERE.device.kid,))),
        grant_from_value,
    ),
    Kind.HISTORY: (
        history_to_value([Remembered(b"envelope", b"receipt", seed("content key"))]),
        history_from_value,
    ),
    Kind.STATUS: (
        status_to_value(Status(HERE.desk, NOW, {}, {}, Head(0, bytes(32)), None, ())),
        status_from_value,
    ),
    Kind.MISSING: (
        wanted_to_value(Wanted((Stretch(HERE.officer.kid, 1, 2, NOW),), (MessageId(MID),))),
        wanted_from_value,
    ),
    Kind.RESEND: (
        resend_to_value(Remembered(b"envelope", b"receipt", seed("content key"))),
        resend_from_value,
    ),
    Kind.VOID: (
        voids_to_value((Void(HERE.officer.kid, 1, MessageId(MID)),)),
        voids_from_value,
    ),
    Kind.REVIEW: ([REVIEWED], reviews_from_value),
    Kind.ERASURE: ([ERASED], erasures_from_value),
}


@pytest.mark.parametrize("taken", Kind, ids=lambda kind: f"as {kind.name}")
@pytest.mark.parametrize("made", Kind, ids=lambda kind: kind.name)
def test_the_form_of_one_kind_is_read_as_no_other(made: Kind, taken: Kind) -> None:
    form, _ = READERS[made]
    _, read = READERS[taken]

    if made is taken:
        read(form)
    else:
        refused = (
            CaseworkError,
            GrantError,
            ResendError,
            StatusError,
            ErasureError,
            OversightError,
        )
        with pytest.raises(refused):
            read(form)


# ---- the directory: each statement by each key

SIGNED_BY = {
    "two of the root": HERE.roots[:2],
    "one of the root": HERE.roots[:1],
    "two of a foreign root": THERE.roots[:2],
    "the registrar": (HERE.registrar,),
    "a foreign registrar": (THERE.registrar,),
    "a device": (HERE.device,),
    "a foreign device": (THERE.device,),
    "an officer": (HERE.officer,),
    "an approver": (HERE.approver,),
    "the broker": (BROKER,),
    "the key itself": (NEWCOMER,),
}
ROOT, REGISTRAR, DEVICE = "two of the root", "the registrar", "a device"
REVOKED = encode_payload(RevocationPayload(NOW, Reason.LOST))
RELIED_ON = InfraPayload(InfraKind.BROKER, BROKER.verify_key, "broker.example/ledger")
#: What is said, of whom, and who may (docs/spec/directory.md, "Payloads"): a second writing of it.
STATEMENTS: dict[str, tuple[What, bytes, bytes, str]] = {
    "a root": (What.ROOT, HERE.agency, HERE.root_payload, ROOT),
    "a desk": (
        What.DESK,
        HERE.desk,
        encode_payload(desk_payload(HERE.slug, HERE.registrar)),
        ROOT,
    ),
    "a key": (What.DEVICE, NEWCOMER.kid, prove_possession(NEW_KEY, NEWCOMER), REGISTRAR),
    "windows": (
        What.WINDOWS,
        HERE.desk,
        encode_payload((window("another", MONDAY).window,)),
        DEVICE,
    ),
    "a grant key": (
        What.GRANT_KEY,
        HERE.device.kid,
        encode_payload(own_grant_key("another").key),
        DEVICE,
    ),
    "infrastructure": (What.INFRA, BROKER.kid, prove_possession(RELIED_ON, BROKER), ROOT),
    "revocation of a key": (What.REVOKE, HERE.approver.kid, REVOKED, REGISTRAR),
    "revocation of a desk": (What.REVOKE, HERE.desk, REVOKED, ROOT),
    "a succession": (
        What.SUCCESSION,
        HERE.desk,
        encode_payload(SuccessionPayload(WARD, NOW, None)),
        ROOT,
    ),
    "revocation of infrastructure": (What.REVOKE, BROKER.kid, REVOKED, ROOT),
}


def founded() -> Directory:
    """Return the directory of all agencies, of which one relies on the broker."""
    known = directory()
    known.append(broker_entry(HERE))
    known.append(further(WARDS[0]))
    return known


DIRECTORY = founded()


def test_every_kind_of_statement_has_a_row() -> None:
    assert {what for what, *_ in STATEMENTS.values()} == set(What)


@pytest.mark.parametrize("who", SIGNED_BY)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_stands_only_when_those_who_may_have_signed_it(name: str, who: str) -> None:
    what, subject, payload, may = STATEMENTS[name]
    after = DIRECTORY.last(what, HERE.agency, subject)
    said = make_statement(what, agency=HERE.agency, subject=subject, payload=payload, after=after)
    known = deepcopy(DIRECTORY)

    try:
        known.append(sign_entry(said, SIGNED_BY[who]))
    except DirectoryError as e:
        code = e.code
    else:
        code = "ok"

    assert code == ("ok" if who == may else "directory.not_authorised")
