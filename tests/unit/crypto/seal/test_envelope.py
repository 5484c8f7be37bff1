"""Each check of an envelope, by the attacker whom it stops."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.attest import labels
from crypto.attest.directory import GRACE, Directory
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.header import (
    BODY_LIMIT,
    EnvelopeError,
    MalformedEnvelopeError,
    pack_envelope,
    parse_envelope,
    parse_header,
)
from crypto.attest.padding import pad
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    DevicePayload,
    Role,
    SuccessionPayload,
    What,
    Window,
    sign_entry,
)
from crypto.seal.ceremony import (
    VALIDITY,
    grant_key,
    name_desk,
    parse_request,
    request_key,
    state_succession,
)
from crypto.seal.content import WITHIN_A_DESK, Content, Kind, ReaderRole
from crypto.seal.countersigning import CountersignatureError
from crypto.seal.envelope import (
    MAY_SIGN,
    BadContentError,
    BadMessageSignatureError,
    HiddenSignatureError,
    NoLiveWindowError,
    NotForUsError,
    Opened,
    SenderError,
    SignerError,
    TamperedBodyError,
    WrapError,
    open_envelope,
    seal,
)
from crypto.seal.primitives import PrimitiveError
from crypto.seal.readers import Reader, ReadersError, with_readers
from tests.support.forge import KEY, Forgery, countersign, hidden_in, sigbox, with_field
from tests.support.world import (
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    Post,
    content,
    desk_payload,
    directory,
    key_payload,
    outside,
    readers,
    seed,
    signing_key,
    window,
)
from tests.vectors.succession_cases import OTHER

DIRECTORY = directory()


def forgery(*addressed: Post, copy: Post | None = None, sender: Post = HERE) -> Forgery:
    """Return an honest envelope in parts, to be spoilt in one place."""
    wrapped = readers(*addressed, copy=copy)
    return Forgery(
        content(*addressed, sender=sender.officer, wrapped=wrapped),
        outside(*addressed, src=sender),
        [reader.window for reader in wrapped],
        sender.officer,
    )


def opened(
    raw: bytes, by: Post = THERE, *, at: int = NOW, replica: Directory = DIRECTORY
) -> Opened:
    """Return the envelope opened at the desk of ``by``."""
    return open_envelope(
        parse_envelope(raw), desk=by.desk, windows=by.opening, directory=replica, at=at
    )


def code_of(raw: bytes, by: Post = THERE, *, at: int = NOW) -> str:
    """Return the code with which the desk of ``by`` refuses the envelope."""
    with pytest.raises(EnvelopeError) as caught:
        opened(raw, by, at=at)
    return caught.value.code


def test_the_addressed_desk_reads_what_was_sealed() -> None:
    wrapped = readers(THERE, copy=HERE)
    said = content(THERE, wrapped=wrapped)

    found = opened(seal(said, outside(THERE), readers=wrapped, signer=HERE.officer))

    assert found.content == said
    assert found.signer.kid == HERE.officer.kid
    assert not found.own_copy


def test_the_senders_desk_reads_its_own_copy() -> None:
    wrapped = readers(THERE, copy=HERE)
    said = content(THERE, wrapped=wrapped)

    found = opened(seal(said, outside(THERE), readers=wrapped, signer=HERE.officer), HERE)

    assert found.content == said
    assert found.own_copy


def test_who_follows_a_desk_reads_what_is_for_it_and_its_own_copies() -> None:
    replica = directory(HERE, THERE, OTHER)
    payload = SuccessionPayload(OTHER.desk, NOW + 86_400, None)
    statement = state_succession(HERE.agency, HERE.desk, payload)
    given = sign_entry(statement, (*HERE.roots[:2], *OTHER.roots[:2]))
    to, own = forgery(HERE, sender=THERE).build(), forgery(THERE, copy=HERE).build()
    heir = replace(OTHER, windows=HERE.windows)
    refused = [code_of(raw, heir) for raw in (to, own)]

    replica.append(given)

    assert refused == ["envelope.not_for_us"] * 2
    found = [opened(raw, heir, replica=replica) for raw in (to, own)]
    assert [one.own_copy for one in found] == [False, True]


def test_every_desk_of_several_reads_the_same() -> None:
    wrapped = readers(THERE, THIRD, copy=HERE)
    said = content(THERE, THIRD, wrapped=wrapped)
    raw = seal(said, outside(THERE, THIRD), readers=wrapped, signer=HERE.officer)

    assert [opened(raw, by).content for by in (THERE, THIRD, HERE)] == [said] * 3


def test_a_desk_writes_to_itself() -> None:
    said = content(HERE)

    found = opened(seal(said, outside(HERE), readers=readers(HERE), signer=HERE.officer), HERE)

    assert found.content == said
    assert not found.own_copy


def test_sealing_twice_gives_two_messages() -> None:
    wrapped = readers(THERE)
    raws = [
        seal(content(THERE), outside(THERE), readers=wrapped, signer=HERE.officer) for _ in range(2)
    ]

    first, second = (parse_envelope(raw) for raw in raws)

    assert first.mid != second.mid
    assert first.header.nonce != second.header.nonce
    assert first.header.commit != second.header.commit


def test_a_content_that_names_other_readers_is_not_sealed() -> None:
    with pytest.raises(ReadersError):
        seal(
            content(THERE),
            outside(THERE),
            readers=readers(THERE, copy=HERE),
            signer=HERE.officer,
        )


def test_the_forger_of_these_tests_writes_what_opens() -> None:
    """Without this, every refusal below could be for another reason."""
    assert opened(forgery(THERE).build()).content == content(THERE)
    assert opened(forgery(THERE, THIRD, copy=HERE).build(), THIRD).content.sender == (
        HERE.officer.kid
    )


# Check 1: the outside. The broker makes it too.


def with_header(change: Callable[[list[Value]], object]) -> bytes:
    """Return an envelope, honestly signed, whose header fields were changed."""
    honest = forgery(THERE)
    value = decode(honest.header().encoded(), limit=4_096)
    assert isinstance(value, list)
    change(value)
    return honest.build_with(encode(value))


@pytest.mark.parametrize("version, suite", [(2, 1), (1, 2), (0, 1), (1, 0), (2**53, 1)], ids=str)
def test_another_version_or_suite_is_refused_by_name(version: int, suite: int) -> None:
    assert code_of(with_header(lambda h: h.__setitem__(slice(2), [version, suite]))) == (
        "envelope.suite"
    )


HEADERS: dict[str, Callable[[list[Value]], object]] = {
    "no version": lambda h: h.__setitem__(0, None),
    "version in bytes": lambda h: h.__setitem__(0, b"\1"),
    "no suite": lambda h: h.__setitem__(1, None),
    "a field more": lambda h: h.append(0),
    "a field less": lambda h: h.pop(),
    "source too short": lambda h: h.__setitem__(2, bytes(15)),
    "source in text": lambda h: h.__setitem__(2, "a" * 16),
    "no destination": lambda h: h.__setitem__(3, []),
    "nine destinations": lambda h: h.__setitem__(3, [bytes([n]) * 16 for n in range(9)]),
    "a destination twice": lambda h: h.__setitem__(3, [THERE.desk, THERE.desk]),
    "destinations unsorted": lambda h: h.__setitem__(3, [b"\2" * 16, b"\1" * 16]),
    "class 3": lambda h: h.__setitem__(4, 3),
    "class in text": lambda h: h.__setitem__(4, "rescue"),
    "no kids": lambda h: h.__setitem__(5, []),
    "more kids than wraps": lambda h: h.__setitem__(5, [bytes(16), b"\xff" * 16]),
    "kid too short": lambda h: h.__setitem__(5, [bytes(15)]),
    "a clock without due": lambda h: h.__setitem__(6, [bytes(16)]),
    "a clock of another token": lambda h: h.__setitem__(6, [bytes(8), 1]),
    "a due in text": lambda h: h.__setitem__(6, [bytes(16), "soon"]),
    "five stops": lambda h: h.__setitem__(7, [bytes([n]) * 16 for n in range(5)]),
    "stops unsorted": lambda h: h.__setitem__(7, [b"\2" * 16, b"\1" * 16]),
    "no stops": lambda h: h.__setitem__(7, None),
    "no expiry": lambda h: h.__setitem__(8, None),
    "seventeen blobs": lambda h: h.__setitem__(9, [bytes([n]) * 32 for n in range(17)]),
    "a blob of another size": lambda h: h.__setitem__(9, [bytes(16)]),
    "a nonce of another size": lambda h: h.__setitem__(10, bytes(12)),
    "a commitment of another size": lambda h: h.__setitem__(11, bytes(16)),
    "a body hash of another size": lambda h: h.__setitem__(12, bytes(31)),
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS.keys())
def test_a_header_out_of_form_is_refused(change: Callable[[list[Value]], object]) -> None:
    assert code_of(with_header(change)) == "envelope.malformed"


@pytest.mark.parametrize("count", [0, 65])
def test_a_header_for_nobody_or_for_more_than_64_readers_is_refused(count: int) -> None:
    kids: list[Value] = [bytes([n]) * 16 for n in range(count)]
    header = with_field(forgery(THERE).header().encoded(), 5, kids)

    with pytest.raises(MalformedEnvelopeError, match="kids must be a list of 1 to 64"):
        parse_header(header)


def test_a_header_over_4096_bytes_is_refused_unread() -> None:
    raw = forgery(THERE).build_with(encode([1, 1, bytes(4_096)]))

    with pytest.raises(EnvelopeError, match=r"encoding\.too_large"):
        parse_envelope(raw)


def test_a_header_that_is_not_canonical_is_refused() -> None:
    honest = forgery(THERE).header().encoded()
    stretched = honest[:1] + b"\x18\x01" + honest[2:]  # the version 1 in two bytes

    with pytest.raises(EnvelopeError, match=r"encoding\.not_canonical"):
        parse_envelope(forgery(THERE).build_with(stretched))


def parts(raw: bytes) -> tuple[bytes, list[bytes], bytes, bytes]:
    """Return header, wraps, sigbox and body."""
    sealed = parse_envelope(raw)
    return sealed.header_bytes, list(sealed.wraps), sealed.sigbox, sealed.body


HONEST = forgery(THERE, THIRD, copy=HERE).build()


def test_a_broker_that_drops_a_wrap_is_seen() -> None:
    header, wraps, box, body = parts(HONEST)

    assert code_of(pack_envelope(header, wraps[1:], box, body)) == "envelope.malformed"


def test_a_broker_that_adds_what_is_no_wrap_is_seen() -> None:
    header, wraps, box, body = parts(HONEST)

    assert code_of(encode([header, [*wraps, None], box, body])) == "envelope.malformed"


def test_a_broker_that_adds_a_wrap_is_seen() -> None:
    header, wraps, box, body = parts(HONEST)

    assert code_of(pack_envelope(header, [*wraps, wraps[0]], box, body)) == "envelope.malformed"


def test_a_broker_that_swaps_wraps_is_seen_by_their_readers() -> None:
    header, wraps, box, body = parts(HONEST)
    swapped = pack_envelope(header, [*wraps[1:], wraps[0]], box, body)

    assert [code_of(swapped, by) for by in (THERE, THIRD, HERE)] == ["envelope.wrap"] * 3


def test_a_garbled_wrap_stops_its_own_reader_only() -> None:
    header, wraps, box, body = parts(HONEST)
    position = parse_envelope(HONEST).header.kids.index(THERE.window.kid)
    wraps[position] = bytes(len(wraps[position]))
    garbled = pack_envelope(header, wraps, box, body)

    assert code_of(garbled, THERE) == "envelope.wrap"
    assert opened(garbled, THIRD).sealed.eid != parse_envelope(HONEST).eid


OUTSIDES: dict[str, Callable[[bytes, list[bytes], bytes, bytes], bytes]] = {
    "a wrap cut short": lambda h, w, s, b: pack_envelope(h, [w[0][:-1], *w[1:]], s, b),
    "a box cut short": lambda h, w, s, b: pack_envelope(h, w, s[:-1], b),
    "a body cut short": lambda h, w, s, b: pack_envelope(h, w, s, b[:-1]),
    "a body of no padded size": lambda h, w, s, _: pack_envelope(h, w, s, bytes(3_000)),
    "a body over the limit": lambda h, w, s, _: pack_envelope(h, w, s, bytes(BODY_LIMIT + 1)),
    "a wrap that is text": lambda h, w, s, b: encode([h, ["x" * 1_168, *w[1:]], s, b]),
    "a part more": lambda h, w, s, b: encode([h, list(w), s, b, b""]),
    "nothing": lambda *_: b"",
    "trailing bytes": lambda h, w, s, b: pack_envelope(h, w, s, b) + b"\0",
}


@pytest.mark.parametrize("spoil", OUTSIDES.values(), ids=OUTSIDES.keys())
def test_an_envelope_out_of_form_is_refused(
    spoil: Callable[[bytes, list[bytes], bytes, bytes], bytes],
) -> None:
    assert code_of(spoil(*parts(HONEST))) == "envelope.malformed"


# Check 2


def test_a_message_for_others_is_not_for_us() -> None:
    with pytest.raises(NotForUsError):
        opened(forgery(THERE).build(), THIRD)


def test_a_broker_cannot_hand_a_message_to_another_desk_that_holds_the_window() -> None:
    raw = forgery(THERE).build()

    with pytest.raises(NotForUsError):
        open_envelope(
            parse_envelope(raw),
            desk=THIRD.desk,
            windows=THERE.opening,
            directory=DIRECTORY,
            at=NOW,
        )


# Check 3


def test_a_broker_that_swaps_the_body_is_seen() -> None:
    header, wraps, box, body = parts(HONEST)
    other = body[:-1] + bytes([body[-1] ^ 1])

    assert code_of(pack_envelope(header, wraps, box, other)) == "envelope.body_hash"


# Check 5


def test_a_message_for_a_window_we_no_longer_hold_is_refused() -> None:
    sealed = parse_envelope(forgery(THERE).build())
    later = {THERE.windows[1].window.kid: THERE.opening[THERE.windows[1].window.kid]}

    with pytest.raises(NoLiveWindowError, match="0 found"):
        open_envelope(sealed, desk=THERE.desk, windows=later, directory=DIRECTORY, at=NOW)


def test_a_sender_that_wraps_to_two_of_our_windows_is_refused() -> None:
    both = [Reader(own.window, ReaderRole.DESK) for own in THERE.windows]
    said = content(THERE, wrapped=both)
    raw = seal(said, outside(THERE), readers=both, signer=HERE.officer)

    with pytest.raises(NoLiveWindowError, match="2 found"):
        opened(raw)


# Check 6


def test_a_sender_that_gives_each_reader_another_key_is_seen() -> None:
    with pytest.raises(WrapError, match="another key"):
        opened(replace(forgery(THERE), wrapped_key=seed("another content key")).build())


def test_a_wrap_of_another_message_does_not_open() -> None:
    first = parse_envelope(forgery(THERE).build())
    other = Forgery(
        content(THERE), replace(outside(THERE), exp=NOW + 1), [THERE.window], HERE.officer
    )
    header, _, box, body = parts(other.build())

    with pytest.raises(WrapError, match="does not open"):
        opened(pack_envelope(header, first.wraps, box, body))


# Check 7


def test_a_broker_that_puts_in_another_messages_box_is_seen() -> None:
    header, wraps, _, body = parts(forgery(THERE).build())
    other = replace(forgery(THERE), outside=replace(outside(THERE), exp=NOW + 1))
    box = parse_envelope(other.build()).sigbox

    with pytest.raises(HiddenSignatureError):
        opened(pack_envelope(header, wraps, box, body))


def test_a_co_reader_that_puts_its_own_signature_in_the_box_is_seen() -> None:
    sealed = parse_envelope(forgery(THERE, THIRD).build())
    own = THIRD.officer.kid + THIRD.officer.sign(labels.MESSAGE, sealed.mid)
    box = sigbox(KEY, sealed.mid, own)

    raw = pack_envelope(sealed.header_bytes, sealed.wraps, box, sealed.body)

    with pytest.raises(SignerError, match="another desk"):
        opened(raw)


def test_an_unknown_signer_is_refused() -> None:
    with pytest.raises(SignerError, match=r"directory\.unknown_signer"):
        opened(replace(forgery(THERE), signer=signing_key("nobody")).build())


@pytest.mark.parametrize("at", [MONDAY - 1, MONDAY + VALIDITY + GRACE], ids=["before", "after"])
def test_a_signer_outside_its_time_is_refused(at: int) -> None:
    with pytest.raises(SignerError, match="does not count"):
        opened(forgery(THERE).build(), at=at)


def test_a_signer_counts_to_the_last_second() -> None:
    raw = forgery(THERE).build()

    assert [opened(raw, at=at).signer.kid for at in (MONDAY, MONDAY + VALIDITY + GRACE - 1)] == [
        HERE.officer.kid
    ] * 2


def after_renaming_desk(*, begins: int, ends: int) -> Directory:
    """Return the directory after the sender's agency said anew when its desk counts."""
    replica = directory()
    payload = desk_payload(HERE.slug, HERE.registrar, begins=begins, ends=ends)
    last = replica.last(What.DESK, HERE.agency, HERE.desk)
    replica.append(name_desk(HERE.agency, HERE.desk, payload, signers=HERE.roots[1:], after=last))
    return replica


