"""Checks a disclosed message with none of the project's code: Python's hashes and PyNaCl alone.

``python disclosure_verifier.py FILE PINS`` prints what was sent, by whom and when, and ends with 0;
with 1 and the reason if anything does not hold. Written from docs/spec/disclosure.md, envelope.md,
directory.md and ledger.md. X-Wing is not needed: the content key in the file opens the body.
"""

import sys
from base64 import b64decode, b64encode
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from nacl import bindings as sodium
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey

DAY = 86_400
GRACE = 30 * DAY
ROOT, DESK, DEVICE, INFRA = 1, 2, 3, 8
STEP, RECEIPT, COUNTERSIGN = 1, 2, 8


class FalseError(Exception):
    """Something does not hold."""


def need(holds: object, what: str) -> None:
    """Refuse unless ``holds``."""
    if not holds:
        raise FalseError(what)


def h(person: bytes, text: bytes) -> bytes:
    """Return BLAKE2b-256 with a person."""
    return blake2b(text, digest_size=32, person=person).digest()


def kd(key: bytes, person: bytes) -> bytes:
    """Return the key that ``key`` yields for a purpose."""
    return blake2b(key=key, digest_size=32, person=person).digest()


def kid_of(key: bytes) -> bytes:
    """Return a key's name."""
    return h(b"lz1-kid", key)[:16]


def signed(key: bytes, message: bytes, signature: bytes) -> None:
    """Refuse unless ``key`` signed ``message``."""
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError, CryptoError):
        raise FalseError("a signature does not hold") from None


# ---- strict deterministic CBOR: what is read is written again and must be the same bytes


def cbor(raw: bytes) -> Any:  # noqa: ANN401 - any value of the profile
    """Return the value that ``raw`` is the one encoding of."""
    try:
        value, end = _item(raw, 0)
    except (IndexError, UnicodeDecodeError, RecursionError):
        raise FalseError("no CBOR of this profile") from None
    need(end == len(raw) and encoded(value) == raw, "not the one encoding of a value")
    return value


