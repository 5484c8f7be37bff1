"""What devices of one desk give each other: seeds of windows, and messages with their keys.

Follows docs/spec/envelope.md, "Grants and histories". Both travel as forms of messages of their own
kinds, sealed to a device's grant key. A seed counts only if it opens a window that the desk has
published; whose word is taken at all is the desk's to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import Value
from crypto.attest.header import DeskId
from crypto.attest.signing import KEY_ID_BYTES, KeyId
from crypto.seal.primitives import KEY_BYTES, OpeningKey
from crypto.seal.windows import OwnWindow

#: Bytes of messages in one part of a history; with all around them it stays below a body's limit.
HISTORY_BYTES = 900_000


class GrantError(Exception):
    """A grant or a history is not of the specified form, or gives what is not the desk's."""

    code = "grant.malformed"


@dataclass(frozen=True, slots=True)
class Grant:
    """Seeds of windows by their key ids, and the devices whom the giver counts as colleagues."""

    seeds: tuple[tuple[KeyId, bytes], ...] = field(repr=False)
    devices: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """One message of a history: its envelope, the broker's receipt and its content key."""

    envelope: bytes
    took: bytes
    content_key: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Return about how many bytes it takes in a history."""
        return len(self.envelope) + len(self.took) + KEY_BYTES


def grant_to_value(grant: Grant) -> Value:
    """Return the form of a grant."""
    return [[[kid, seed] for kid, seed in grant.seeds], list(grant.devices)]


def grant_from_value(value: Value) -> Grant:
    """Return the grant in ``value``; raise GrantError when it is none."""
    match value:
        case [list(seeds), list(devices)]:
            return Grant(
                tuple(_seed(item) for item in seeds),
                tuple(KeyId(_fixed(kid, KEY_ID_BYTES)) for kid in devices),
            )
    raise GrantError("a grant is [[[kid, seed], ...], [device, ...]]")


def history_to_value(messages: Iterable[Remembered]) -> Value:
    """Return the form of a history."""
    return [[one.envelope, one.took, one.content_key] for one in messages]


def history_from_value(value: Value) -> list[Remembered]:
    """Return the messages in ``value``, oldest first; raise GrantError when it is no history."""
    if not isinstance(value, list):
        raise GrantError("a history is a list of messages")
    return [_remembered(item) for item in value]


def can_be_told(message: Remembered) -> bool:
    """Say whether ``message`` fits into a history: one as large as a message can be does not."""
    return message.size <= HISTORY_BYTES


def in_parts(messages: Iterable[Remembered]) -> Iterator[list[Remembered]]:
    """Yield ``messages``, each of which can be told, in parts that fit into one message each."""
    part, size = list[Remembered](), 0
    for message in messages:
        if part and size + message.size > HISTORY_BYTES:
            yield part
            part, size = [], 0
        part.append(message)
        size += message.size
    if part:
        yield part


def open_windows(grant: Grant, directory: Directory, desk: DeskId) -> list[OwnWindow]:
    """Return the windows that the grant's seeds open: of ``desk``, or of one whose heir it is.

    Raises:
        GrantError: a seed for no such window, or one that does not open it.
    """
    desks = {desk, *directory.inherited(desk)}
    return [_checked(kid, seed, directory, desks) for kid, seed in grant.seeds]


def _checked(kid: KeyId, seed: bytes, directory: Directory, desks: set[DeskId]) -> OwnWindow:
    try:
        owner, window = directory.window(kid)
    except DirectoryError as e:
        raise GrantError(f"{e.code}: {e}") from e
    if owner not in desks or OpeningKey.from_seed(seed).public != window.public:
        raise GrantError("a seed that opens no window of the desk")
    return OwnWindow(window, seed)


def _seed(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(seed)]:
            return KeyId(_fixed(kid, KEY_ID_BYTES)), _fixed(seed, KEY_BYTES)
    raise GrantError("a seed is [kid, 32 bytes]")


def _remembered(item: Value) -> Remembered:
    match item:
        case [bytes(envelope), bytes(took), bytes(key)]:
            return Remembered(envelope, took, _fixed(key, KEY_BYTES))
    raise GrantError("a message of a history is [envelope, receipt, content key]")


def _fixed(value: Value, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise GrantError(f"expected {size} bytes")
    return value