def test_a_signer_of_a_desk_that_was_dissolved_is_refused() -> None:
    dissolved = after_renaming_desk(begins=NOW - GRACE - 1, ends=NOW - GRACE)

    with pytest.raises(SignerError, match="the desk does not count"):
        opened(forgery(THERE).build(), replica=dissolved)


def test_mail_in_flight_while_the_senders_desk_is_renewed_still_opens() -> None:
    renewed = after_renaming_desk(begins=NOW + 60, ends=NOW + VALIDITY)

    assert opened(forgery(THERE).build(), replica=renewed).signer.kid == HERE.officer.kid


def test_a_robbed_device_may_not_sign_a_step() -> None:
    said = replace(content(THERE), sender=HERE.device.kid)

    with pytest.raises(SignerError, match="DEVICE may not sign a STEP"):
        opened(replace(forgery(THERE), content=said, signer=HERE.device).build())


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("role", list(Role))
def test_who_may_sign_what_is_in_the_table(kind: Kind, role: Role) -> None:
    by_devices = {Kind.STATUS, Kind.MISSING, Kind.RESEND, Kind.VOID, *WITHIN_A_DESK}
    is_allowed = (
        kind in by_devices | {Kind.RECEIPT} if role is Role.DEVICE else kind not in by_devices
    )

    assert (role in MAY_SIGN[kind]) == is_allowed


