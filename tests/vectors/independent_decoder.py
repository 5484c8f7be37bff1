"""Opens every vector in this folder with none of the project's code, from its specification alone.

Needs kyber-py (ML-KEM), PyNaCl (X25519, Ed25519, the two AEADs) and Python's own hashes. Run it as
``python independent_decoder.py``: it prints one line of figures, and ends with 1 if one vector
disagrees.
"""

import hmac
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from hashlib import blake2b, sha3_256, sha256, shake_256
from pathlib import Path
from typing import Any, TypeAlias

from kyber_py.ml_kem import ML_KEM_768
from nacl import bindings as sodium
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey

HERE = Path(__file__).resolve().parent
DAY = 86_400
FOLDERS = ("attachment", "directory", "envelope", "receipt")

#: What bytes decode to; its form is checked where it is used.
Decoded: TypeAlias = Any


class Refused(Exception):  # noqa: N818 - what it says is its code
    """The bytes are refused under the code that is its argument."""


def need(holds: object, code: str) -> None:
    """Refuse under ``code`` unless ``holds``."""
    if not holds:
        raise Refused(code)


def h(person: bytes, text: bytes) -> bytes:
    """Return BLAKE2b-256 with a person."""
    return blake2b(text, digest_size=32, person=person).digest()


def kd(key: bytes, person: bytes) -> bytes:
    """Return the key that ``key`` yields for a purpose."""
    return blake2b(key=key, digest_size=32, person=person).digest()


# ---- strict deterministic CBOR


def cbor(raw: bytes, code: str) -> Decoded:
    """Return the value that ``raw`` is the one encoding of, else refuse under ``code``."""
    try:
        value, end = item(raw, 0, 8, in_form=False)
    except (IndexError, UnicodeDecodeError, Refused):
        raise Refused(code) from None
    need(end == len(raw), code)
    return value


def item(raw: bytes, at: int, depth: int, *, in_form: bool) -> tuple[Any, int]:
    """Return the value at ``at`` and where it ends."""
    major, low = raw[at] >> 5, raw[at] & 31
    at += 1
    if major == 7:
        need(low == 22 or (in_form and low in (20, 21)), "type")
        return {20: False, 21: True, 22: None}[low], at
    need(low < 28 and major not in (1, 6), "type")
    number = low
    if low >= 24:
        width = 1 << low - 24
        number = int.from_bytes(raw[at : at + width], "big")
        at += width
        need(at <= len(raw) and number >= {1: 24, 2: 256, 4: 1 << 16, 8: 1 << 32}[width], "long")
    if major == 0:
        need(number <= 2**53, "range")
        return number, at
    if major in (2, 3):
        need(at + number <= len(raw), "short")
        text = raw[at : at + number]
        return (text if major == 2 else text.decode()), at + number
    need(depth, "deep")
    return (array if major == 4 else mapping)(raw, at, number, depth - 1)


def array(raw: bytes, at: int, count: int, depth: int) -> tuple[Any, int]:
    """Return the list of ``count`` items at ``at`` and where it ends."""
    items = []
    for _ in range(count):
        value, at = item(raw, at, depth, in_form=False)
        items.append(value)
    return items, at


def mapping(raw: bytes, at: int, count: int, depth: int) -> tuple[Any, int]:
    """Return the map of ``count`` pairs at ``at`` and where it ends; keys sorted, of one kind."""
    found: dict[Any, Any] = {}
    before = (0, b"")
    for _ in range(count):
        key, end = item(raw, at, depth, in_form=False)
        place = (end - at, raw[at:end])
        need(place > before, "order")
        before = place
        need(all(type(key) is type(other) for other in found), "mixed")
        small = type(key) is int and key <= 23
        need(small or (type(key) is bytes and len(key) == 16) or (key and type(key) is str), "key")
        found[key], at = item(raw, end, depth, in_form=type(key) is str)
    return found, at


# ---- HPKE base mode: X-Wing, HKDF-SHA256, ChaCha20-Poly1305

SUITE = b"HPKE-v1HPKE\x64\x7a\x00\x01\x00\x03"


def extract(salt: bytes, label: bytes, text: bytes) -> bytes:
    """Return LabeledExtract of RFC 9180."""
    return hmac.new(salt, SUITE + label + text, sha256).digest()


