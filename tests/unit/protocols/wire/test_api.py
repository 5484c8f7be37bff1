from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.encoding import encode
from crypto.attest.header import ENVELOPE_LIMIT
from protocols.wire.api import (
    FRAME_LIMIT,
    PAGE,
    Acknowledge,
    AskToken,
    Deliver,
    Frame,
    FrameError,
    FrameKind,
    Grew,
    Hello,
    Login,
    LoginBody,
    NoticeBody,
    Refusal,
    Refused,
    Submit,
    Taken,
    Token,
    Welcome,
    encode_frame,
    encode_page,
    lane_and_kind,
    login_body,
    notice_body,
    parse_frame,
    parse_login_body,
    parse_notice_body,
    parse_page,
)
from protocols.wire.mailbox import ItemKind, MailLane

_number = st.integers(0, 2**53)
_bytes = st.binary(max_size=60)
_FIELDS = {int: _number, bytes: _bytes, str: st.text(max_size=40)}

FRAMES: dict[type[Frame], st.SearchStrategy[Frame]] = {
    Hello: st.builds(Hello, _bytes, _bytes),
    Login: st.builds(Login, _bytes),
    Welcome: st.builds(Welcome, *[_number] * 7),
    Submit: st.builds(Submit, _number, _bytes),
    Taken: st.builds(Taken, _number, _bytes),
    Refused: st.builds(Refused, _number, st.text(max_size=40), st.text(max_size=40)),
    Deliver: st.builds(Deliver, _number, _number, _number, _bytes, _bytes),
    Acknowledge: st.builds(Acknowledge, _number, _number, st.lists(_bytes, max_size=3).map(tuple)),
    Grew: st.builds(Grew, _number, _number),
    AskToken: st.builds(AskToken),
    Token: st.builds(Token, _bytes, _number),
}


@pytest.mark.parametrize("kind", get_args(Frame), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_frame_reads_back(kind: type[Frame], data: st.DataObject) -> None:
    frame = data.draw(FRAMES[kind])

    assert parse_frame(encode_frame(frame)) == frame


def test_every_kind_of_frame_is_tried_above_and_has_a_number_of_its_own() -> None:
    kinds = [frame.kind for frame in get_args(Frame)]

    assert set(FRAMES) == set(get_args(Frame))
    assert sorted(kinds) == list(FrameKind)


@given(st.binary(max_size=120))
def test_any_bytes_are_refused_by_name_or_read_as_they_stand(raw: bytes) -> None:
    try:
        frame = parse_frame(raw)
    except FrameError:
        return

    assert encode_frame(frame) == raw


@given(st.one_of(*FRAMES.values()), st.data())
def test_a_frame_changed_anywhere_is_refused_or_another(frame: Frame, data: st.DataObject) -> None:
    raw = encode_frame(frame)
    at = data.draw(st.integers(0, len(raw) - 1))
    spoilt = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]

    try:
        found = parse_frame(spoilt)
    except FrameError:
        return

    assert found != frame
    assert encode_frame(found) == spoilt


REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "a number": encode(1),
    "an empty list": encode([]),
    "a kind that is text": encode(["submit", 1, b""]),
    "a kind that is not there": encode([max(FrameKind) + 1, 1, b""]),
    "a field less": encode([int(FrameKind.SUBMIT), 1]),
    "a field more": encode([int(FrameKind.SUBMIT), 1, b"", b""]),
    "a field of another type": encode([int(FrameKind.SUBMIT), b"", 1]),
    "an acknowledgement that is text": encode([int(FrameKind.ACKNOWLEDGE), 0, 0, ["ack"]]),
    "a trailing byte": encode_frame(Grew(1, 1)) + b"\0",
    "too long": encode([int(FrameKind.SUBMIT), 1, bytes(FRAME_LIMIT)]),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(FrameError) as caught:
        parse_frame(raw)

    assert caught.value.code == "wire.frame"


def test_the_largest_envelope_with_its_receipt_fits_into_a_frame() -> None:
    receipt = bytes(512)
    delivered = Deliver(1, 2**53, 1, bytes(ENVELOPE_LIMIT), receipt)

    assert parse_frame(encode_frame(delivered)) == delivered


def test_a_login_body_reads_back_and_nothing_else_does() -> None:
    body = LoginBody(bytes(16), bytes(32), b"\1" * 16, 1_772_438_400)

    assert parse_login_body(login_body(body)) == body
    for raw in (b"", encode(1), encode([b"", b"", b""]), encode([1, b"", b"", 1])):
        with pytest.raises(FrameError):
            parse_login_body(raw)


def test_a_notice_body_reads_back_and_nothing_else_does() -> None:
    body = NoticeBody(1, bytes(16), bytes(32), 1_772_438_400, 1_772_438_401)

    assert parse_notice_body(notice_body(body)) == body
    for raw in (b"", encode(None), encode([1, b"", b"", 1]), encode([b"", b"", b"", 1, 1])):
        with pytest.raises(FrameError):
            parse_notice_body(raw)


def test_a_login_is_not_read_as_a_notice() -> None:
    with pytest.raises(FrameError):
        parse_notice_body(login_body(LoginBody(b"", b"", b"", 0)))


@given(st.lists(_bytes, max_size=10))
def test_a_page_reads_back(items: list[bytes]) -> None:
    assert parse_page(encode_page(items), limit=10_000) == items


@pytest.mark.parametrize("raw", [b"", encode(1), encode([1]), encode([b"", "text"])])
def test_what_is_no_page_is_refused(raw: bytes) -> None:
    with pytest.raises(FrameError):
        parse_page(raw, limit=100)


def test_a_page_over_the_limit_is_refused() -> None:
    with pytest.raises(FrameError, match=r"encoding\.too_large"):
        parse_page(encode_page([bytes(100)]), limit=100)


def test_a_full_page_is_read() -> None:
    page = [bytes(32)] * PAGE

    assert parse_page(encode_page(page), limit=40 * PAGE) == page


def test_the_lane_and_kind_of_an_item_are_known_or_refused() -> None:
    assert lane_and_kind(Deliver(1, 1, 3, b"", b"")) == (MailLane.RESCUE, ItemKind.NOTICE)
    for lane, item in ((3, 1), (0, 0), (0, 4)):
        with pytest.raises(FrameError):
            lane_and_kind(Deliver(lane, 1, item, b"", b""))


def test_refusals_have_codes_of_their_own() -> None:
    codes = [str(refusal) for refusal in Refusal]

    assert len(set(codes)) == len(codes)
    assert all(code == code.lower() and "." in code for code in codes)
    assert cast("str", Refusal.CONFLICT) == "submit.conflict"
