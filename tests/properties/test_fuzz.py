"""Whatever is read: spoilt bytes are refused by an error of our own, soon, and in little memory."""

import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import cache

import pytest

from crypto.attest import labels
from crypto.attest.checkpoint import sign_checkpoint
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.header import parse_envelope, parse_header
from crypto.attest.note import parse_note
from crypto.attest.padding import LARGEST
from crypto.attest.signing import pack_signed, split_signed
from crypto.attest.submission import Submission, parse_submission
from crypto.seal.attachment import attachments_from_value
from crypto.seal.backup import ACCOUNT_LIMIT, check_stream, split_account, verify_account
from crypto.seal.ceremony import parse_request, request_key
from crypto.seal.content import parse_content
from crypto.seal.drafts import parse_draft
from crypto.seal.envelope import open_envelope
from crypto.seal.stream import Opening
from crypto.seal.vault import new_vault, pack_vault, parse_vault
from protocols.wire import api
from protocols.wire.carriage import CarriedFile, parse_carried
from protocols.wire.ledger_event import Event, EventKind, parse_leaf
from protocols.wire.mailbox import ItemKind, MailLane
from protocols.wire.receipt import parse_ack, parse_noted, parse_took
from tests.adversary.test_roles import READERS
from tests.support.chance import Chance
from tests.support.figures import Tell
from tests.support.forge import Forgery
from tests.support.fuzz import Target, spoilt
from tests.support.signed_kinds import HEAD, NEW_KEY, NEWCOMER, signed_kinds
from tests.support.world import BROKER, HERE, NOW, THERE, content, directory, outside, seed
from tests.unit.crypto.seal.test_backup import written
from tests.vectors.attachment_cases import sealed

DIRECTORY, WINDOWS = directory(), THERE.opening
HONEST = Forgery(content(THERE), outside(THERE), [THERE.window], HERE.officer)
ENVELOPE = HONEST.build()
KINDS = {kind.name: kind for kind in signed_kinds()}
ATTACHMENT, BLOB = sealed(b"a file " * 20_000)


def open_spoilt(raw: bytes) -> object:
    """Open an envelope."""
    return open_envelope(
        parse_envelope(raw), desk=THERE.desk, windows=WINDOWS, directory=DIRECTORY, at=NOW
    )


def enter(raw: bytes) -> object:
    """Enter an entry into the directory; a copy is taken where one stands after all."""
    return deepcopy(DIRECTORY).append(raw)


def read_backup(raw: bytes) -> object:
    """Read the account of a backup and see whether all of it is there."""
    signed, size = split_account(raw[-ACCOUNT_LIMIT:], len(raw))
    account = verify_account(signed, size, DIRECTORY)
    check_stream(account, iter([raw[:size]]))
    return account


def read_blob(raw: bytes) -> object:
    """Read a file beside a message."""
    opening = Opening(ATTACHMENT)
    opening.pull(raw)
    opening.finish()
    return opening


def sealed_again(raw: bytes) -> object:
    """Open an envelope whose content its sender has spoilt, and signed."""
    return open_spoilt(HONEST.saying(raw))


def of_value(read: Callable[[Value], object]) -> Callable[[bytes], object]:
    """Return a reader of bytes by one of values."""
    return lambda raw: read(decode(raw, limit=LARGEST))


@cache
def vault() -> bytes:
    """Return a vault of two officers; each passphrase takes its third of a second."""
    return pack_vault(new_vault("QN-07", "a passphrase of words", master=seed("master"))[0])


