"""Acknowledgements: our device's word that a message is durable here, and what others say of ours.

Follows docs/spec/broker.md, "Acknowledgement". What a device of the other side has signed counts
with the broker's note of it, which says when. Its word that a message came as a file counts without
one (docs/spec/carriage.md, "Acknowledgement"): then its own clock says when, and never to its
sender's good. Anything else is no acknowledgement.
"""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.header import MessageId, Sealed, parse_envelope
from crypto.attest.signing import KeyId, SigningKey, open_signed, pack_signed, split_signed
from crypto.attest.statement import Role
from crypto.seal.content import NEVER_RECEIPTED, Kind, parse_content
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.successors import has_place_of
from liaison.desk.mail.intake import CLOCKS_DIFFER, FalseItemError, FalseTimeError
from liaison.desk.store import Carried, Store, StoredAck, StoredMessage
from liaison.runtime.clock import Clock, timestamp
from protocols.wire.receipt import Ack, AckWhat, parse_ack, parse_noted


class NotHereError(FalseItemError):
    """An acknowledgement of a message that is not here, or not yet."""

    code = "inbox.not_here"


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """The acknowledgements of one installation."""

    device: SigningKey
    store: Store
    replica: Replica
    clock: Clock

    def delivered(self, sealed: Sealed) -> bytes:
        """Return our signed word that this message is durable here."""
        return self._say(AckWhat.DELIVERED, sealed, timestamp(self.clock.now()))

    def carried(self, sealed: Sealed, *, at: int) -> Carried:
        """Return our signed word that this message came here as a file at ``at`` (ts)."""
        word = self._say(AckWhat.CARRIED, sealed, at)
        return Carried(sealed.mid, self.device.kid, word, at)

    async def still_to_say(self) -> list[bytes]:
        """Return what we have and of which no acknowledgement by us was noted, to be said again."""
        kinds = [int(kind) for kind in Kind if kind not in NEVER_RECEIPTED]
        waiting = await self.store.unacknowledged(self.device.kid, int(AckWhat.DELIVERED), kinds)
        said = [self.delivered(parse_envelope(message.envelope)) for message in waiting]
        return [*said, *await self.store.words_to_say(self.device.kid)]

    async def checked(self, first: bytes, second: bytes) -> StoredAck:
        """Return the acknowledgement ``first`` with ``second``, the broker's note of it.

        Raises:
            SignatureError, ReceiptError, DirectoryError, FalseItemError: it is none that counts.
        """
        ack = parse_ack(split_signed(first)[0])
        message = await self._about(ack)
        broker = self.replica.broker_key()
        noted = parse_noted(open_signed(broker, labels.NOTED, second))
        if noted.ack != digest(labels.P_PERSISTED, first):
            raise FalseItemError("the broker's note is of another acknowledgement")
        self._check_device(first, ack, message, at=noted.at, index=noted.index)
        return StoredAck(
            mid=message.mid,
            device=KeyId(ack.device),
            what=int(ack.what),
            ack=first,
            noted=second,
            position=noted.index,
            at=noted.at,
        )

    async def carried_word(self, word: bytes, *, at: int, index: int | None = None) -> Carried:
        """Return the word in ``word`` that a message came as a file.

        Args:
            word: the signed acknowledgement.
            at: when (ts) we have it at the latest: from the broker, or as a file itself.
            index: its leaf in the ledger; None for a file.

        It is by message id: a carrier can garble a wrap that is another reader's, not what is read.

        Raises:
            SignatureError, ReceiptError, DirectoryError, FalseItemError: it is none that counts.
        """
        ack = parse_ack(split_signed(word)[0])
        message = await self._here(ack)
        if message.is_erased:
            raise FalseItemError("an acknowledgement of a message that was erased")
        if ack.what is not AckWhat.CARRIED:
            raise FalseItemError("the word that a message came as a file expected, another found")
        self._check_device(word, ack, message, at=at, index=index)
        written = parse_content(message.content).created
        if not written - CLOCKS_DIFFER <= ack.at <= at + CLOCKS_DIFFER:
            raise FalseTimeError("a time between the message and its acknowledgement expected")
        return Carried(message.mid, KeyId(ack.device), word, ack.at)

    async def _about(self, ack: Ack) -> StoredMessage:
        message = await self._here(ack)
        if message.eid != ack.eid or message.is_erased:
            raise FalseItemError("an acknowledgement of other bytes than are here")
        return message

    async def _here(self, ack: Ack) -> StoredMessage:
        message = await self.store.message(MessageId(ack.mid))
        if message is None:
            raise NotHereError("an acknowledgement of a message that is not here")
        return message

    def _check_device(
        self, raw: bytes, ack: Ack, message: StoredMessage, *, at: int, index: int | None
    ) -> None:
        device = self.replica.known.signer(KeyId(ack.device), at=at, index=index).payload
        open_signed(device.key, labels.ACK, raw)
        header = parse_envelope(message.envelope).header
        is_addressed = has_place_of(self.replica, device.desk, header.dst)
        if device.role is not Role.DEVICE or not is_addressed:
            raise FalseItemError("an acknowledgement by no device of an addressed desk")

    def _say(self, what: AckWhat, sealed: Sealed, at: int) -> bytes:
        ack = Ack(what, sealed.mid, sealed.eid, at, self.device.kid)
        return pack_signed(self.device, labels.ACK, ack.encoded())
