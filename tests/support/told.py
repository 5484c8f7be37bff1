"""An acknowledgement as a broker that means ill would tell of it: true, or false in one part."""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.header import Sealed
from crypto.attest.signing import SigningKey, pack_signed
from liaison.desk.store import StoredMessage
from protocols.wire import api
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import Ack, AckWhat, Noted
from tests.support.interposed import item
from tests.support.network import Network


@dataclass(frozen=True)
class Told:
    """An acknowledgement and the broker's note of it, honest but for what is given."""

    network: Network
    message: StoredMessage | Sealed
    #: Who is said to acknowledge, and who signs it; by default the addressed desk's device.
    device: SigningKey
    at: int
    signer: SigningKey | None = None
    eid: bytes | None = None
    #: Who signs the note, and of what it is.
    noted_by: SigningKey | None = None
    what: AckWhat = AckWhat.DELIVERED
    note_of: bytes | None = None

    def frame(self) -> api.Deliver:
        """Return it as the broker would deliver it."""
        ack = Ack(
            self.what,
            self.message.mid,
            self.eid or self.message.eid,
            self.at,
            self.device.kid,
        )
        raw = pack_signed(self.signer or self.device, labels.ACK, ack.encoded())
        broker = self.network.broker_key
        note = Noted(
            digest(labels.P_PERSISTED, self.note_of or raw), 0, self.at, broker.kid
        ).encoded()
        return item(ItemKind.ACK, raw, pack_signed(self.noted_by or broker, labels.NOTED, note))