def test_a_device_signs_receipts() -> None:
    said = replace(content(THERE), sender=HERE.device.kid, kind=Kind.RECEIPT)

    found = opened(replace(forgery(THERE), content=said, signer=HERE.device).build())

    assert found.signer.payload.role is Role.DEVICE


# Check 8


def test_a_signature_over_another_message_is_refused() -> None:
    kept = hidden_in(parse_envelope(forgery(THERE).build()), KEY)
    moved = replace(forgery(THERE), outside=replace(outside(THERE), exp=NOW + 1), hidden=kept)

    with pytest.raises(BadMessageSignatureError):
        opened(moved.build())


def test_a_co_reader_that_seals_the_message_on_to_a_third_is_seen() -> None:
    """Surreptitious forwarding: the sender's signature, a reader whom the sender never named."""
    taken = hidden_in(parse_envelope(forgery(THERE).build()), KEY)
    onward = Forgery(content(THIRD), outside(THIRD), [THIRD.window], HERE.officer, hidden=taken)

    with pytest.raises(BadMessageSignatureError):
        opened(onward.build(), THIRD)


def test_a_signature_under_another_label_is_refused() -> None:
    sealed = parse_envelope(forgery(THERE).build())
    for label in labels.SIGNING:
        hidden = HERE.officer.kid + HERE.officer.sign(label, sealed.mid)
        box = sigbox(KEY, sealed.mid, hidden)
        raw = pack_envelope(sealed.header_bytes, sealed.wraps, box, sealed.body)
        if label == labels.MESSAGE:
            assert opened(raw).signer.kid == HERE.officer.kid
        else:
            assert code_of(raw) == "envelope.signature"