def _item(raw: bytes, at: int) -> tuple[Any, int]:
    major, low = raw[at] >> 5, raw[at] & 31
    at += 1
    if major == 7:
        need(low in (20, 21, 22), "a type that the profile lacks")
        return {20: False, 21: True, 22: None}[low], at
    need(low < 28 and major not in (1, 6), "a type that the profile lacks")
    number = low
    if low >= 24:
        width = 1 << low - 24
        need(at + width <= len(raw), "too short")
        number, at = int.from_bytes(raw[at : at + width], "big"), at + width
    if major == 0:
        return number, at
    if major in (2, 3):
        need(at + number <= len(raw), "too short")
        text = raw[at : at + number]
        return (text if major == 2 else text.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            value, at = _item(raw, at)
            items.append(value)
        return items, at
    found = {}
    for _ in range(number):
        key, at = _item(raw, at)
        found[key], at = _item(raw, at)
    return found, at


def encoded(value: Any) -> bytes:  # noqa: ANN401, PLR0911 - a type each
    """Return the deterministic encoding of ``value``."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(encoded, value))
    pairs = sorted((encoded(k), encoded(v)) for k, v in value.items())
    pairs.sort(key=lambda pair: (len(pair[0]), pair[0]))
    return _head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    width = next(w for w in (1, 2, 4, 8) if number < 1 << 8 * w)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + number.to_bytes(width, "big")


# ---- directory


class Directory:
    """Roots, desks, keys, broker and witnesses, from fingerprints typed in person."""

    def __init__(self, pins: list[str], entries: list[bytes]) -> None:
        self.pins = {"".join(pin.split()) for pin in pins}
        self.roots: dict[bytes, tuple[list[bytes], int]] = {}
        self.desks: dict[bytes, tuple[bytes, Any]] = {}
        self.signers: dict[bytes, tuple[bytes, Any]] = {}
        self.infra: list[tuple[bytes, Any]] = []
        self.last: dict[tuple[int, bytes, bytes], tuple[int, bytes | None]] = {}
        self.spans: dict[tuple[int, bytes], list[tuple[int, int]]] = {}
        for raw in entries:
            self.append(raw)

    def append(self, raw: bytes) -> None:
        """Enter an entry, or refuse it."""
        statement, signatures = cbor(raw)
        what, agency, subject, serial, prev, payload = cbor(statement)
        key = what, agency, subject
        before = self.last.get(key, (0, None))
        need((serial, prev) == (before[0] + 1, before[1]), "an entry out of its chain")
        kids = [kid for kid, _ in signatures]
        need(kids == sorted(set(kids)), "signatures of an entry are sorted and distinct")
        value = cbor(payload)
        enter = {ROOT: self.root, DESK: self.desk, DEVICE: self.device, INFRA: self.server}
        need(what in enter, "an entry of a kind that is not shown")
        self.statement, self.signatures = statement, signatures
        self.serial, self.payload = serial, payload
        enter[what](agency, subject, value)
        self.last[key] = serial, h(b"lz1-stmt", statement)

    def by(self, keys: list[bytes], threshold: int) -> None:
        """Refuse unless so many of ``keys`` signed the entry at hand, and nobody else did."""
        known = {kid_of(key): key for key in keys}
        found = 0
        for kid, signature in self.signatures:
            if kid in known:
                signed(known[kid], b"liaison/1 dir\0" + self.statement, signature)
                found += 1
        need(found >= threshold, "an entry that is not signed by those who may say this")

    def root(self, agency: bytes, subject: bytes, value: Any) -> None:  # noqa: ANN401
        """Enter a root whose fingerprint was typed in, or that follows one."""
        keys, threshold, _, _ = value
        need(subject == agency and 1 <= threshold <= len(set(keys)) == len(keys), "no root")
        if self.serial == 1:
            number = int.from_bytes(h(b"lz1-pin", self.payload), "big")
            digits = f"{number % 10**60:060d}"
            need(digits in self.pins, "a root whose fingerprint nobody typed")
            need(
                h(b"lz1-agency", self.payload)[:16] == agency,
                "an agency is named by its first root",
            )
        else:
            self.by(*self.roots[agency])
        self.by(keys, threshold)
        self.roots[agency] = keys, threshold

    def desk(self, agency: bytes, subject: bytes, value: Any) -> None:  # noqa: ANN401
        """Enter a desk that its agency's root names."""
        need(agency in self.roots, "an agency without a root")
        self.by(*self.roots[agency])
        need(self.desks.get(subject, (agency,))[0] == agency, "a desk of another agency")
        self.desks[subject] = agency, value
        self.spans.setdefault((DESK, subject), []).append((value[3], value[4]))

    def device(self, agency: bytes, subject: bytes, value: Any) -> None:  # noqa: ANN401
        """Enter a key that its desk's registrar admits."""
        key, desk, _, _, begins, ends, possession = value
        need(self.desks[desk][0] == agency and kid_of(key) == subject, "a key of another desk")
        self.by(self.desks[desk][1][0], 1)
        signed(key, b"liaison/1 own\0" + encoded(value[:-1]), possession)
        self.signers[subject] = agency, value
        self.spans.setdefault((DEVICE, subject), []).append((begins, ends))

    def server(self, agency: bytes, subject: bytes, value: Any) -> None:  # noqa: ANN401
        """Enter a broker or witness on which an agency relies."""
        need(agency in self.roots and kid_of(value[1]) == subject, "a server of nobody")
        self.by(*self.roots[agency])
        signed(value[1], b"liaison/1 own\0" + encoded(value[:-1]), value[-1])
        self.infra.append((agency, value))

    def signer(self, kid: bytes, at: int) -> Any:  # noqa: ANN401
        """Return the certificate of a key that counts at ``at``, as does its desk."""
        need(kid in self.signers, "a signer who is not in the directory")
        value = self.signers[kid][1]
        for subject in ((DEVICE, kid), (DESK, value[1])):
            begun = [ends for begins, ends in self.spans[subject] if begins <= at]
            need(begun and at < begun[-1] + GRACE, "a signer who does not count at that time")
        return value


# ---- ledger


def root_of(leaf: bytes, proof: list[bytes], index: int, size: int) -> bytes:
    """Return the root to which an audit path leads (RFC 9162, section 2.1.3.2)."""
    need(0 <= index < size, "a leaf that is not in the ledger")
    first, last, found = index, size - 1, sha256(b"\0" + leaf).digest()
    for sibling in proof:
        need(last and len(sibling) == 32, "a proof of another length")
        if first & 1 or first == last:
            found = sha256(b"\1" + sibling + found).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + sibling).digest()
        first, last = first >> 1, last >> 1
    need(not last, "a proof of another length")
    return found


def checkpoint(raw: bytes, log: Any, witnesses: list[Any]) -> tuple[int, bytes]:  # noqa: ANN401
    """Return size and root of a checkpoint that the log and all witnesses have signed."""
    text, _, lines = raw.decode().partition("\n\n")
    text += "\n"
    origin, size, root, *_ = text.split("\n")
    need(origin == log[2] and size == str(int(size)), "a checkpoint of another log")
    servers = {
        value[2]: (kind, value[1]) for kind, value in [(1, log), *((4, w) for w in witnesses)]
    }
    need(lines.endswith("\n") and lines.count("\n") == len(servers), "other lines than expected")
    seen = set()
    for line in lines.splitlines():
        dash, name, encoded_line = line.split(" ")
        blob = b64decode(encoded_line, validate=True)
        need(dash == "—" and name in servers, "a line of somebody else")
        need(b64encode(blob).decode() == encoded_line, "base64 of another form")
        kind, key = servers[name]
        hint = sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]
        need(blob[:4] == hint, "a line of another key")
        body = text.encode()
        if kind == 4:
            seconds = int.from_bytes(blob[4:12], "big")
            body = f"cosignature/v1\ntime {seconds}\n".encode() + body
            blob = blob[8:]
        signed(key, body, blob[4:])
        seen.add(name)
    need(seen == set(servers), "a cosignature is missing")
    found = b64decode(root, validate=True)
    need(b64encode(found).decode() == root and len(found) == 32, "a root of another form")
    return int(size), found


