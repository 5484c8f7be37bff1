import pytest

from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import encode
from crypto.attest.payload import encode_payload, prove_possession
from crypto.attest.pin import fingerprint
from crypto.attest.signing import BadSignatureError, SignatureError
from crypto.attest.statement import LONGEST_VALIDITY, Role, StatementError, What, parse_entry
from crypto.seal.ceremony import (
    VALIDITY,
    grant_key,
    name_desk,
    parse_request,
    publish_windows,
    request_key,
)
from tests.support.world import (
    HERE,
    MONDAY,
    NOW,
    desk_payload,
    key_payload,
    signing_key,
    window,
)

KEY = signing_key("newcomer")
PAYLOAD = key_payload(KEY, HERE.desk, Role.OFFICER, "VN-31")


def founded() -> Directory:
    """Return the directory of the first agency."""
    return Directory.replay([HERE.pin], HERE.entries)


def test_a_ceremony_makes_entries_that_stand() -> None:
    directory = founded()

    assert directory.head.size == len(HERE.entries)
    assert directory.signer(HERE.officer.kid, at=NOW).payload.pseudonym == "VN-07"
    assert directory.open_window(HERE.desk, at=NOW) == HERE.window


def test_thirteen_months_are_less_than_the_directory_allows() -> None:
    assert 390 * 86_400 < VALIDITY < LONGEST_VALIDITY


def test_an_agency_is_pinned_by_sixty_digits() -> None:
    digits = fingerprint(HERE.root_payload)

    assert [len(group) for group in digits.split(" ")] == [5] * 12
    assert digits.replace(" ", "").isdigit()
    assert digits != fingerprint(HERE.root_payload + b"\0")


def test_a_request_carries_what_the_registrar_will_sign() -> None:
    request = parse_request(request_key(HERE.agency, PAYLOAD, KEY))
    directory = founded()

    directory.append(grant_key(request, HERE.registrar, after=None))

    assert request.payload == PAYLOAD
    assert directory.signer(KEY.kid, at=NOW).payload == PAYLOAD


def test_a_request_for_somebody_elses_key_is_refused() -> None:
    """Possession is proved by the key itself."""
    stolen = request_key(HERE.agency, PAYLOAD, signing_key("thief"))

    with pytest.raises(BadSignatureError):
        parse_request(stolen)


def test_a_request_altered_on_its_way_is_refused() -> None:
    raw = prove_possession(PAYLOAD, KEY).replace(b"VN-31", b"VN-01")

    with pytest.raises(SignatureError):
        parse_request(encode([HERE.agency, raw]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        encode([HERE.agency]),
        encode([bytes(15), prove_possession(PAYLOAD, KEY)]),
        encode([HERE.agency, encode_payload(PAYLOAD)]),
        encode([HERE.agency, encode([])]),
    ],
    ids=["nothing", "no payload", "a short agency", "no possession", "another payload"],
)
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(StatementError):
        parse_request(raw)


def test_a_key_is_renewed_by_a_second_entry_after_the_first() -> None:
    directory = founded()
    longer = key_payload(
        HERE.officer, HERE.desk, Role.OFFICER, "VN-07", begins=NOW, ends=NOW + VALIDITY
    )
    request = parse_request(request_key(HERE.agency, longer, HERE.officer))
    last = directory.last(What.DEVICE, HERE.agency, HERE.officer.kid)

    directory.append(grant_key(request, HERE.registrar, after=last))

    assert directory.signer(HERE.officer.kid, at=MONDAY + VALIDITY - 1).payload == longer
    assert directory.signer(HERE.officer.kid, at=MONDAY).kid == HERE.officer.kid


def test_windows_are_published_after_the_last_ones() -> None:
    directory = founded()
    more = window("more").window
    last = directory.last(What.WINDOWS, HERE.agency, HERE.desk)

    entry = publish_windows(HERE.agency, HERE.desk, [more], device=HERE.device, after=last)
    directory.append(entry)

    assert parse_entry(entry).statement.serial == 2
    assert more in directory.windows(HERE.desk)
    with pytest.raises(DirectoryError):
        directory.append(entry)


def test_a_desk_is_renewed_by_its_agencys_roots() -> None:
    directory = founded()
    payload = desk_payload("vn-renamed", HERE.registrar)
    last = directory.last(What.DESK, HERE.agency, HERE.desk)

    directory.append(name_desk(HERE.agency, HERE.desk, payload, signers=HERE.roots[1:], after=last))

    assert directory.desk_named("vn-renamed").id == HERE.desk
