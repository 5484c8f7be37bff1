"""Every label under which something is signed or hashed, in one place.

A signature covers its label first, and a hash carries its person, so that nothing signed or hashed
in one role can be offered in another (docs/spec/envelope.md, "Labels"). One label for one type; a
new type brings a new label here.
"""

# Signatures: label || body.
MESSAGE = b"liaison/1 msg\0"
COUNTERSIGN = b"liaison/1 co\0"
ACK = b"liaison/1 ack\0"
TOOK = b"liaison/1 took\0"
NOTED = b"liaison/1 noted\0"
DIRECTORY = b"liaison/1 dir\0"
POSSESSION = b"liaison/1 own\0"
LOGIN = b"liaison/1 login\0"
STANDING = b"liaison/1 standing\0"
ERASURE = b"liaison/1 erase\0"
BACKUP = b"liaison/1 backup\0"
DISCLOSURE = b"liaison/1 disclose\0"
SEEN = b"liaison/1 seen\0"
REVIEW = b"liaison/1 review\0"

#: All signing labels; a test signs with each and offers it under every other.
SIGNING = (
    MESSAGE,
    COUNTERSIGN,
    ACK,
    TOOK,
    NOTED,
    DIRECTORY,
    POSSESSION,
    LOGIN,
    STANDING,
    ERASURE,
    BACKUP,
    DISCLOSURE,
    SEEN,
    REVIEW,
)

# HPKE info: what the 32 bytes in a wrap are.
WRAP = b"liaison/1 wrap\0"
SLOT = b"liaison/1 slot\0"
RECOVERY = b"liaison/1 recovery\0"
HALF = b"liaison/1 half\0"
RESTORE = b"liaison/1 restore\0"

#: All labels of wraps; nothing wrapped under one opens under another.
WRAPPING = (WRAP, SLOT, RECOVERY, HALF, RESTORE)

# What is encrypted beside messages: the beginning of its additional data.
KEPT = b"liaison/1 kept\0"
TOKEN = b"liaison/1 token\0"

# BLAKE2b persons, at most 16 bytes each.
P_MESSAGE_ID = b"lz1-mid"
P_ENVELOPE_ID = b"lz1-env"
P_BODY_HASH = b"lz1-hct"
P_BODY_KEY = b"lz1-body"
P_SIGNATURE_KEY = b"lz1-sig"
P_COMMITMENT = b"lz1-commit"
P_CONTENT = b"lz1-co"
P_PLAIN = b"lz1-ph"
P_LOG = b"lz1-log"
P_KEY_ID = b"lz1-kid"
P_STATEMENT = b"lz1-stmt"
P_AGENCY = b"lz1-agency"
P_PIN = b"lz1-pin"
P_DEVICE = b"lz1-device"
P_REQUEST = b"lz1-request"
P_MAILBOX = b"lz1-mailbox"
P_PERSISTED = b"lz1-ack"
P_DISCLOSED = b"lz1-disclosed"
P_BLOB = b"lz1-blob"
P_FILE = b"lz1-file"
P_VAULT = b"lz1-vault"
P_PAPER = b"lz1-paper"
P_HALVES = b"lz1-halves"
P_REVIEW = b"lz1-review"
P_TOLD = b"lz1-told"
P_BACKUP = b"lz1-backup"
P_MACHINE = b"lz1-machine"
