"""The ceremony by its commands: an agency is founded by people who each hold one share."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto.attest.directory import Directory
from crypto.attest.payload import decode_payload
from crypto.attest.statement import DeskPayload, InfraKind, Oversight
from crypto.seal.drafts import Draft
from crypto.seal.primitives import OpeningKey, fresh
from liaison.cli.ceremony.files import read_draft, read_entries, read_root, write_new
from liaison.runtime.pins import Means, read_pins
from tests.support.command import Outcome, environment, liaison

AGENCY = "vn-quangninh-police"
CARRIERS = ("an", "binh", "chi")
REQUEST = "broker/broker-request.cbor"
BY = ("--root", "root.stmt")
REGISTRAR = ("--registrar", "registrar.pub", "--broker", REQUEST)


@dataclass(frozen=True)
class Room:
    """The folder in which an agency was founded."""

    folder: Path

    def run(self, *words: str, typed: str = "", lang: str = "en") -> Outcome:
        """Run a command of ``liaison keys`` there."""
        env = environment(LIAISON_LANG=lang)
        return liaison("keys", *words, cwd=self.folder, typed=typed, env=env)

    def good(self, *words: str, typed: str = "") -> Outcome:
        """Run a command that must succeed."""
        outcome = self.run(*words, typed=typed)
        assert outcome.code == 0, outcome.err
        return outcome

    def sign(self, carrier: str, *words: str, typed: str = "sign\n", lang: str = "en") -> Outcome:
        """Have the holder of a share sign statements."""
        return self.run("root-sign", *words, "--share", share(carrier), typed=typed, lang=lang)

    def digits(self) -> str:
        """Return the root's fingerprint."""
        return read_root(self.folder / "root.stmt").digits

    def pin(self, *typed: str, second: str = "QN-01", pins: str = "pins.txt") -> Outcome:
        """Have two people type."""
        who = ("--first", "QN-07", "--second", second, "--by", "by_telephone")
        lines = "".join(f"{one}\n" for one in typed)
        words = ("pin", "root.stmt", "--pins", pins, *who, "--typed-fd", "0")
        return self.run(*words, typed=lines)


def share(carrier: str) -> str:
    """Return the file of a share."""
    return f"{carrier}/root.seed"


