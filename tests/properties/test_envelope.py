"""What holds of every envelope: it reads back, and no bit of it can be changed unseen."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.attest.header import (
    ClockToken,
    EnvelopeError,
    PriorityClass,
    StartClock,
    parse_envelope,
    parse_header,
)
from crypto.attest.padding import is_padded_size
from crypto.attest.signing import KeyId
from crypto.seal.envelope import Opened, open_envelope, seal
from crypto.seal.primitives import OpeningKey
from tests.support.world import (
    HERE,
    NOW,
    THERE,
    THIRD,
    Post,
    content,
    directory,
    outside,
    readers,
)

DIRECTORY = directory()
POSTS = {"there": THERE, "third": THIRD}


def opened(raw: bytes, by: Post, windows: dict[KeyId, OpeningKey] | None = None) -> Opened:
    """Return the envelope opened at the desk of ``by``."""
    held = by.opening if windows is None else windows
    return open_envelope(
        parse_envelope(raw),
        desk=by.desk,
        windows=held,
        directory=DIRECTORY,
        at=NOW,
    )


_tokens = st.binary(min_size=16, max_size=16).map(ClockToken)


@settings(max_examples=60, deadline=None)
@given(
    addressed=st.sets(st.sampled_from(["there", "third"]), min_size=1),
    copy=st.booleans(),
    text=st.text(max_size=4_000),
    priority=st.sampled_from(PriorityClass),
    start=st.none() | st.builds(StartClock, _tokens, st.integers(0, 2**53)),
    stop=st.sets(_tokens, max_size=4),
    exp=st.integers(0, 2**53),
)
def test_every_reader_reads_what_was_sealed_and_nobody_else_does(
    addressed: set[str],
    *,
    copy: bool,
    text: str,
    priority: PriorityClass,
    start: StartClock | None,
    stop: set[ClockToken],
    exp: int,
) -> None:
    posts = [POSTS[name] for name in sorted(addressed)]
    wrapped = readers(*posts, copy=HERE if copy else None)
    said = replace(content(*posts, wrapped=wrapped), text=text)
    out = replace(
        outside(*posts), priority=priority, start=start, stop=tuple(sorted(stop)), exp=exp
    )

    raw = seal(said, out, readers=wrapped, signer=HERE.officer)

    sealed = parse_envelope(raw)
    assert parse_header(sealed.header_bytes).encoded() == sealed.header_bytes
    assert (sealed.header.start, sealed.header.stop, sealed.header.exp) == (start, out.stop, exp)
    assert is_padded_size(len(sealed.body) - 16)
    for post in (HERE, THERE, THIRD):
        if post in posts or (post is HERE and copy):
            assert opened(raw, post).content == said
        else:
            assert _code(raw, post) in {"envelope.not_for_us", "envelope.no_window"}


def _code(raw: bytes, by: Post, windows: dict[KeyId, OpeningKey] | None = None) -> str:
    """Return the code of the refusal, or ``ok``; anything but an EnvelopeError comes through."""
    try:
        opened(raw, by, windows)
    except EnvelopeError as e:
        return e.code
    return "ok"


def test_every_single_bit_of_an_envelope_counts() -> None:
    """All 28,000 bits of a rescue message for one reader, one after the other."""
    windows = THERE.opening
    raw = seal(content(THERE), outside(THERE), readers=readers(THERE), signer=HERE.officer)
    spoilt = bytearray(raw)
    codes: set[str] = set()
    for bit in range(len(raw) * 8):
        spoilt[bit // 8] ^= 1 << bit % 8
        codes.add(_code(bytes(spoilt), THERE, windows))
        spoilt[bit // 8] ^= 1 << bit % 8

    assert _code(raw, THERE, windows) == "ok"
    assert codes == {
        "envelope.malformed",
        "envelope.suite",
        "envelope.body_hash",
        "envelope.not_for_us",
        "envelope.no_window",
        "envelope.wrap",
        "envelope.sigbox",
    }


def test_a_bit_of_another_readers_wrap_is_that_readers_to_see_and_changes_the_name() -> None:
    """Wraps are not under the signature; the envelope's own hash covers them."""
    wrapped = readers(THERE, THIRD)
    raw = seal(content(THERE, THIRD), outside(THERE, THIRD), readers=wrapped, signer=HERE.officer)
    sealed = parse_envelope(raw)
    wrap = sealed.wraps[sealed.header.kids.index(THIRD.window.kid)]
    start = raw.index(wrap)
    for byte in range(0, len(wrap), 7):
        spoilt = bytearray(raw)
        spoilt[start + byte] ^= 1 << byte % 8

        assert _code(bytes(spoilt), THIRD) == "envelope.wrap"
        assert opened(bytes(spoilt), THERE).sealed.eid != sealed.eid


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_drawn_at_random_raise_only_an_envelopes_own_errors(raw: bytes) -> None:
    assert _code(raw, THERE) == "envelope.malformed"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_envelope_cut_and_sewn_anywhere_is_refused(data: st.DataObject) -> None:
    """Bytes left out, put in twice, or moved: never an open message, never another exception."""
    start = data.draw(st.integers(0, len(SAMPLE) - 1))
    end = data.draw(st.integers(start, len(SAMPLE)))
    middle = data.draw(st.binary(max_size=20) | st.just(SAMPLE[start:end] * 2))
    spoilt = SAMPLE[:start] + middle + SAMPLE[end:]

    assert (_code(spoilt, THERE) == "ok") == (spoilt == SAMPLE)


SAMPLE = seal(content(THERE), outside(THERE), readers=readers(THERE), signer=HERE.officer)