# Check 9


def test_a_body_under_another_key_is_refused() -> None:
    with pytest.raises(TamperedBodyError, match="does_not_open"):
        opened(replace(forgery(THERE), body_key=seed("another content key")).build())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda padded: padded[:-1] + b"\1",
        lambda padded: padded.ljust(4_096, b"\0"),
        lambda padded: len(padded).to_bytes(4, "big") + padded[4:],
        lambda padded: b"\xff" * 4 + padded[4:],
    ],
    ids=["a channel in the padding", "a larger size", "a length too long", "a length absurd"],
)
def test_padding_that_is_not_canonical_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    padded = spoil(pad(content(THERE).encoded()))

    with pytest.raises(TamperedBodyError, match=r"padding\.not_canonical"):
        opened(replace(forgery(THERE), padded=padded).build())


def test_a_content_out_of_form_is_refused() -> None:
    with pytest.raises(BadContentError):
        opened(forgery(THERE).saying(encode([])))


# Check 9b


def named(*wrapped: Reader, addressed: tuple[Post, ...] = (THERE,)) -> Forgery:
    """Return a message wrapped to ``wrapped`` and naming them so."""
    honest = forgery(*addressed)
    windows = [reader.window for reader in wrapped]
    return replace(honest, content=with_readers(honest.content, wrapped), windows=windows)