# ---- the message


def opened(envelope: bytes, key: bytes, directory: Directory, at: int) -> tuple[Any, Any, Any]:
    """Return header, content and the signer's certificate."""
    header_raw, wraps, sigbox, body = cbor(envelope)
    header = cbor(header_raw)
    need(len(header) == 13 and header[:2] == [1, 1], "another version or suite")
    src, dst, kids, blobs, nonce = header[2], header[3], header[5], header[9], header[10]
    for listed in (dst, kids, header[7], blobs):
        need(listed == sorted(set(listed)), "a list that is not sorted and distinct")
    need(len(wraps) == len(kids) and all(len(wrap) == 1_168 for wrap in wraps), "wraps")
    need(h(b"lz1-hct", body) == header[12], "another body than the header's")
    need(kd(key, b"lz1-commit") == header[11], "another key than the header commits to")
    mid = h(b"lz1-mid", header_raw)
    hidden = decrypt(kd(key, b"lz1-sig"), nonce, sigbox, mid)
    certificate = directory.signer(hidden[:16], at)
    need(certificate[1] == src, "a signer of another desk")
    signed(certificate[0], b"liaison/1 msg\0" + mid, hidden[16:])
    padded = decrypt(kd(key, b"lz1-body"), nonce, body, b"")
    length = int.from_bytes(padded[:4], "big")
    need(not any(padded[4 + length :]), "padding that says something")
    content = cbor(padded[4 : 4 + length])
    need(content[1] == hidden[:16], "another sender than the signer")
    need([kid for kid, _ in content[8]] == kids, "other readers than the signer's")
    need(sorted(one[1] for one in content.get(13, [])) == blobs, "other files than the header's")
    need(content[2] in (STEP, RECEIPT, COUNTERSIGN), "a kind that is not shown alone")
    need(certificate[2] in (2, 3, 4) or content[2] == RECEIPT, "a role that may not say this")
    drafted = {
        number: content[number] for number in (1, 2, 4, 9, 10, 11, 12, 13) if number in content
    }
    text = src + b"".join(dst) + h(b"lz1-co", encoded(drafted))
    for kid, signature in content.get(16, []):
        second = directory.signer(kid, at)
        signed(second[0], b"liaison/1 co\0" + text, signature)
        same = directory.signers[kid][0], second[3]
        need(same != (directory.signers[hidden[:16]][0], certificate[3]), "one person twice")
        need(second[2] != 1, "a second signature by a device")
    return header, content, certificate


def decrypt(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return XChaCha20-Poly1305's plain text."""
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
    except CryptoError:
        raise FalseError("something does not open") from None


def verified(raw: bytes, pins: list[str]) -> dict[str, Any]:
    """Return what a file shows, once all of it was checked."""
    version, envelope, key, entries, took_raw, leaf_raw, proof, note = cbor(raw)
    need(version == 1 and len(key) == 32, "another version")
    directory = Directory(pins, entries)
    took, signature = cbor(took_raw)
    mid, eid, index, at, broker = cbor(took)
    header, content, certificate = opened(envelope, key, directory, at)
    agency, desk = directory.desks[header[2]]
    need(mid == h(b"lz1-mid", cbor(envelope)[0]), "the receipt of another message")
    need(eid == h(b"lz1-env", envelope) and broker == desk[6], "the receipt of another envelope")
    brokers = [
        v for a, v in directory.infra if v[0] == 1 and a == agency and kid_of(v[1]) == broker
    ]
    need(brokers, "a broker whom the source's agency does not name")
    signed(brokers[0][1], b"liaison/1 took\0" + took, signature)
    sides = {agency, *(directory.desks[one][0] for one in header[3])}
    need(sides <= {a for a, v in directory.infra if v[0] == 2}, "a witness of each side")
    witnesses = list({v[1]: v for _, v in directory.infra if v[0] == 2}.values())
    size, root = checkpoint(note, brokers[0], witnesses)
    need(root_of(leaf_raw, proof, index, size) == root, "the leaf is not in the ledger")
    leaf = cbor(leaf_raw)
    expected = [1, "msg.accepted", broker, at, leaf[4], agency, [mid, eid], [header[4]], None, None]
    need(leaf == expected, "the leaf of something else")
    return {
        "mid": mid.hex(),
        "from": desk[1],
        "by": certificate[3],
        "to": [directory.desks[one][1][1] for one in header[3]],
        "created": content[3],
        "taken": at,
        "index": index,
        "form": content.get(12),
    }


def main(arguments: list[str]) -> int:
    """Check the file that was named and print what it shows."""
    file, pins = (Path(one) for one in arguments)
    try:
        shown = verified(file.read_bytes(), pins.read_text(encoding="ascii").splitlines())
    except (FalseError, ValueError, KeyError, IndexError, TypeError, AttributeError) as e:
        sys.stdout.write(f"false: {e}\n")
        return 1
    for name, value in shown.items():
        sys.stdout.write(f"{name}: {value}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