def expand(secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """Return LabeledExpand of RFC 9180, for at most 32 bytes."""
    text = size.to_bytes(2, "big") + SUITE + label + info
    return hmac.new(secret, text + b"\1", sha256).digest()[:size]


def unwrap(seed: bytes, wrap: bytes, info: bytes) -> bytes:
    """Return what ``wrap`` holds for the X-Wing key of ``seed``."""
    expanded = shake_256(seed).digest(96)
    _, decapsulating = ML_KEM_768.key_derive(expanded[:64])
    post_quantum, classic, sealed = wrap[:1_088], wrap[1_088:1_120], wrap[1_120:]
    point = sodium.crypto_scalarmult_base(expanded[64:])
    shared = ML_KEM_768.decaps(decapsulating, post_quantum)
    shared += sodium.crypto_scalarmult(expanded[64:], classic) + classic + point
    secret = sha3_256(shared + b"\\.//^\\").digest()
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(secret, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(sealed, b"", nonce, key)


def decrypt(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Return XChaCha20-Poly1305's plain text."""
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)


def verify(key: bytes, label: bytes, body: bytes, signature: bytes, code: str) -> None:
    """Refuse under ``code`` unless ``key`` signed ``label || body``."""
    try:
        VerifyKey(key).verify(label + body, signature)
    except (BadSignatureError, ValueError):
        raise Refused(code) from None


# ---- directory


def kid_of(key: bytes) -> bytes:
    """Return the name of a public key."""
    return h(b"lz1-kid", key)[:16]


def is_list(value: Decoded, *kinds: type | None) -> bool:
    """Say whether ``value`` is a list of exactly these kinds."""
    return (
        type(value) is list
        and len(value) == len(kinds)
        and all(kind is None or type(v) is kind for v, kind in zip(value, kinds, strict=True))
    )


NO_ENTRY: list[Any] = [b"", []]


class Directory:
    """Entries as they stand, from pinned roots."""

    def __init__(self, pins: list[str]) -> None:
        self.pins, self.size, self.head, self.entry = set(pins), 0, bytes(32), NO_ENTRY
        empty: list[dict[Any, Any]] = [{} for _ in range(7)]
        self.roots, self.desks, self.signers, self.windows, self.infra, self.last, self.spans = (
            empty
        )
        self.countries: dict[bytes, str] = {}
        self.grantees: dict[bytes, bytes] = {}
        self.supervisors: set[bytes] = set()
        self.revoked: dict[Any, list[tuple[int, int]]] = {}
        self.places: dict[int, int] = {}
        self.successors: dict[bytes, list[Any]] = {}
        self.slugs: dict[str, bytes] = {}

    def append(self, raw: bytes) -> None:
        """Enter the entry in ``raw`` or refuse it."""
        bad = "directory.refused"
        entry = cbor(raw, bad)
        need(is_list(entry, bytes, list) and 1 <= len(entry[1]) <= 8, bad)
        need(all(is_list(s, bytes, bytes) and len(s[1]) == 64 for s in entry[1]), bad)
        kids = [s[0] for s in entry[1]]
        need(kids == sorted(set(kids)) and all(len(kid) == 16 for kid in kids), bad)
        statement = cbor(entry[0], bad)
        need(is_list(statement, int, bytes, bytes, int, None, bytes), bad)
        what, agency, subject, serial, prev, payload = statement
        need(prev is None or type(prev) is bytes, bad)
        need(len(agency) == len(subject) == 16 and what in (1, 2, 3, 4, 5, 6, 7, 8), bad)
        value = cbor(payload, bad)
        form = getattr(self, f"form_{what}")
        need(type(value) is list and form(value), bad)
        before = self.last.get((what, agency, subject), (0, None))
        need((serial, prev) == (before[0] + 1, before[1]), "directory.chain")
        self.entry = entry
        getattr(self, f"enter_{what}")(agency, subject, serial, payload, value)
        self.last[what, agency, subject] = (serial, h(b"lz1-stmt", entry[0]))
        self.size, self.head = self.size + 1, h(b"lz1-log", self.head + raw)

    def signed(self, keys: list[bytes], threshold: int) -> None:
        """Refuse unless ``threshold`` of ``keys`` signed the entry at hand."""
        known, found = {kid_of(key): key for key in keys}, 0
        for kid, signature in self.entry[1]:
            if kid in known:
                label = b"liaison/1 dir\0"
                verify(known[kid], label, self.entry[0], signature, "directory.refused")
                found += 1
        need(found >= threshold, "directory.not_authorised")

    def by_root(self, agency: bytes) -> None:
        """Refuse unless the agency's root signed."""
        need(agency in self.roots, "directory.not_pinned")
        self.signed(*self.roots[agency])

    def own_desk(self, agency: bytes, desk: bytes) -> Decoded:
        """Return the agency's own desk."""
        need(desk in self.desks, "directory.unknown_desk")
        need(self.desks[desk][0] == agency, "directory.not_authorised")
        need((2, agency, desk) not in self.revoked, "directory.revoked")
        return self.desks[desk]

    @staticmethod
    def keys(value: Decoded) -> bool:
        """Say whether ``value`` is a list of distinct keys."""
        return (
            value
            and all(type(k) is bytes and len(k) == 32 for k in value)
            and (len(set(value)) == len(value))
        )

    def form_1(self, v: Decoded) -> bool:
        """Say whether a root has its form."""
        return is_list(v, list, int, str, list) and self.keys(v[0]) and is_list(v[3], str, str, str)

    def form_2(self, v: Decoded) -> bool:
        """Say whether a desk has its form."""
        return (
            is_list(v, list, str, list, int, int, None, bytes, None)
            and self.keys(v[0])
            and is_list(v[2], str, str, str)
            and v[3] < v[4] <= v[3] + 400 * DAY
            and len(v[6]) == 16
            and (v[5] is None or (type(v[5]) is bytes and len(v[5]) == 16))
            and (v[7] is None or self.panels(v[7]))
        )

    @staticmethod
    def panels(v: Decoded) -> bool:
        """Say whether oversight has its form: two panels of two to eight keys, none twice."""
        if not is_list(v, list, list) or not all(2 <= len(panel) <= 8 for panel in v):
            return False
        held = v[0] + v[1]
        good = all(
            is_list(k, bytes, bytes) and len(k[1]) == 1_216 and k[0] == kid_of(k[1]) for k in held
        )
        return good and len({k[0] for k in held}) == len(held)

    def form_3(self, v: Decoded) -> bool:
        """Say whether a signing key has its form and has proved possession."""
        return (
            is_list(v, bytes, bytes, int, str, int, int, bytes)
            and len(v[0]) == 32
            and len(v[1]) == 16
            and 1 <= v[2] <= 4
            and v[4] < v[5] <= v[4] + 400 * DAY
            and self.possessed(v, v[0])
        )

    def form_4(self, v: Decoded) -> bool:
        """Say whether windows have their form."""
        return (
            v
            and all(
                is_list(w, bytes, bytes, int, int)
                and len(w[1]) == 1_216
                and w[0] == kid_of(w[1])
                and w[2] < w[3] <= w[2] + 7 * DAY
                for w in v
            )
            and len({w[0] for w in v}) == len(v)
        )

    def form_5(self, v: Decoded) -> bool:
        """Say whether a grant key has its form."""
        return is_list(v, bytes, bytes) and len(v[1]) == 1_216 and v[0] == kid_of(v[1])

    def form_6(self, v: Decoded) -> bool:
        """Say whether a revocation has its form."""
        return is_list(v, int, int) and 1 <= v[1] <= 5

    def form_7(self, v: Decoded) -> bool:
        """Say whether a succession has its form."""
        return (
            is_list(v, bytes, int, None)
            and len(v[0]) == 16
            and (v[2] is None or ids(v[2], 1, 2_000, 16))
        )

    def form_8(self, v: Decoded) -> bool:
        """Say whether a broker or witness has its form and has proved possession."""
        return (
            is_list(v, int, bytes, str, bytes)
            and v[0] in (1, 2)
            and len(v[1]) == 32
            and self.possessed(v, v[1])
        )

    @staticmethod
    def possessed(v: Decoded, key: bytes) -> bool:
        """Say that the last field is the key's signature over the others; else refuse."""
        bare = encode_list(v[:-1])
        verify(key, b"liaison/1 own\0", bare, v[-1], "directory.refused")
        return True

    def enter_1(
        self, agency: bytes, subject: bytes, serial: int, payload: bytes, v: Decoded
    ) -> None:
        """Enter a root."""
        need(1 <= v[1] <= len(v[0]) and subject == agency, "directory.not_authorised")
        if serial == 1:
            need(fingerprint(payload) in self.pins, "directory.not_pinned")
            need(h(b"lz1-agency", payload)[:16] == agency, "directory.rebound")
        else:
            self.by_root(agency)
            need(v[2] == self.countries[agency], "directory.not_authorised")
        self.signed(v[0], v[1])
        self.roots[agency] = (v[0], v[1])
        self.countries[agency] = v[2]

    def enter_2(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a desk."""
        self.by_root(agency)
        need((2, agency, subject) not in self.revoked, "directory.revoked")
        need(self.desks.get(subject, (agency,))[0] == agency, "directory.rebound")
        country = self.countries[agency].lower()
        need(v[1].startswith(country + "-"), "directory.not_authorised")
        need(self.slugs.get(v[1], subject) == subject, "directory.rebound")
        self.slugs[v[1]] = subject
        seen = {k[0] for panel in v[7] or [] for k in panel}
        need(not any(k in self.windows or k in self.grantees for k in seen), "directory.rebound")
        self.supervisors |= seen
        self.desks[subject] = (agency, v[1], v[0])
        self.spans.setdefault((2, subject), []).append((v[3], v[4]))

    def enter_3(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a signing key."""
        desk = self.own_desk(agency, v[1])
        need(subject == kid_of(v[0]), "directory.rebound")
        self.signed(desk[2], 1)
        need((3, agency, subject) not in self.revoked, "directory.revoked")
        bearer = (v[1], v[3], v[2] == 1)
        need(self.signers.get(subject, (0, bearer))[1] == bearer, "directory.rebound")
        need(subject not in {kid for _, kid in self.infra}, "directory.rebound")
        self.signers[subject] = (agency, bearer, v)
        self.spans.setdefault((3, subject), []).append((v[4], v[5]))

    def enter_4(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter windows."""
        self.own_desk(agency, subject)
        begins = max(w[2] for w in v)
        devices = [
            s[2]
            for kid, s in self.signers.items()
            if s[1][0] == subject and s[2][2] == 1 and (3, agency, kid) not in self.revoked
        ]
        self.signed([d[0] for d in devices if begins < d[5] + 35 * DAY], 1)
        for w in v:
            need(self.windows.get(w[0], (subject, w)) == (subject, w), "directory.rebound")
            need(w[0] not in self.grantees, "directory.rebound")
            need(w[0] not in self.supervisors, "directory.rebound")
        self.windows.update({w[0]: (subject, w) for w in v})

    def enter_5(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a grant key."""
        device: Decoded = self.signers.get(subject)
        need(device and device[2][2] == 1 and device[0] == agency, "directory.not_authorised")
        self.signed([device[2][0]], 1)
        need((3, agency, subject) not in self.revoked, "directory.revoked")
        need((2, agency, device[1][0]) not in self.revoked, "directory.revoked")
        used = v[0] in self.windows or v[0] in self.grantees or v[0] in self.supervisors
        need(not used, "directory.rebound")
        self.grantees[v[0]] = device[1][0]

    def enter_6(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a revocation."""
        signer: Decoded = self.signers.get(subject)
        if signer and signer[0] == agency:
            self.signed(self.desks[signer[1][0]][2], 1)
            what = 3
        else:
            self.by_root(agency)
            is_desk = self.desks.get(subject, (None,))[0] == agency
            need(is_desk or (agency, subject) in self.infra, "directory.unknown_subject")
            what = 2 if is_desk else 8
        self.revoked.setdefault((what, agency, subject), []).append((self.size + 1, v[0]))

    def enter_7(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a succession."""
        need(subject in self.desks and v[0] in self.desks, "directory.unknown_desk")
        need(self.desks[subject][0] == agency, "directory.not_authorised")
        other = self.desks[v[0]][0]
        self.by_root(agency)
        self.by_root(other)
        need(self.countries[agency] == self.countries[other], "directory.not_authorised")
        need((2, other, v[0]) not in self.revoked, "directory.revoked")
        reached, ahead = set(), [v[0]]
        while ahead:
            desk = ahead.pop()
            reached.add(desk)
            ahead += [one[0] for one in self.successors.get(desk, [])]
        need(subject not in reached, "directory.rebound")
        for one in self.successors.get(subject, []):
            need(one[2] is not None or v[2] is not None, "directory.rebound")
            need(not set(one[2] or []) & set(v[2] or []), "directory.rebound")
        self.successors.setdefault(subject, []).append(v)

    def enter_8(
        self, agency: bytes, subject: bytes, _serial: int, _payload: bytes, v: Decoded
    ) -> None:
        """Enter a broker or witness."""
        need(subject == kid_of(v[1]), "directory.rebound")
        self.by_root(agency)
        need((8, agency, subject) not in self.revoked, "directory.revoked")
        other = (i for (_, kid), i in self.infra.items() if kid == subject and i != v[:3])
        need(subject not in self.signers and not list(other), "directory.rebound")
        standing = ((k, i) for (a, k), i in self.infra.items() if (8, a, k) not in self.revoked)
        namesakes = [kid for kid, i in standing if i[2] == v[2] and kid != subject]
        need(not namesakes, "directory.rebound")
        self.infra[agency, subject] = v[:3]

    def signer(self, kid: bytes, when: tuple[int, int | None]) -> Decoded:
        """Return ``(agency, bearer, payload)`` of a key that counts ``when``, or None.

        ``when`` is a time, and the leaf of the ledger by which it must not have been revoked.
        """
        known, (at, index) = self.signers.get(kid), when
        spans = [(3, kid)] + ([(2, known[1][0])] if known else [])
        ends = [[e for b, e in self.spans.get(s, []) if b <= at] for s in spans]
        revoked = [self.revoked.get((what, known and known[0], s)) for what, s in spans]
        places = [self.places.get(found[0][0], 0) for found in revoked if found]
        before = not places or (index is not None and index < min(places))
        in_time = all(e and at < e[-1] + 30 * DAY for e in ends)
        return known if known and before and in_time else None


def encode_list(values: list[Any]) -> bytes:
    """Return the encoding of a short list of numbers, bytes and text."""
    return bytes([0x80 | len(values)]) + b"".join(
        head(0, v)
        if type(v) is int
        else head(2, len(v)) + v
        if type(v) is bytes
        else head(3, len(v.encode())) + v.encode()
        for v in values
    )


def head(major: int, number: int) -> bytes:
    """Return the shortest head of a CBOR item."""
    for low, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * width:
            return bytes([major << 5 | low]) + number.to_bytes(width, "big")
    raise ValueError(number)


def fingerprint(payload: bytes) -> str:
    """Return the sixty digits of a root."""
    digits = f"{int.from_bytes(h(b'lz1-pin', payload), 'big') % 10**60:060d}"
    return " ".join(digits[i : i + 5] for i in range(0, 60, 5))


# ---- envelope


def padded_size(length: int) -> int:
    """Return the size to which ``length`` bytes are padded."""
    size = max(length + 4, 2_048)
    if size <= 65_536:
        return 1 << (size - 1).bit_length()
    exponent = size.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-size // step) * step


def ids(value: Decoded, least: int, most: int, size: int) -> bool:
    """Say whether ``value`` is a sorted list of distinct ids."""
    return (
        type(value) is list
        and least <= len(value) <= most
        and all(type(v) is bytes and len(v) == size for v in value)
        and value == sorted(set(value))
    )


def header_of(raw: bytes) -> Decoded:
    """Return the fields of a header."""
    bad = "envelope.malformed"
    v = cbor(raw, bad)
    need(len(raw) <= 4_096 and type(v) is list, bad)
    if len(v) > 1 and type(v[0]) is type(v[1]) is int:
        need(v[:2] == [1, 1], "envelope.suite")
    need(is_list(v, *(int, int, bytes, list, int, list, None, list, int, list), *(bytes,) * 3), bad)
    need(len(v[2]) == 16 and ids(v[3], 1, 8, 16) and v[4] <= 2 and ids(v[5], 1, 64, 16), bad)
    need(v[6] is None or (is_list(v[6], bytes, int) and len(v[6][0]) == 16), bad)
    need(ids(v[7], 0, 4, 16) and ids(v[9], 0, 16, 32), bad)
    need([len(x) for x in v[10:]] == [24, 32, 32], bad)
    return v


def open_envelope(
    raw: bytes,
    desk: bytes,
    seeds: dict[bytes, bytes],
    directory: Directory,
    when: tuple[int, int | None],
) -> tuple[bytes, bytes]:
    """Return ``(message id, content bytes)``, or refuse."""
    bad = "envelope.malformed"
    v = cbor(raw, bad)
    need(is_list(v, bytes, list, bytes, bytes), bad)
    hdr, wraps, sigbox, body = v
    _, _, src, dst, _, kids, _, _, _, blobs, nonce, commit, hct = header_of(hdr)
    need(len(wraps) == len(kids) and len(sigbox) == 96, bad)
    need(all(type(w) is bytes and len(w) == 1_168 for w in wraps), bad)
    need(2_064 <= len(body) <= 1_048_592 and padded_size(len(body) - 20) == len(body) - 16, bad)
    need(h(b"lz1-hct", body) == hct, "envelope.body_hash")
    need(desk in (*dst, src), "envelope.not_for_us")
    mid, ours = h(b"lz1-mid", hdr), [kid for kid in kids if kid in seeds]
    need(len(ours) == 1, "envelope.no_window")
    info = b"liaison/1 wrap\0" + mid + ours[0]
    key = attempt("envelope.wrap", unwrap, seeds[ours[0]], wraps[kids.index(ours[0])], info)
    need(len(key) >= 16 and kd(key, b"lz1-commit") == commit, "envelope.wrap")
    hidden = attempt("envelope.sigbox", decrypt, kd(key, b"lz1-sig"), nonce, sigbox, mid)
    signer = directory.signer(hidden[:16], when)
    need(signer and signer[1][0] == src, "envelope.signer")
    verify(signer[2][0], b"liaison/1 msg\0", mid, hidden[16:], "envelope.signature")
    padded = attempt("envelope.body", decrypt, kd(key, b"lz1-body"), nonce, body, b"")
    length = int.from_bytes(padded[:4], "big")
    need(padded_size(length) == len(padded) and not any(padded[4 + length :]), "envelope.body")
    content = padded[4 : 4 + length]
    check_content(content, signer, hidden[:16], (src, dst, kids, blobs), directory, when)
    return mid, content


def attempt(code: str, act: Callable[..., bytes], *arguments: bytes) -> bytes:
    """Return what ``act`` gives, or refuse under ``code``."""
    try:
        return act(*arguments)
    except (CryptoError, ValueError, TypeError):
        raise Refused(code) from None


def check_content(
    raw: bytes,
    signer: Decoded,
    kid: bytes,
    parties: tuple[bytes, list[bytes], list[bytes], list[bytes]],
    directory: Directory,
    when: tuple[int, int | None],
) -> None:
    """Refuse a content that is out of form, or names others than the header and signature do."""
    src, dst, kids, blobs = parties
    v = cbor(raw, "envelope.content")
    check_form(v)
    need([reader[0] for reader in v[8]] == kids, "envelope.readers")
    named = sorted(file[1] for file in v.get(13, []))
    if v[2] in (4, 5, 7, 12):
        need(dst == [src] and all(role == 3 for _, role in v[8]), "envelope.readers")
        need(all(directory.grantees.get(r) == src for r, _ in v[8]), "envelope.readers")
        need(named == blobs, "envelope.blobs")
        need(v[1] == kid, "envelope.sender")
        need(signer[2][2] == 1, "envelope.signer")
        for told in v[12] if v[2] in (7, 12) else ():
            check_told(v[2], told, src, directory)
        return
    owners = []
    for reader, role in v[8]:
        need(role != 3, "envelope.readers")
        owner = directory.windows.get(reader, (None,))[0]
        need(owner in (dst if role == 0 else [src]), "envelope.readers")
        owners.append(owner)
    need(all(owners.count(desk) == 1 for desk in dst), "envelope.readers")
    need(named == blobs, "envelope.blobs")
    need(v[1] == kid, "envelope.sender")
    need(v[2] == 2 or signer[2][2] != 1, "envelope.signer")
    bare = h(b"lz1-co", draft(raw))
    for second, signature in v.get(16, []):
        bad, known = "envelope.countersignature", directory.signer(second, when)
        need(known, bad)
        verify(known[2][0], b"liaison/1 co\0", src + b"".join(dst) + bare, signature, bad)
        need(known[2][2] != 1 and (known[0], known[1][1]) != (signer[0], signer[1][1]), bad)


def check_told(kind: int, told: bytes, desk: bytes, directory: Directory) -> None:
    """Refuse an erasure (12) without two persons of the desk, a review (7) not by its device."""
    bad = "erasure.signers" if kind == 12 else "oversight.signer"
    parts = cbor(told, bad)
    body = cbor(parts[0], bad)
    at, label = (3, b"liaison/1 erase\0") if kind == 12 else (2, b"liaison/1 review\0")
    persons = set()
    for kid, signature in parts[1] if kind == 12 else [parts[1:]]:
        known = directory.signer(kid, (body[at], None))
        need(known and known[2][1] == body[0] == desk, bad)
        need((known[2][2] == 1) is (kind == 7), bad)
        verify(known[2][0], label, parts[0], signature, bad)
        persons.add((known[2][3], known[2][2]))
    need(len({name for name, _ in persons}) == (2 if kind == 12 else 1), bad)
    need(kind == 7 or {role for _, role in persons} & {3, 4}, bad)


def check_form(v: Decoded) -> None:
    """Refuse a content whose fields are not those of the specification."""
    bad = "envelope.content"
    kinds = {1: bytes, 2: int, 3: int, 4: bytes, 5: dict, 6: list, 7: list, 8: list}
    kinds |= {9: str, 10: str, 11: str}
    need(type(v) is dict and set(kinds) <= set(v) <= {*kinds, 12, 13, 16}, bad)
    need(all(type(v[n]) is kind for n, kind in kinds.items()), bad)
    need(
        v[2] in (1, 2, 4, 5, 7, 8, 12) and len(v[1]) == len(v[4]) == 16 and ids(v[6], 0, 64, 32),
        bad,
    )
    need(is_list(v[7], int, bytes) and len(v[7][1]) == 32 and v.get(12, 0) is not None, bad)
    for desk, lane in v[5].items():
        need(type(desk) is bytes and is_list(lane, int, None) and lane[0] >= 1, bad)
        first = lane[0] == 1 and lane[1] is None
        need(first or (lane[0] > 1 and type(lane[1]) is bytes and len(lane[1]) == 32), bad)
    need(all(is_list(r, bytes, int) and r[1] in (0, 1, 3) for r in v[8]), bad)
    need(ids([r[0] for r in v[8]], 1, 64, 16), bad)
    if 13 in v:
        need(v[2] == 1 and type(v[13]) is list and 1 <= len(v[13]) <= 16, bad)
        for file in v[13]:
            file_form(file, bad)
        need(len({file[1] for file in v[13]}) == len(v[13]), bad)
    if 16 in v:
        need(type(v[16]) is list and v[16], bad)
        need(all(is_list(s, bytes, bytes) and len(s[1]) == 64 for s in v[16]), bad)
        need(ids([s[0] for s in v[16]], 1, 64, 16), bad)


def draft(raw: bytes) -> bytes:
    """Return the fields of a content that a second signature covers, each as its own bytes."""
    kept, at = [], 1  # fewer than 24 fields: the map's head is one byte
    while at < len(raw):
        number, begins = raw[at], at
        _, at = item(raw, at + 1, 8, in_form=False)
        if number in (1, 2, 4, 9, 10, 11, 12, 13):
            kept.append(raw[begins:at])
    return bytes([0xA0 + len(kept)]) + b"".join(kept)


# ---- attachment


def rounded(size: int) -> int:
    """Return the size that stands for all sizes up to it."""
    return padded_size(max(size, 2_048) - 4)


def file_form(v: Decoded, bad: str) -> None:
    """Refuse what is not of the form in which a message speaks of a file."""
    kinds = {1: bytes, 2: bytes, 3: bytes, 4: int, 5: str, 6: str, 7: bytes}
    need(type(v) is dict and set(v) == set(kinds), bad)
    need(all(type(v[n]) is kind for n, kind in kinds.items()), bad)
    need([len(v[n]) for n in (1, 2, 3, 7)] == [32, 32, 24, 32] and 1 <= v[4] <= 1 << 30, bad)
    name = v[5]
    need(1 <= len(name.encode()) <= 200 and name == name.strip(" ."), bad)
    need(not any(c in '/\\:*?"<>|' or unicodedata.category(c)[0] == "C" for c in name), bad)
    stem = name.split(".")[0].lower()
    devices = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
    need(stem not in devices, bad)
    need(re.fullmatch("[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,99}", v[6]), bad)


def open_blob(raw: bytes, blob: bytes) -> bytes:
    """Return the file in ``blob`` of which ``raw`` speaks, or refuse."""
    bad = "attachment.form"
    v = cbor(raw, bad)
    file_form(v, bad)
    padded = rounded(v[4])
    size = padded + -(-padded // 65_536) * 17
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, v[3], v[2])
    need(len(blob) <= size, "attachment.extended")
    plain = b""
    for begin in range(0, len(blob) if len(blob) == size else len(blob) // 65_553 * 65_553, 65_553):
        try:
            piece, mark = sodium.crypto_secretstream_xchacha20poly1305_pull(
                state, blob[begin : begin + 65_553], None
            )
        except (CryptoError, RuntimeError):
            raise Refused("attachment.chunk") from None
        is_last = begin + 65_553 >= size
        need(mark in (0, 3), "attachment.tag")
        need(mark == 3 or not is_last, "attachment.final_missing")
        need(mark == 0 or is_last, "attachment.final_early")
        plain += piece
        need(not any(plain[v[4] :]), "attachment.padding")
    need(len(blob) == size, "attachment.truncated")
    need(h(b"lz1-blob", blob) == v[1], "attachment.blob_hash")
    need(h(b"lz1-file", plain[: v[4]]) == v[7], "attachment.plain_hash")
    return plain[: v[4]]


# ---- the vectors


def fields(path: Path) -> dict[str, list[str]]:
    """Return the fields of a vector: name to its values, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(": ")
        found[name].append(value)
    return found


def directory_of(vector: dict[str, list[str]]) -> Directory:
    """Return the directory of a vector's entries."""
    directory = Directory(vector["pin"])
    for entry in vector["entry"]:
        directory.append(bytes.fromhex(entry))
    return directory


def outcome(path: Path) -> str:
    """Return what the vector at ``path`` gives: ``ok``, or the code of its refusal."""
    vector = fields(path)
    try:
        if path.parent.name == "directory":
            directory = directory_of(vector)
            return (
                "ok" if vector["head"] == [f"{directory.size} {directory.head.hex()}"] else "head"
            )
        if path.parent.name == "attachment":
            open_blob(bytes.fromhex(vector["attachment"][0]), bytes.fromhex(vector["blob"][0]))
            return "ok"
        if path.parent.name == "receipt":
            take_receipt(vector)
            return "ok"
        directory = directory_of(fields(HERE / "directory" / vector["directory"][0]))
        seeds = {window_kid(bytes.fromhex(seed)): bytes.fromhex(seed) for seed in vector["seed"]}
        raw, desk = bytes.fromhex(vector["envelope"][0]), bytes.fromhex(vector["desk"][0])
        mid, content = open_envelope(raw, desk, seeds, directory, when_of(vector, directory))
    except Refused as e:
        return str(e)
    names = [mid.hex()], [h(b"lz1-env", raw).hex()], [content.hex()]
    return "ok" if names == (vector["mid"], vector["eid"], vector["content"]) else "other bytes"


#: The types of a receipt's fields, by its kind: a number is the length of a byte string.
RECEIPTS: dict[str, list[Any]] = {
    "took": [32, 32, int, int, 16],
    "ack": [int, 32, 32, int, 16],
    "noted": [32, int, int, 16],
    "opened": [int, 32, 32, 32, int, 16],
}


def take_receipt(vector: dict[str, list[str]]) -> None:
    """Refuse a receipt that is not its signer's, or not of its form, or for something else."""
    kind, raw = vector["kind"][0], bytes.fromhex(vector["receipt"][0])
    if kind == "opened":
        v, bad = cbor(raw, "casework.receipt"), "casework.receipt"
        need(type(v) is dict and sorted(v) == [1, 2, 3, 4, 5, 6] and v[1] == 1, bad)
        need(are([v[n] for n in range(1, 7)], RECEIPTS[kind]), bad)
        return
    try:
        body = signed_body(kind, bytes.fromhex(vector["key"][0]), raw)
        need(len(body) <= 512, "receipt.malformed")
        v = cbor(body, "receipt.malformed")
        need(type(v) is list and are(v, RECEIPTS[kind]), "receipt.malformed")
        need(kind != "ack" or v[0] in (1, 2, 3), "receipt.malformed")
    except Refused as e:
        raise Refused("line.false_receipt" if kind == "took" else str(e)) from None
    if kind == "took":
        expected = [bytes.fromhex(vector[name][0]) for name in ("mid", "eid")]
        key = kid_of(bytes.fromhex(vector["key"][0]))
        need(v[:2] == expected and v[4] == key, "line.false_receipt")
        need(v[3] <= 253_370_764_799, "line.false_receipt")


def signed_body(kind: str, key: bytes, raw: bytes) -> bytes:
    """Return the body of ``[body, signature]`` that ``key`` has signed as a ``kind``."""
    v = cbor(raw, "signature.malformed")
    need(is_list(v, bytes, bytes), "signature.malformed")
    need(len(v[1]) == 64, "signature.bad")
    verify(key, b"liaison/1 " + kind.encode() + b"\0", v[0], v[1], "signature.bad")
    return bytes(v[0])


def are(values: list[Any], kinds: list[Any]) -> bool:
    """Say whether each value is of its type, or a byte string of its length."""
    return len(values) == len(kinds) and all(
        type(v) is int if kind is int else type(v) is bytes and len(v) == kind
        for v, kind in zip(values, kinds, strict=True)
    )


def when_of(vector: dict[str, list[str]], directory: Directory) -> tuple[int, int | None]:
    """Return the message's time and leaf; take note of where the directory's entries stand."""
    for place in vector.get("place", []):
        size, index = place.split()
        directory.places[int(size)] = int(index)
    return int(vector["at"][0]), int(vector["index"][0]) if "index" in vector else None


def window_kid(seed: bytes) -> bytes:
    """Return the key id of the window of ``seed``."""
    expanded = shake_256(seed).digest(96)
    public, _ = ML_KEM_768.key_derive(expanded[:64])
    return kid_of(public + sodium.crypto_scalarmult_base(expanded[64:]))


def main() -> int:
    """Open every vector, say how many opened, were refused, and disagree."""
    paths = [path for folder in FOLDERS for path in (HERE / folder).glob("*.txt")]
    found = {path: outcome(path) for path in sorted(paths)}
    disagree = [path for path, code in found.items() if [code] != fields(path)["expect"]]
    for path in disagree:
        sys.stdout.write(f"{path.relative_to(HERE)}: {found[path]}\n")
    opened = sum(code == "ok" for code in found.values())
    refused = len(found) - opened
    sys.stdout.write(f"{opened} opened, {refused} refused, {len(disagree)} disagree\n")
    return 1 if disagree or not found else 0


if __name__ == "__main__":
    sys.exit(main())