def test_a_sender_that_hides_a_reader_from_the_others_is_seen() -> None:
    """A wrap more than the content names: who reads along would not be shown."""
    hidden = replace(forgery(THERE), windows=[THERE.window, THIRD.window])

    with pytest.raises(ReadersError, match="signed"):
        opened(hidden.build())


def test_a_sender_that_names_a_reader_without_a_wrap_is_seen() -> None:
    more = with_readers(content(THERE), readers(THERE, copy=HERE))

    with pytest.raises(ReadersError, match="signed"):
        opened(replace(forgery(THERE), content=more).build())


def test_a_reader_that_is_no_party_is_refused() -> None:
    with pytest.raises(ReadersError, match="no such party"):
        opened(named(*readers(THERE, THIRD)).build())


@pytest.mark.parametrize("post", [THIRD, THERE], ids=["third", "there"])
def test_an_own_copy_for_another_than_the_source_is_refused(post: Post) -> None:
    wrapped = [*readers(THERE), Reader(post.windows[1].window, ReaderRole.OWN_COPY)]
    sealed = parse_envelope(named(*wrapped).build())
    first_only = {THERE.window.kid: THERE.opening[THERE.window.kid]}

    with pytest.raises(ReadersError, match="OWN_COPY is no such party"):
        open_envelope(sealed, desk=THERE.desk, windows=first_only, directory=DIRECTORY, at=NOW)


