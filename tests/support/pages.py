"""What lies in a desk's encrypted file and in its log, page by page, opened with the store's key.

SQLCipher 4 as it is set up here: pages of 4,096 bytes, each AES-256-CBC under the key, its IV and
an authentication code in the last 80 bytes; the first 16 of the file are a salt. What a query gives
is what is there; this is what was left behind as well: freed pages, and the log's older ones.
"""

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE, RESERVED, IV, SALT = 4_096, 80, 16, 16
#: SQLite's own: before the log's first frame, and before each page in it.
LOG_HEADER, FRAME_HEADER = 32, 24


def opened_pages(store: Path, key: bytes) -> bytes:
    """Return every page of the file and of the log beside it, decrypted, one after the other."""
    raw, log = store.read_bytes(), store.with_name(store.name + "-wal")
    pages = [raw[at : at + PAGE] for at in range(0, len(raw), PAGE)]
    salted = [bytes(SALT) + _opened(pages[0][SALT:], key), *(_opened(p, key) for p in pages[1:])]
    frames = log.read_bytes()[LOG_HEADER:] if log.exists() else b""
    step = FRAME_HEADER + PAGE
    logged = [frames[at + FRAME_HEADER : at + step] for at in range(0, len(frames), step)]
    return b"".join([*salted, *(_opened(page, key) for page in logged)])


def _opened(page: bytes, key: bytes) -> bytes:
    body, iv = page[:-RESERVED], page[-RESERVED : -RESERVED + IV]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(iv)).decryptor()
    return decryptor.update(body) + decryptor.finalize()
