"""The desk's encrypted store: one file, one thread, one transaction a call."""

from liaison.desk.store.alarms import AlarmStore
from liaison.desk.store.archive import ArchiveStore, UnreadableRecordError
from liaison.desk.store.carried import CarriedStore
from liaison.desk.store.colleagues import ColleagueStore
from liaison.desk.store.disclosures import DisclosureStore
from liaison.desk.store.engine import (
    InClearError,
    LogNotCutError,
    NoCipherError,
    NoRoomError,
    StoreError,
    StoreFailedError,
    UnknownSchemaError,
    WrongKeyError,
    opens,
)
from liaison.desk.store.erasure import ErasureStore, Stub
from liaison.desk.store.failures import FailureStore
from liaison.desk.store.files import FileState, FileStore, Parcel, StoredFile
from liaison.desk.store.forms import FormStore, KeptForm
from liaison.desk.store.keys import KeyStore
from liaison.desk.store.lanes import LaneStore
from liaison.desk.store.mail import MOST_QUARANTINED, MailStore
from liaison.desk.store.named import NamedStore
from liaison.desk.store.oversight import OversightStore, Review
from liaison.desk.store.peers import PeerStore
from liaison.desk.store.register import Register
from liaison.desk.store.seeds import SeedStore
from liaison.desk.store.snapshot import SnapshotStore
from liaison.desk.store.touched import TouchedStore
from liaison.desk.store.values import (
    Aside,
    Carried,
    Disclosed,
    Draft,
    Failure,
    Given,
    HeadAhead,
    Keeping,
    Missing,
    Notice,
    Opening,
    Orphan,
    Peer,
    RaisedAlarm,
    Reminder,
    Seen,
    Shown,
    StoredAck,
    StoredMessage,
    ToldAside,
    Waiting,
    WaitingKey,
)
from liaison.desk.store.waiting import WaitingStore

__all__ = [
    "MOST_QUARANTINED",
    "Aside",
    "Carried",
    "Disclosed",
    "Draft",
    "Failure",
    "FileState",
    "Given",
    "HeadAhead",
    "InClearError",
    "Keeping",
    "KeptForm",
    "LogNotCutError",
    "Missing",
    "NoCipherError",
    "NoRoomError",
    "Notice",
    "Opening",
    "Orphan",
    "Parcel",
    "Peer",
    "RaisedAlarm",
    "Reminder",
    "Review",
    "Seen",
    "Shown",
    "Store",
    "StoreError",
    "StoreFailedError",
    "StoredAck",
    "StoredFile",
    "StoredMessage",
    "Stub",
    "ToldAside",
    "UnknownSchemaError",
    "UnreadableRecordError",
    "Waiting",
    "WaitingKey",
    "WrongKeyError",
    "opens",
]


class Store(
    KeyStore,
    ColleagueStore,
    LaneStore,
    NamedStore,
    PeerStore,
    FailureStore,
    AlarmStore,
    MailStore,
    CarriedStore,
    DisclosureStore,
    ArchiveStore,
    ErasureStore,
    WaitingStore,
    FileStore,
    SeedStore,
    FormStore,
    OversightStore,
    SnapshotStore,
    Register,
    TouchedStore,
):
    """One installation's store: keys, colleagues, mail and register in one file."""
