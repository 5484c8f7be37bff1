"""Seal and open of liaison/1 over ideal terms, each binding and check of which can be left out.

Follows docs/spec/envelope.md: the field of :class:`Design` names what is left out when it is False.
"""

from dataclasses import dataclass

from tests.soundness.terms import Term, derive, digest, encrypt, pair, sign, wrap

#: Whose key is at which desk, and whether it is a device's.
DESK_OF = {"a": "A", "device of a": "A", "b": "B", "c": "C"}
DEVICES = frozenset({"device of a"})
STEP, RECEIPT = "step", "receipt"


@dataclass(frozen=True)
class Design:
    """What the signature covers and what a desk checks; all True is the whole design."""

    signs_desks: bool = True
    signs_kids: bool = True
    signs_body: bool = True
    signs_label: bool = True
    binds_box: bool = True
    binds_wrap: bool = True
    checks_readers: bool = True
    checks_sender: bool = True
    checks_desk: bool = True
    checks_role: bool = True
    checks_signature: bool = True
    remembers: bool = True
    remembers_message_not_bytes: bool = True
    takes_windows_from_directory: bool = True


@dataclass(frozen=True)
class Content:
    """What is said: by which key, as what, to which readers."""

    sender: str
    kind: str
    text: str
    readers: frozenset[str]

    def term(self) -> Term:
        """Return it as a term."""
        return pair(self.sender, self.kind, self.text, self.readers)


@dataclass(frozen=True)
class Header:
    """What the broker sees: desks, readers' windows (by their desks), commitments."""

    src: str
    dst: frozenset[str]
    kids: frozenset[str]
    commit: Term
    hct: Term

    def mid(self, design: Design) -> Term:
        """Return the message id: the hash of what the design has the signature cover."""
        return digest(
            pair(
                pair(self.src, self.dst) if design.signs_desks else "",
                self.kids if design.signs_kids else "",
                self.commit,
                self.hct if design.signs_body else "",
            )
        )


@dataclass(frozen=True)
class Envelope:
    """Header, a wrap for each window by its desk, the box of the signature, the body."""

    header: Header
    wraps: tuple[tuple[str, Term], ...]
    sigbox: Term
    body: Term

    def term(self) -> Term:
        """Return its very bytes as one term."""
        wraps = pair(*(wrapped for _, wrapped in self.wraps))
        return pair(self.header.mid(Design()), wraps, self.sigbox, self.body)


@dataclass(frozen=True)
class Sent:
    """What an honest or dishonest officer has sent: to whom, and what it says."""

    src: str
    dst: frozenset[str]
    kids: frozenset[str]
    content: Content


def box_aad(mid: Term, design: Design) -> Term:
    """Return what the box of the signature is bound to."""
    return mid if design.binds_box else ""


def wrap_info(mid: Term, kid: str, design: Design) -> Term:
    """Return what a wrap is bound to."""
    return pair(mid, kid) if design.binds_wrap else ""


def label(design: Design, name: str) -> str:
    """Return the label under which the design signs, if it has any."""
    return name if design.signs_label else ""


def seal(sent: Sent, key: Term, design: Design, *, chance: str) -> Envelope:
    """Return the envelope of an honest sender under the content key ``key``."""
    body = encrypt(derive(key, "body"), sent.content.term(), "")
    header = Header(sent.src, sent.dst, sent.kids, derive(key, "commit"), digest(body))
    mid, signer = header.mid(design), sent.content.sender
    signed = pair(signer, sign(signer, label(design, "msg"), mid))
    return Envelope(
        header,
        tuple(
            (kid, wrap(kid, key, wrap_info(mid, kid, design), chance)) for kid in sorted(sent.kids)
        ),
        encrypt(derive(key, "sig"), signed, box_aad(mid, design)),
        body,
    )


def open_at(desk: str, envelope: Envelope, design: Design) -> Sent | None:
    """Return what ``desk`` takes the envelope to say, or None when a check refuses it."""
    header, mid = envelope.header, envelope.header.mid(design)
    if desk not in header.dst or digest(envelope.body) != header.hct:
        return None
    match dict(envelope.wraps).get(desk), envelope.sigbox, envelope.body:
        case (
            ("wrapped", owner, key, info, _),
            ("encrypted", box_key, ("pair", str(signer), signature), aad),
            ("encrypted", body_key, ("pair", str(sender), str(kind), str(text), readers), _),
        ):
            bound = (owner, info, header.commit, box_key, aad, body_key)
            commit, sig, body = (derive(key, purpose) for purpose in ("commit", "sig", "body"))
            info, box = wrap_info(mid, desk, design), box_aad(mid, design)
            if bound != (desk, info, commit, sig, box, body):
                return None
            if not isinstance(readers, frozenset) or signer not in DESK_OF:
                return None
            content = Content(sender, kind, text, readers)
            sent = Sent(header.src, header.dst, header.kids, content)
            genuine = sign(signer, label(design, "msg"), mid)
            return sent if _holds(sent, signer, signature == genuine, design) else None
    return None


def _holds(sent: Sent, signer: str, is_genuine: bool, design: Design) -> bool:  # noqa: FBT001 - a fact
    content = sent.content
    return (
        (is_genuine or not design.checks_signature)
        and (DESK_OF[signer] == sent.src or not design.checks_desk)
        and (sent.kids == content.readers or not design.checks_readers)
        and (content.sender == signer or not design.checks_sender)
        and (content.kind == RECEIPT or signer not in DEVICES or not design.checks_role)
    )