def targets() -> list[Target]:
    """Return whoever reads bytes that came from elsewhere."""
    frames: list[api.Frame] = [
        api.Hello(bytes(16), bytes(32)),
        api.Submit(1, ENVELOPE),
        api.Deliver(int(MailLane.RESCUE), 4, int(ItemKind.ENVELOPE), ENVELOPE, b"receipt"),
        api.Acknowledge(0, 7, (b"ack",)),
        api.Refused(1, "busy", "detail"),
    ]
    checkpoint = sign_checkpoint(HEAD, BROKER)
    leaf = Event(EventKind.LOGIN_OK, BROKER.kid, NOW, actor=HERE.device.kid, codes=(1, "x"))
    signed = pack_signed(HERE.device, labels.ACK, KINDS["ack"].body)
    forms = [
        Target(f"form of {kind.name}", of_value(read), (encode(form),))
        for kind, (form, read) in READERS.items()
    ]
    return [
        Target("envelope", open_spoilt, (ENVELOPE,)),
        Target("header", parse_header, (HONEST.header().encoded(),)),
        Target("content", parse_content, (HONEST.content.encoded(),)),
        Target("content, sealed", sealed_again, (HONEST.content.encoded(),)),
        Target("entry", enter, THERE.entries),
        Target("draft", parse_draft, (THERE.entries[2],)),
        Target("request for a key", parse_request, (request_key(HERE.agency, NEW_KEY, NEWCOMER),)),
        Target("signed", split_signed, (signed,)),
        Target("took", parse_took, (KINDS["took"].body,)),
        Target("ack", parse_ack, (KINDS["ack"].body,)),
        Target("noted", parse_noted, (KINDS["noted"].body,)),
        Target("login", api.parse_login_body, (KINDS["login"].body,)),
        Target("frame", api.parse_frame, tuple(api.encode_frame(frame) for frame in frames)),
        Target(
            "page", lambda raw: api.parse_page(raw, limit=LARGEST), (api.encode_page([signed]),)
        ),
        Target("leaf", parse_leaf, (leaf.encoded(),)),
        Target("note", parse_note, (checkpoint,)),
        Target("submission", parse_submission, (Submission(1, (), checkpoint).raw(),)),
        Target("attachments", of_value(attachments_from_value), (encode([ATTACHMENT.value()]),)),
        Target("blob", read_blob, (BLOB,)),
        Target("carried file", parse_carried, (CarriedFile(ENVELOPE, THERE.entries).encoded(),)),
        Target("vault", parse_vault, (vault(),)),
        Target("backup", read_backup, (written(),)),
        *forms,
    ]


TARGETS = targets()
#: Inputs for each reader: with the other tests (over 5,000 in all), and in the long run.
FEW, MANY, WEIGHED = 250, 50_000, 1_000
#: What one input may cost at most, in the long run: seconds of processor time, and bytes.
SLOWEST, LARGEST_HEAP = 0.1, 16 << 20


def inputs(target: Target, count: int) -> list[bytes]:
    """Return so many spoilt samples of a target."""
    return [spoilt(Chance(n).one_of(target.samples), Chance(n)) for n in range(count)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_is_good_is_read(target: Target) -> None:
    new = target.samples if target.name != "entry" else ()

    assert {target.code(sample) for sample in new} <= {"read"}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_is_spoilt_is_refused_by_an_error_of_our_own(target: Target) -> None:
    codes = Counter(target.code(raw) for raw in inputs(target, FEW))

    assert codes.total() == FEW
    assert codes.total() > codes["read"]


@pytest.mark.soak
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_fifty_thousand_spoilt_inputs_are_refused_soon_and_in_little_memory(
    target: Target, tell: Tell
) -> None:
    codes: Counter[str] = Counter()
    slowest = 0.0
    for n in range(MANY):
        raw = spoilt(Chance(n).one_of(target.samples), Chance(n))
        codes[target.code(raw)] += 1
        slowest = max(slowest, seconds(target, raw))
    heap = heaviest(target)

    told = ", ".join(f"{code} {count}" for code, count in codes.most_common())
    tell(
        f"{target.name}: {MANY:,} inputs, slowest {slowest * 1_000:.1f} ms, {heap:,} bytes; {told}"
    )
    assert slowest < SLOWEST
    assert heap < LARGEST_HEAP


def seconds(target: Target, raw: bytes) -> float:
    """Return the processor time that one input takes; what seems slow is tried three times.

    The collector's pause, or a page that was swapped out, falls on any input once.
    """
    took = list[float]()
    while not took or (min(took) > SLOWEST / 4 and len(took) < 3):
        begun = time.process_time()
        target.code(raw)
        took.append(time.process_time() - begun)
    return min(took)


def heaviest(target: Target) -> int:
    """Return the most bytes that were taken to read one input, of the first thousand."""
    most = 0
    for raw in inputs(target, WEIGHED):
        tracemalloc.start()
        target.code(raw)
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return most
