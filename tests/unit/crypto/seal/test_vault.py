from dataclasses import replace

import pytest

from crypto.attest.encoding import Value, encode
from crypto.seal.vault import (
    KnownOfficerError,
    MalformedVaultError,
    Slot,
    UnknownOfficerError,
    VaultError,
    WeakPassphraseError,
    WrongPassphraseError,
    add_slot,
    new_slot,
    open_slot,
    pack_vault,
    parse_vault,
)

MASTER = bytes(range(32))
FIRST, FIRST_KEYS = new_slot("QN-07", "một hai ba bốn năm", master=MASTER)
SECOND, SECOND_KEYS = new_slot("QN-08", "sáu bảy tám chín mười", master=MASTER)
VAULT = add_slot((FIRST,), SECOND)


def test_an_officers_passphrase_opens_the_desks_key_and_their_own() -> None:
    found = open_slot(parse_vault(pack_vault(VAULT)), "QN-07", "một hai ba bốn năm")

    assert found == FIRST_KEYS
    assert found.master == MASTER


def test_two_officers_share_the_desks_key_and_nothing_else() -> None:
    assert FIRST_KEYS.master == SECOND_KEYS.master
    assert FIRST_KEYS.seed != SECOND_KEYS.seed
    assert FIRST.salt != SECOND.salt
    assert open_slot(VAULT, "QN-08", "sáu bảy tám chín mười") == SECOND_KEYS


def test_a_wrong_passphrase_says_so() -> None:
    with pytest.raises(WrongPassphraseError, match="QN-07") as caught:
        open_slot(VAULT, "QN-07", "sáu bảy tám chín mười")

    assert caught.value.code == "vault.wrong_passphrase"


def test_an_unknown_officer_is_told_who_is_known() -> None:
    with pytest.raises(UnknownOfficerError, match="QN-07, QN-08"):
        open_slot(VAULT, "QN-09", "một hai ba bốn năm")


def test_a_vault_without_slots_knows_nobody() -> None:
    with pytest.raises(UnknownOfficerError, match="none"):
        open_slot(parse_vault(pack_vault(())), "QN-07", "một hai ba bốn năm")


def test_a_thief_who_puts_one_officers_box_under_anothers_name_opens_nothing() -> None:
    moved = replace(FIRST, officer="QN-08")

    with pytest.raises(WrongPassphraseError):
        open_slot((moved,), "QN-08", "một hai ba bốn năm")


@pytest.mark.parametrize("part", ["salt", "nonce", "box"])
def test_a_tampered_slot_does_not_open(part: str) -> None:
    spoilt = bytes([getattr(FIRST, part)[0] ^ 1]) + getattr(FIRST, part)[1:]

    with pytest.raises(WrongPassphraseError):
        open_slot((replace(FIRST, **{part: spoilt}),), "QN-07", "một hai ba bốn năm")


def test_a_passphrase_is_the_same_from_a_keyboard_that_composes_and_one_that_does_not() -> None:
    decomposed = "mo\u0323\u0302t hai ba bo\u0302\u0301n na\u0306m"

    assert open_slot(VAULT, "QN-07", decomposed) == FIRST_KEYS


def test_a_passphrase_that_is_no_unicode_is_wrong_like_any_other() -> None:
    with pytest.raises(WrongPassphraseError):
        open_slot(VAULT, "QN-07", "\udcff" * 12)


def test_a_passphrase_shorter_than_twelve_is_refused() -> None:
    with pytest.raises(WeakPassphraseError, match="11 characters; at least 12"):
        new_slot("QN-09", "x" * 11, master=MASTER)


def test_an_officer_has_one_slot() -> None:
    with pytest.raises(KnownOfficerError):
        add_slot(VAULT, FIRST)


SLOT: list[Value] = [FIRST.officer, FIRST.salt, FIRST.nonce, FIRST.box]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        pack_vault(VAULT) + b"\0",
        encode([2, []]),
        encode([1]),
        encode([1, [[]]]),
        encode([1, [[b"QN-07", *SLOT[1:]]]]),
        encode([1, [[SLOT[0], bytes(15), *SLOT[2:]]]]),
        encode([1, [[*SLOT[:2], bytes(12), SLOT[3]]]]),
        encode([1, [[*SLOT[:3], "box"]]]),
    ],
    ids=[
        "nothing",
        "trailing",
        "version 2",
        "no slots",
        "an empty slot",
        "officer in bytes",
        "short salt",
        "short nonce",
        "box in text",
    ],
)
def test_what_is_no_vault_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedVaultError):
        parse_vault(raw)


def test_a_vault_changed_anywhere_is_refused_or_another_vault() -> None:
    """Another slot does not open, as the tests above show part by part."""
    raw = pack_vault((FIRST,))

    for at in range(len(raw)):
        try:
            slots = parse_vault(raw[:at] + bytes([raw[at] ^ 0x80]) + raw[at + 1 :])
        except VaultError:
            continue
        assert slots != (FIRST,)


def test_nothing_secret_shows_when_printed() -> None:
    shown = f"{FIRST_KEYS!r} {Slot!r}"

    assert MASTER.hex() not in shown
    assert repr(MASTER) not in shown
    assert repr(FIRST_KEYS.seed) not in shown
