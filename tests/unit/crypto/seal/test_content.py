"""Contents read back; what is refused of them stands in tests/vectors/envelope (content-*)."""

from dataclasses import replace
from typing import TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.directory import Head
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import (
    Content,
    ContentError,
    Kind,
    Lane,
    ReaderRole,
    ThreadId,
    parse_content,
)
from tests.support.world import HERE, THERE, content

_ids = st.binary(min_size=16, max_size=16)
_hashes = st.binary(min_size=32, max_size=32)
_ts = st.integers(0, 2**53)
_first = st.just(Lane(1, None))
_later = st.builds(Lane, st.integers(2, 2**53), _hashes.map(MessageId))
_forms = st.dictionaries(
    st.text(min_size=1, max_size=9), _ts | st.text(max_size=9) | st.booleans(), max_size=3
)


_Of = TypeVar("_Of")


def _sorted_pairs(pairs: dict[bytes, _Of]) -> tuple[tuple[bytes, _Of], ...]:
    return tuple(sorted(pairs.items(), key=lambda pair: pair[0]))


def _naming_what_is_resent(said: Content) -> Content:
    again = MessageId(said.dirhead.hash) if said.kind is Kind.RESEND else None
    return replace(said, resend_of=again)


CONTENTS = st.builds(
    Content,
    sender=_ids.map(KeyId),
    kind=st.sampled_from(Kind),
    created=_ts,
    thread=_ids.map(ThreadId),
    lanes=st.dictionaries(_ids.map(DeskId), _first | _later, max_size=3),
    parents=st.sets(_hashes.map(MessageId), max_size=3).map(lambda found: tuple(sorted(found))),
    dirhead=st.builds(Head, _ts, _hashes),
    lang=st.text(max_size=5),
    subject=st.text(max_size=30),
    text=st.text(max_size=300),
    form=st.none() | _forms,
    readers=st.dictionaries(_ids, st.sampled_from(ReaderRole), min_size=1, max_size=4).map(
        _sorted_pairs
    ),
    countersignatures=st.dictionaries(_ids, st.binary(min_size=64, max_size=64), max_size=2).map(
        _sorted_pairs
    ),
).map(_naming_what_is_resent)


@given(CONTENTS)
def test_a_content_reads_back(said: Content) -> None:
    assert parse_content(said.encoded()) == said


@given(CONTENTS, st.data())
def test_a_content_changed_anywhere_is_refused_or_read_as_it_stands(
    said: Content, data: st.DataObject
) -> None:
    """Nothing is read that would be written in another way: what was signed is what is shown."""
    raw = said.encoded()
    at = data.draw(st.integers(0, len(raw) - 1))
    spoilt = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]

    try:
        found = parse_content(spoilt)
    except ContentError:
        return

    assert found.encoded() == spoilt
    assert found != said


@given(st.binary(max_size=200))
def test_bytes_drawn_at_random_are_no_content(raw: bytes) -> None:
    with pytest.raises(ContentError):
        parse_content(raw)


@pytest.mark.parametrize("value", [None, 1, b"", "text", [], [1], {}, {"a": 1}], ids=repr)
def test_what_is_no_numbered_map_is_refused(value: Value) -> None:
    with pytest.raises(ContentError) as caught:
        parse_content(encode(value))

    assert caught.value.code == "content.malformed"


def changed(key: int, value: Value) -> bytes:
    """Return an honest content with ``value`` at ``key``."""
    fields = decode(content(THERE).encoded(), limit=4_096)
    assert isinstance(fields, dict)
    return encode({**cast("dict[int, Value]", fields), key: value})


A, B, H = b"a" * 16, b"b" * 16, bytes(32)
SIGNATURE = bytes(64)


@pytest.mark.parametrize(
    "key, value",
    [
        pytest.param(5, {A: [0, H]}, id="a lane from nought"),
        pytest.param(5, {A: [0, None]}, id="a lane from nought after none"),
        pytest.param(5, {A: [1, H]}, id="a first message after another"),
        pytest.param(5, {A: [2, None]}, id="a second message after none"),
        pytest.param(6, [b"b" * 32, b"a" * 32], id="parents unsorted"),
        pytest.param(6, [H, H], id="a parent twice"),
        pytest.param(6, [bytes([n]) * 32 for n in range(65)], id="65 parents"),
        pytest.param(8, [], id="no reader"),
        pytest.param(8, [[B, 0], [A, 0]], id="readers unsorted"),
        pytest.param(8, [[A, 0], [A, 1]], id="a reader twice"),
        pytest.param(8, [[A, 2]], id="a reader of another role"),
        pytest.param(16, [], id="no second signature"),
        pytest.param(16, [[B, SIGNATURE], [A, SIGNATURE]], id="second signatures unsorted"),
        pytest.param(16, [[A, SIGNATURE], [A, SIGNATURE]], id="two by one key"),
        pytest.param(16, [[A, SIGNATURE[1:]]], id="a short second signature"),
    ],
)
def test_a_content_with_a_field_out_of_form_is_refused(key: int, value: Value) -> None:
    with pytest.raises(ContentError):
        parse_content(changed(key, value))


def test_a_draft_does_not_hold_the_second_signatures() -> None:
    said = content(THERE)
    seconded = said.with_countersignatures((HERE.approver.kid, bytes(64)))

    assert seconded.draft() == said.draft()
    assert seconded.encoded() != said.encoded()


@pytest.mark.parametrize(
    "change",
    [
        {"text": "other"},
        {"form": {"act": "withdraw"}},
        {"lang": "en"},
        {"subject": "other"},
        {"thread": ThreadId(bytes(16))},
        {"kind": Kind.RECEIPT},
        {"sender": HERE.approver.kid},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_draft_holds_all_that_is_said(change: dict[str, object]) -> None:
    said = content(THERE)

    other = replace(said, **change)  # type: ignore[arg-type]  # each is the field's own type

    assert other.draft() != said.draft()


@pytest.mark.parametrize(
    "change",
    [
        {"readers": ((HERE.window.kid, ReaderRole.DESK),)},
        {"created": 1},
        {"lanes": {}},
        {"parents": (MessageId(bytes(32)),)},
        {"dirhead": Head(0, bytes(32))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_draft_leaves_open_what_is_settled_when_the_message_leaves(
    change: dict[str, object],
) -> None:
    said = content(THERE)

    other = replace(said, **change)  # type: ignore[arg-type]  # each is the field's own type

    assert other.draft() == said.draft()
    assert other.encoded() != said.encoded()


def test_second_signatures_are_put_in_the_order_of_their_keys() -> None:
    pairs = [(KeyId(bytes([n]) * 16), bytes(64)) for n in (3, 1, 2)]

    seconded = content(THERE).with_countersignatures(*pairs)

    assert [kid[0] for kid, _ in seconded.countersignatures] == [1, 2, 3]
    assert parse_content(seconded.encoded()) == seconded


def test_a_message_that_is_sent_again_is_named_and_by_nothing_else() -> None:
    named = replace(content(THERE), resend_of=MessageId(bytes(32)))
    unnamed = replace(content(THERE), kind=Kind.RESEND)

    for said in (named, unnamed):
        with pytest.raises(ContentError, match="sent again is named"):
            parse_content(said.encoded())
