"""Acknowledgements: our device's word that a message is durable here, and what others say of ours.

Follows docs/spec/broker.md, "Acknowledgement". What a device of the other side has signed counts
with the broker's note of it, which says when; anything else is no acknowledgement.
"""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.header import MessageId, Sealed, parse_envelope
from crypto.attest.signing import KeyId, SigningKey, open_signed, pack_signed, split_signed
from crypto.attest.statement import Role
from crypto.seal.content import NEVER_RECEIPTED, Kind
from liaison.desk.directory import Replica
from liaison.desk.intake import FalseItemError
from liaison.desk.store import Store, StoredAck
from liaison.runtime.clock import Clock, timestamp
from protocols.wire import api
from protocols.wire.receipt import Ack, AckWhat, parse_ack, parse_noted


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """The acknowledgements of one installation."""

    device: SigningKey
    store: Store
    replica: Replica
    clock: Clock

    def delivered(self, sealed: Sealed) -> bytes:
        """Return our signed word that this message is durable here."""
        device = self.device
        ack = Ack(
            AckWhat.DELIVERED,
            sealed.mid,
            sealed.eid,
            timestamp(self.clock.now()),
            device.kid,
        )
        return pack_signed(device, labels.ACK, ack.encoded())

    async def still_to_say(self) -> list[bytes]:
        """Return what we have and of which no acknowledgement by us was noted, to be said again."""
        kinds = [int(kind) for kind in Kind if kind not in NEVER_RECEIPTED]
        waiting = await self.store.unacknowledged(self.device.kid, int(AckWhat.DELIVERED), kinds)
        return [self.delivered(parse_envelope(message.envelope)) for message in waiting]

    async def checked(self, frame: api.Deliver) -> StoredAck:
        """Return the acknowledgement in ``frame`` with the broker's note of it.

        Raises:
            SignatureError, ReceiptError, DirectoryError, FalseItemError: it is none that counts.
        """
        ack = parse_ack(split_signed(frame.first)[0])
        message = await self.store.message(MessageId(ack.mid))
        if message is None or message.eid != ack.eid or message.is_erased:
            raise FalseItemError("an acknowledgement of a message that is not here")
        broker = self.replica.broker_key()
        noted = parse_noted(open_signed(broker, labels.NOTED, frame.second))
        if noted.ack != digest(labels.P_PERSISTED, frame.first):
            raise FalseItemError("the broker's note is of another acknowledgement")
        directory = self.replica.directory
        device = directory.signer(KeyId(ack.device), at=noted.at, index=noted.index).payload
        open_signed(device.key, labels.ACK, frame.first)
        header = parse_envelope(message.envelope).header
        if device.role is not Role.DEVICE or device.desk not in header.dst:
            raise FalseItemError("an acknowledgement by no device of an addressed desk")
        return StoredAck(
            mid=message.mid,
            device=KeyId(ack.device),
            what=int(ack.what),
            ack=frame.first,
            noted=frame.second,
            position=noted.index,
            at=noted.at,
        )