def shares(*carriers: str) -> list[str]:
    """Return the options that name shares."""
    return [word for carrier in carriers for word in ("--share", share(carrier))]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Return a room with a root that two have signed, and what it says of its desks."""
    room = Room(tmp_path_factory.mktemp("room"))
    for carrier in CARRIERS:
        (room.folder / carrier).mkdir()
    assert liaison("broker", "init", "--state", "broker", cwd=room.folder).code == 0
    room.good("root-new", "--agency", AGENCY, *shares(*CARRIERS), "--out", "root.stmt")
    for carrier in ("an", "chi"):
        assert room.sign(carrier, "root.stmt").code == 0
    room.good("registrar-new", "--out", "registrar.seed")
    room.good("infra-cert", REQUEST, *BY, "--out", "said")
    room.good("desk-cert", "vn-mongcai-1", "vn-quangninh", *BY, *REGISTRAR, "--out", "said")
    statements = said(room)
    for carrier in ("binh", "an"):
        assert room.sign(carrier, *statements, *BY).code == 0
    room.good("collect", "root.stmt", *statements, "--out", "vn.entries")
    return room


def said(room: Room) -> list[str]:
    """Return the statements about desks and the broker."""
    return sorted(str(path.relative_to(room.folder)) for path in room.folder.glob("said/*.stmt"))


def unsigned(room: Room, tmp_path: Path) -> str:
    """Return the file of a statement about a desk that nobody has signed."""
    desk = room.folder / "said" / "vn-mongcai-1.stmt"
    file = tmp_path / "waits.stmt"
    write_new(file, Draft(read_draft(desk).statement))
    return str(file)


def test_an_agency_with_its_desks_is_founded_by_two_of_three(founded: Room) -> None:
    entries = read_entries([founded.folder / "vn.entries"])

    directory = Directory.replay([founded.digits()], entries)

    below, above = directory.desk_named("vn-mongcai-1"), directory.desk_named("vn-quangninh")
    assert below.payload.escalates_to == above.id
    [broker] = directory.infra(InfraKind.BROKER)
    assert below.payload.broker == broker.kid


@pytest.mark.parametrize("lang,until", [("vi", "/2027"), ("zh", "2027年"), ("en", " 2027")])
def test_what_is_to_be_signed_is_told_in_words_and_nothing_is_signed_without_the_word(
    founded: Room, tmp_path: Path, lang: str, until: str
) -> None:
    file = unsigned(founded, tmp_path)

    outcome = founded.sign("chi", file, *BY, typed="no\n", lang=lang)

    payload = decode_payload(read_draft(Path(file)).statement)
    assert isinstance(payload, DeskPayload)
    told = (payload.slug, *payload.names, payload.registrars[0].kid.hex(), payload.broker.hex())
    assert [word for word in (*told, until) if word not in outcome.out] == []
    assert (outcome.code, "ceremony.not_assented" in outcome.err) == (2, True)
    assert read_draft(Path(file)).signatures == ()


def test_the_same_share_does_not_sign_twice(founded: Room, tmp_path: Path) -> None:
    file = unsigned(founded, tmp_path)
    assert founded.sign("an", file, *BY).code == 0

    again = founded.sign("an", file, *BY)

    assert (again.code, "ceremony.signed_twice" in again.err) == (2, True)
    assert len(read_draft(Path(file)).signatures) == 1


def test_what_one_has_signed_is_not_collected(founded: Room, tmp_path: Path) -> None:
    file = unsigned(founded, tmp_path)
    founded.sign("an", file, *BY)

    refused = founded.run("collect", "root.stmt", file, "--out", str(tmp_path / "out"))

    assert (refused.code, "directory.not_authorised" in refused.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_root_is_not_drawn_onto_fewer_than_three_carriers(founded: Room, tmp_path: Path) -> None:
    one = ["--share", str(tmp_path / "1"), "--share", str(tmp_path / "2")]
    new = ("root-new", "--agency", AGENCY, "--out", str(tmp_path / "root"))

    refused = founded.run(*new, *one, "--share", "chi/another.seed")
    too_few = founded.run(*new, *one)

    assert "ceremony.same_carrier" in refused.err
    assert "ceremony.shares" in too_few.err
    assert (refused.code, too_few.code, list(tmp_path.iterdir())) == (2, 2, [])


def test_a_desk_that_is_named_again_keeps_its_id(founded: Room, tmp_path: Path) -> None:
    desk = ("desk-cert", "vn-mongcai-1", *BY, *REGISTRAR, "--known", "vn.entries")

    founded.good(*desk, "--from", "2027-11-01", "--out", str(tmp_path))

    before = read_draft(founded.folder / "said" / "vn-mongcai-1.stmt").statement
    after = read_draft(tmp_path / "vn-mongcai-1.stmt").statement
    assert (after.subject, after.serial, after.prev) == (before.subject, 2, before.digest)


def test_a_desk_that_is_named_again_keeps_its_panels_and_they_are_told(
    founded: Room, tmp_path: Path
) -> None:
    keys = [tmp_path / f"{name}.pub" for name in ("a1", "a2", "b1", "b2")]
    for key in keys:
        key.write_bytes(OpeningKey.from_seed(fresh(32)).public)
    options = ("--first-panel", "--first-panel", "--second-panel", "--second-panel")
    panels = [str(word) for pair in zip(options, keys, strict=True) for word in pair]
    desk = ("desk-cert", "vn-quangninh", *BY, *REGISTRAR, "--known", "vn.entries")
    first, again = str(tmp_path / "first"), str(tmp_path / "again")

    founded.good(*desk, *panels, "--out", first)
    founded.good(*desk, "--known", f"{first}/vn-quangninh.stmt", "--out", again)
    told = founded.sign("an", f"{again}/vn-quangninh.stmt", *BY, typed="no\n")

    said = [oversight(Path(out) / "vn-quangninh.stmt") for out in (first, again)]
    assert said[0] is not None
    assert said[1] == said[0]
    assert all(key.kid.hex() in told.out for key in said[0].keys)


def oversight(file: Path) -> Oversight | None:
    """Return who oversees the desk of a statement."""
    payload = decode_payload(read_draft(file).statement)
    assert isinstance(payload, DeskPayload)
    return payload.oversight


def test_a_desk_below_one_that_is_unknown_is_not_named(founded: Room, tmp_path: Path) -> None:
    out = tmp_path / "out"

    refused = founded.run("desk-cert", "vn-mongcai-1", *BY, *REGISTRAR, "--out", str(out))

    assert (refused.code, "ceremony.no_upper_desk" in refused.err) == (2, True)
    assert not out.exists()


def test_two_people_who_type_the_digits_make_a_pin(founded: Room) -> None:
    digits = founded.digits()

    outcome = founded.pin(digits, digits.replace(" ", ""))

    assert outcome.code == 0, outcome.err
    [pin] = read_pins(founded.folder / "pins.txt")
    assert pin.comparison is not None
    assert (pin.digits, pin.comparison.by) == (digits, ("QN-07", "QN-01"))
    assert pin.comparison.means is Means.BY_TELEPHONE
    assert digits not in outcome.out + outcome.err


def test_nothing_is_pinned_unless_two_people_agree_with_the_root(
    founded: Room, tmp_path: Path
) -> None:
    digits, other = founded.digits(), founded.digits()[:-1]
    wrong = other + str((int(founded.digits()[-1]) + 1) % 10)
    pins = str(tmp_path / "pins.txt")

    differ = founded.pin(digits, wrong, pins=pins)
    swapped = founded.pin(wrong, wrong, pins=pins)
    alone = founded.pin(digits, pins=pins)
    twice = founded.pin(digits, digits, second="qn-07", pins=pins)

    codes = ("directory.pins_differ", "directory.wrong_pin", "cli.nothing_typed", "keys.comparison")
    for outcome, code in zip((differ, swapped, alone, twice), codes, strict=True):
        assert (outcome.code, code in outcome.err) == (2, True), outcome.err
    assert "group 12 of 12" in swapped.err
    assert list(tmp_path.iterdir()) == []


def test_the_digits_are_shown_with_both_readings_and_as_a_picture(
    founded: Room, tmp_path: Path
) -> None:
    picture = tmp_path / "root.svg"

    shown = founded.good("fingerprint", "root.stmt", "--qr", str(picture))
    as_json = founded.good("fingerprint", "root.stmt", "--json").json

    assert as_json["digits"] == founded.digits()
    assert [group["digits"] for group in as_json["groups"]] == founded.digits().split()
    for group in as_json["groups"]:
        assert f"{group['digits']}  {group['vi']}" in shown.out
        assert f"{group['zh']}  {group['pinyin']}" in shown.out
    assert picture.read_text().startswith("<?xml")