def test_the_source_among_the_desks_without_being_addressed_is_refused() -> None:
    with pytest.raises(ReadersError, match="DESK is no such party"):
        opened(named(*readers(THERE, HERE)).build())


def test_two_windows_of_one_addressed_desk_are_refused_by_its_co_reader() -> None:
    second = Reader(THIRD.windows[1].window, ReaderRole.DESK)
    both = named(*readers(THERE, THIRD), second, addressed=(THERE, THIRD))

    with pytest.raises(ReadersError, match="exactly one window"):
        opened(both.build())


def test_a_message_that_one_addressed_desk_cannot_read_is_refused_by_the_other() -> None:
    with pytest.raises(ReadersError, match="exactly one window"):
        opened(named(*readers(THERE), addressed=(THERE, THIRD)).build())


def test_a_desk_that_writes_to_itself_makes_no_own_copy() -> None:
    second = Reader(HERE.windows[1].window, ReaderRole.OWN_COPY)
    sealed = parse_envelope(named(*readers(HERE), second, addressed=(HERE,)).build())
    first_only = {HERE.window.kid: HERE.opening[HERE.window.kid]}

    with pytest.raises(ReadersError, match="exactly one window"):
        open_envelope(sealed, desk=HERE.desk, windows=first_only, directory=DIRECTORY, at=NOW)


