"""The tables of a desk's encrypted store.

Everything a desk holds lies in one SQLCipher database; nothing of a case is written anywhere else.
Ids and hashes are bytes, times unix seconds. What was written in a case is kept as records under
the case's own key (docs/spec/archive.md); beside them stand ids, kinds, times and case numbers.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

TABLES = MetaData()

#: Single values by name: the schema's version, the device's seed, the last checkpoint seen.
facts = Table(
    "facts",
    TABLES,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

directory = Table(
    "directory",
    TABLES,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
)

#: Our windows with their seeds; ``followed`` once a later one was known, by our own clock.
windows = Table(
    "windows",
    TABLES,
    Column("kid", LargeBinary, primary_key=True),
    Column("seed", LargeBinary, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("followed", BigInteger),
)

#: Windows whose seeds were destroyed here: never taken up again, and known for what they were.
destroyed = Table(
    "destroyed",
    TABLES,
    Column("kid", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: Our own grant keys, oldest first; ``replaced`` once a later one stood in the directory.
grant_keys = Table(
    "grant_keys",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("kid", LargeBinary, nullable=False, unique=True),
    Column("seed", LargeBinary, nullable=False),
    Column("replaced", BigInteger),
)

#: Devices of our desk that were admitted here; ``told`` once what happened before was given.
colleagues = Table(
    "colleagues",
    TABLES,
    Column("device", LargeBinary, primary_key=True),
    Column("told", Integer, nullable=False),
)

#: Which window's seed was given to which colleague, with which message; a part of what happened
#: before stands under its own message's id.
grants = Table(
    "grants",
    TABLES,
    Column("device", LargeBinary, primary_key=True),
    Column("window", LargeBinary, primary_key=True),
    Column("mid", LargeBinary, nullable=False),
)

#: Messages that a colleague told us of: delivered to the desk before, and not acknowledged again.
learned = Table(
    "learned",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
)

cases = Table(
    "cases",
    TABLES,
    Column("thread", LargeBinary, primary_key=True),
    Column("ref", String, nullable=False, index=True),
    Column("number", Integer, nullable=False, unique=True),
)

#: The key of each case's records.
case_keys = Table(
    "case_keys",
    TABLES,
    Column("thread", LargeBinary, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

#: What stays of cases that were made unreadable: number, time, and what two officers have signed.
erasures = Table(
    "erasures",
    TABLES,
    Column("thread", LargeBinary, primary_key=True),
    Column("ref", String, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),
)

#: Which other computer of the desk has told of an erased case, by its thread, or of a review, by
#: its statement's name, and when: it has that itself.
heard = Table(
    "heard",
    TABLES,
    Column("subject", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: Messages sent and received. ``record`` is envelope, content key and content under the case's key,
#: or the bare envelope of what was sealed to a colleague's device alone, or nothing once the case
#: is erased. ``took`` is empty until the broker's receipt is here, ``refused`` unless the broker
#: refused; ``proven`` is the size of the cosigned ledger that contains it.
messages = Table(
    "messages",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("mid", LargeBinary, nullable=False, unique=True),
    Column("eid", LargeBinary, nullable=False),
    Column("outgoing", Integer, nullable=False),
    Column("src", LargeBinary, nullable=False),
    Column("thread", LargeBinary, nullable=False, index=True),
    Column("kind", Integer, nullable=False),
    Column("signer", LargeBinary, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("took", LargeBinary),
    Column("position", BigInteger),
    Column("taken_at", BigInteger),
    Column("refused", String),
    Column("proven", BigInteger),
)
Index("messages_by_position", messages.c.position)
Index("messages_waiting", messages.c.number, sqlite_where=messages.c.took.is_(None))

#: The signed word of a device of an addressed desk that a message came to it as a file, and when
#: (its own clock): ours of what came here, theirs of what we have carried out.
carried = Table(
    "carried",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("ack", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Messages that were shown to somebody who is no party: what the disclosing officer signed.
disclosures = Table(
    "disclosures",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("mid", LargeBinary, nullable=False),
    Column("officer", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("file", LargeBinary, nullable=False),
    Column("signed", LargeBinary, nullable=False),
)

#: What was written to a file, by the hash of its bytes, and when last.
carried_out = Table(
    "carried_out",
    TABLES,
    Column("item", LargeBinary, primary_key=True),
    Column("mid", LargeBinary, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
)

#: Entries of the directory that came as files and that the log has not.
carried_entries = Table(
    "carried_entries",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("entry", LargeBinary, nullable=False, unique=True),
)

#: Every place that is known of every lane: who stands at this number, and whom it names before it.
#: ``sealed_here`` is 1 where this installation sealed it; ``void`` where the sender's desk has
#: said that the broker never took it.
places = Table(
    "places",
    TABLES,
    Column("signer", LargeBinary, primary_key=True),
    Column("desk", LargeBinary, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("mid", LargeBinary, nullable=False),
    Column("prev", LargeBinary),
    Column("sealed_here", Integer, nullable=False),
    Column("void", Integer, nullable=False),
)
Index("places_by_mid", places.c.mid)

#: Numbers that are missing in a lane, with the desk that can be asked for them; ``asked`` is when
#: it was asked last.
gaps = Table(
    "gaps",
    TABLES,
    Column("signer", LargeBinary, primary_key=True),
    Column("desk", LargeBinary, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("peer", LargeBinary, nullable=False),
    Column("noticed", BigInteger, nullable=False),
    Column("asked", BigInteger),
)

#: Messages that were sent again, to whom, and when last (ts).
resent = Table(
    "resent",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("desk", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

#: Messages that others name as answered or receipted and that are not here; ``tries`` is how often
#: their desk was asked for them, ``asked`` when it was last.
orphans = Table(
    "orphans",
    TABLES,
    Column("parent", LargeBinary, primary_key=True),
    Column("child", LargeBinary, primary_key=True),
    Column("peer", LargeBinary, nullable=False),
    Column("noticed", BigInteger, nullable=False),
    Column("asked", BigInteger),
    Column("tries", Integer, nullable=False),
)

#: Heads of the directory that messages name and that lie beyond what our broker has shown us.
heads_ahead = Table(
    "heads_ahead",
    TABLES,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, primary_key=True),
    Column("peer", LargeBinary, nullable=False),
    Column("noticed", BigInteger, nullable=False),
)

#: The desks with which ours has a channel: since when we know, when we last told them how we stand,
#: and the time of their newest status.
peers = Table(
    "peers",
    TABLES,
    Column("desk", LargeBinary, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("heard", BigInteger),
)

#: The newest checkpoint that each device of another desk has seen, until it is compared: a broker
#: can show each computer another ledger.
shown = Table(
    "shown",
    TABLES,
    Column("device", LargeBinary, primary_key=True),
    Column("desk", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("checkpoint", LargeBinary, nullable=False),
)

#: What an officer must know of, by its code; ``subject`` names what it is about, so that the same
#: is raised once. ``settled`` when it has come right by itself; ``seen`` and the signature of the
#: officer who has marked it.
alarms = Table(
    "alarms",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("code", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("about", String, nullable=False),
    Column("raised", BigInteger, nullable=False),
    Column("settled", BigInteger),
    Column("seen", BigInteger),
    Column("officer", LargeBinary),
    Column("signature", LargeBinary),
)

#: Devices' acknowledgements of messages, ours and theirs, as the broker noted them.
acks = Table(
    "acks",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("what", Integer, primary_key=True),
    Column("ack", LargeBinary, nullable=False),
    Column("noted", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("proven", BigInteger),
)

#: That an officer has opened a message: signed receipts, ours and theirs.
openings = Table(
    "openings",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("officer", LargeBinary, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

#: That another desk's computer has refused a message of ours, or could not open it.
failures = Table(
    "failures",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("outcome", Integer, nullable=False),
    Column("code", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

#: Of what was set aside the sender was told, or is not to be: then ``desk`` is empty.
told = Table(
    "told",
    TABLES,
    Column("eid", LargeBinary, primary_key=True),
    Column("desk", LargeBinary),
    Column("at", BigInteger, nullable=False),
)

#: What failed a check: kept by its very bytes' name, never shown, bounded in number.
quarantine = Table(
    "quarantine",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("eid", LargeBinary, nullable=False, unique=True),
    Column("code", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)

#: Keys of messages that somebody told of and that cannot be judged yet: of what is in quarantine,
#: by the case that each names. ``learned`` tells a colleague's word from what was sent again.
waiting_keys = Table(
    "waiting_keys",
    TABLES,
    Column("eid", LargeBinary, primary_key=True),
    Column("thread", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("learned", Integer, nullable=False),
)

#: Up to where each lane of our mailbox has been dealt with.
cursors = Table(
    "cursors",
    TABLES,
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

#: Steps of ladders that were reached, each once; ``skipped`` are those a later one overtook.
reminders = Table(
    "reminders",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("thread", LargeBinary, nullable=False, index=True),
    Column("clock", String, nullable=False),
    Column("start", LargeBinary, nullable=False),
    Column("level", String, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("fired", BigInteger, nullable=False),
    Column("skipped", Integer, nullable=False),
    UniqueConstraint("thread", "clock", "start", "level"),
)

#: What the broker's blind clock told us.
notices = Table(
    "notices",
    TABLES,
    Column("token", LargeBinary, primary_key=True),
    Column("code", Integer, primary_key=True),
    Column("mid", LargeBinary, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Steps of ours that wait for a second signature; see :class:`liaison.desk.store.Draft`. ``record``
#: is what is said, and why it was refused, under the case's key.
drafts = Table(
    "drafts",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("ask", LargeBinary, nullable=False, unique=True),
    Column("thread", LargeBinary, nullable=False),
    Column("ref", String, nullable=False),
    Column("addressee", String, nullable=False),
    Column("officer", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("kid", LargeBinary),
    Column("signature", LargeBinary),
)

#: Questions for a second signature that came here: open, granted, refused, or their case erased.
asks = Table(
    "asks",
    TABLES,
    Column("mid", LargeBinary, primary_key=True),
    Column("state", String, nullable=False),
)

#: What an officer wrote on a screen that had locked itself: it comes back to them alone.
kept_forms = Table(
    "kept_forms",
    TABLES,
    Column("officer", String, primary_key=True),
    Column("once", String, primary_key=True),
    Column("path", String, nullable=False),
    Column("fields", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Files of cases, by the name of their ciphertext, which lies beside the store, once for all cases
#: that name it. ``record`` says how to open one, under its case's key; ``parcel`` names what it
#: waits to go with.
files = Table(
    "files",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("thread", LargeBinary, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("parcel", LargeBinary),
    Column("code", String),
    UniqueConstraint("thread", "blob"),
)

#: Files that wait to go with a note, whose text is in ``record`` under the case's key.
parcels = Table(
    "parcels",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("parcel", LargeBinary, nullable=False, unique=True),
    Column("thread", LargeBinary, nullable=False),
    Column("ref", String, nullable=False),
    Column("officer", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("code", String),
)

#: The halves of each case's key, sealed to the supervisors whom the desk's certificate names.
halves = Table(
    "halves",
    TABLES,
    Column("thread", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

#: That supervisors opened a case, by ids and a code only; stays when the case is erased. ``signed``
#: is the word of the computer that showed the case.
reviews = Table(
    "reviews",
    TABLES,
    Column("number", Integer, primary_key=True),
    Column("thread", LargeBinary, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("first", LargeBinary, nullable=False),
    Column("second", LargeBinary, nullable=False),
    Column("signed", LargeBinary, nullable=False, unique=True),
)