def test_a_window_that_the_directory_does_not_know_is_refused() -> None:
    stray = window("stray").window

    with pytest.raises(ReadersError, match=r"directory\.no_window"):
        opened(named(*readers(THERE), Reader(stray, ReaderRole.OWN_COPY)).build())


# Check 10


def test_a_colleague_that_signs_in_anothers_name_is_refused() -> None:
    said = replace(content(THERE), sender=HERE.approver.kid)

    with pytest.raises(SenderError):
        opened(replace(forgery(THERE), content=said).build())


def test_a_reader_that_sends_anothers_words_as_its_own_desks_is_seen() -> None:
    """The content as it was, under the reader's own source and signature."""
    stolen = replace(forgery(THERE, sender=THIRD), content=content(THERE, sender=HERE.officer))

    with pytest.raises(SenderError):
        opened(stolen.build())


# Correction 14: second signatures


def seconded(
    key: SigningKey,
    *,
    over: Content | None = None,
    dst: tuple[Post, ...] = (THERE,),
) -> Forgery:
    """Return a message with a second signature by ``key``, over other things if so asked."""
    said = content(THERE)
    pair = countersign(over or said, outside(*dst), key)
    return replace(forgery(THERE), content=said.with_countersignatures(pair))


def test_a_second_signature_of_an_approver_holds() -> None:
    found = opened(seconded(HERE.approver).build())

    assert [kid for kid, _ in found.content.countersignatures] == [HERE.approver.kid]


def test_a_sender_that_seconds_itself_is_refused() -> None:
    with pytest.raises(CountersignatureError, match="another person"):
        opened(seconded(HERE.officer).build())


def test_a_device_seconds_nothing() -> None:
    with pytest.raises(CountersignatureError, match="another person"):
        opened(seconded(HERE.device).build())


def test_an_officer_that_seconds_itself_from_another_computer_is_refused() -> None:
    other = signing_key("the officer's other computer")
    payload = key_payload(other, HERE.desk, Role.APPROVER, "VN-07")
    replica = directory()
    replica.append(granted(HERE, payload, other))

    with pytest.raises(CountersignatureError, match="another person"):
        opened(seconded(other).build(), replica=replica)


def granted(post: Post, payload: DevicePayload, key: SigningKey) -> bytes:
    """Return the entry by which the registrar of ``post`` admits ``key``."""
    request = parse_request(request_key(post.agency, payload, key))
    return grant_key(request, post.registrar, after=None)


def test_an_unknown_second_signer_is_refused() -> None:
    with pytest.raises(CountersignatureError, match=r"directory\.unknown_signer"):
        opened(seconded(signing_key("nobody")).build())


def test_an_approval_is_worth_nothing_for_another_text() -> None:
    other = replace(content(THERE), text="Another text than the approver saw.")

    with pytest.raises(CountersignatureError, match=r"signature\.bad"):
        opened(seconded(HERE.approver, over=other).build())


def test_an_approval_is_worth_nothing_for_other_destinations() -> None:
    with pytest.raises(CountersignatureError, match=r"signature\.bad"):
        opened(seconded(HERE.approver, dst=(THERE, THIRD)).build())


# A counterpart whose published window is no key


def test_a_window_of_small_order_stops_the_sender_by_name() -> None:
    weak = Window(THERE.window.kid, THERE.window.public[:1_184] + bytes(32), MONDAY, MONDAY + 1)
    wrapped = [Reader(weak, ReaderRole.DESK)]

    with pytest.raises(PrimitiveError, match="small"):
        seal(content(THERE, wrapped=wrapped), outside(THERE), readers=wrapped, signer=HERE.officer)
