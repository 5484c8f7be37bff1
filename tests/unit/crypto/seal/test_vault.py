from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.attest.encoding import Value, encode
from crypto.seal.primitives import OpeningKey, WrappingKey
from crypto.seal.vault import (
    AlteredVaultError,
    Keys,
    KnownOfficerError,
    LastOfficerError,
    MalformedVaultError,
    Slot,
    UnknownOfficerError,
    Vault,
    VaultError,
    WeakPassphraseError,
    WrongPapersError,
    WrongPassphraseError,
    add_slot,
    change_passphrase,
    new_vault,
    open_recovery,
    open_slot,
    pack_vault,
    parse_vault,
    remove_slot,
    set_recovery,
)

MASTER, NEXT_MASTER, PAPERS = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
FIRST_WORDS, SECOND_WORDS = "một hai ba bốn năm", "sáu bảy tám chín mười"
ALONE, FIRST_KEYS = new_vault("QN-07", FIRST_WORDS, master=MASTER)
BOTH, SECOND_KEYS = add_slot(ALONE, "QN-08", SECOND_WORDS, master=MASTER)
VAULT = set_recovery(BOTH, PAPERS, master=MASTER)
FIRST, SECOND = VAULT.slots
REMOVED = remove_slot(VAULT, "QN-08", master=NEXT_MASTER)


def secrets(keys: Keys) -> tuple[bytes, bytes]:
    """Return what a slot gives, whichever vault it lies in."""
    return keys.master, keys.seed


def test_an_officers_passphrase_opens_the_desks_key_and_their_own() -> None:
    found = open_slot(parse_vault(pack_vault(VAULT)), "QN-07", FIRST_WORDS)

    assert secrets(found) == secrets(FIRST_KEYS)
    assert found.master == MASTER


def test_two_officers_share_the_desks_key_and_nothing_else() -> None:
    assert FIRST_KEYS.master == SECOND_KEYS.master
    assert FIRST_KEYS.seed != SECOND_KEYS.seed
    assert FIRST_KEYS.opening != SECOND_KEYS.opening
    assert FIRST.salt != SECOND.salt
    assert secrets(open_slot(VAULT, "QN-08", SECOND_WORDS)) == secrets(SECOND_KEYS)


def test_a_wrong_passphrase_says_so() -> None:
    with pytest.raises(WrongPassphraseError, match="QN-07") as caught:
        open_slot(VAULT, "QN-07", SECOND_WORDS)

    assert caught.value.code == "vault.wrong_passphrase"


def test_an_unknown_officer_is_told_who_is_known() -> None:
    with pytest.raises(UnknownOfficerError, match="QN-07, QN-08"):
        open_slot(VAULT, "QN-09", FIRST_WORDS)


def test_a_vault_without_slots_knows_nobody() -> None:
    empty = Vault(1, (), None, bytes(32))

    with pytest.raises(UnknownOfficerError, match="none"):
        open_slot(parse_vault(pack_vault(empty)), "QN-07", FIRST_WORDS)


def test_a_thief_who_puts_one_officers_box_under_anothers_name_opens_nothing() -> None:
    moved = replace(VAULT, slots=(replace(FIRST, officer="QN-08"),))

    with pytest.raises(WrongPassphraseError):
        open_slot(moved, "QN-08", FIRST_WORDS)


@pytest.mark.parametrize("part", ["salt", "nonce", "box"])
def test_a_tampered_slot_does_not_open(part: str) -> None:
    spoilt = bytes([getattr(FIRST, part)[0] ^ 1]) + getattr(FIRST, part)[1:]

    with pytest.raises(WrongPassphraseError):
        open_slot(replace(VAULT, slots=(replace(FIRST, **{part: spoilt}),)), "QN-07", FIRST_WORDS)


def wrapped_anew(vault: Vault) -> Vault:
    """Return the vault with a key of the attacker's own in the first officer's slot."""
    wrap = WrappingKey.from_public(FIRST.public).wrap(bytes(32), info=b"liaison/1 slot\0QN-07")
    return replace(vault, slots=(replace(FIRST, wrap=wrap), *vault.slots[1:]))


def with_own_key(vault: Vault) -> Vault:
    """Return the vault with the attacker's public key in the second officer's slot."""
    public = OpeningKey.from_seed(bytes(32)).public
    return replace(vault, slots=(FIRST, replace(SECOND, public=public)))


@pytest.mark.parametrize(
    "attack",
    [
        wrapped_anew,
        with_own_key,
        lambda vault: replace(vault, generation=vault.generation + 1),
        lambda vault: replace(vault, slots=vault.slots[:1]),
        lambda vault: replace(vault, slots=(*vault.slots, replace(FIRST, officer="QN-09"))),
        lambda vault: replace(vault, recovery=None),
        lambda vault: replace(vault, slots=(replace(FIRST, wrap=SECOND.wrap), SECOND)),
    ],
    ids=["master", "public", "generation", "dropped", "added", "papers", "wrap"],
)
def test_a_vault_that_was_changed_without_the_desks_key_does_not_open(
    attack: Callable[[Vault], Vault],
) -> None:
    with pytest.raises(AlteredVaultError):
        open_slot(attack(VAULT), "QN-07", FIRST_WORDS)


def test_a_changed_passphrase_opens_the_same_keys_and_the_old_one_opens_nothing() -> None:
    changed = change_passphrase(VAULT, FIRST_KEYS, "a new one, not yet told")

    found = open_slot(changed, "QN-07", "a new one, not yet told")
    assert secrets(found) == secrets(FIRST_KEYS)
    assert found.generation == VAULT.generation + 1
    assert changed.slots[1] == SECOND
    with pytest.raises(WrongPassphraseError):
        open_slot(changed, "QN-07", FIRST_WORDS)


def test_a_passphrase_is_not_changed_to_a_short_one() -> None:
    with pytest.raises(WeakPassphraseError):
        change_passphrase(VAULT, FIRST_KEYS, "x" * 11)


def test_who_stays_opens_the_new_key_with_the_passphrase_they_had() -> None:
    found = open_slot(REMOVED, "QN-07", FIRST_WORDS)

    assert secrets(found) == (NEXT_MASTER, FIRST_KEYS.seed)
    assert open_recovery(REMOVED, PAPERS) == NEXT_MASTER


def test_who_was_removed_opens_nothing_of_the_new_vault() -> None:
    with pytest.raises(UnknownOfficerError):
        open_slot(REMOVED, "QN-08", SECOND_WORDS)
    with pytest.raises(AlteredVaultError):
        open_slot(replace(REMOVED, slots=(*REMOVED.slots, SECOND)), "QN-08", SECOND_WORDS)


def test_nobody_is_removed_who_is_not_there() -> None:
    with pytest.raises(UnknownOfficerError):
        remove_slot(VAULT, "QN-09", master=NEXT_MASTER)


def test_the_last_officer_is_not_removed() -> None:
    with pytest.raises(LastOfficerError):
        remove_slot(ALONE, "QN-07", master=NEXT_MASTER)


def test_other_papers_than_the_vaults_own_open_nothing() -> None:
    with pytest.raises(WrongPapersError):
        open_recovery(VAULT, bytes(32))
    with pytest.raises(WrongPapersError):
        open_recovery(BOTH, PAPERS)


def test_papers_open_no_vault_that_was_changed_without_the_desks_key() -> None:
    with pytest.raises(AlteredVaultError):
        open_recovery(replace(VAULT, generation=9), PAPERS)


def test_a_passphrase_is_the_same_from_a_keyboard_that_composes_and_one_that_does_not() -> None:
    decomposed = "mo\u0323\u0302t hai ba bo\u0302\u0301n na\u0306m"

    assert secrets(open_slot(VAULT, "QN-07", decomposed)) == secrets(FIRST_KEYS)


def test_a_passphrase_that_is_no_unicode_is_wrong_like_any_other() -> None:
    with pytest.raises(WrongPassphraseError):
        open_slot(VAULT, "QN-07", "\udcff" * 12)


def test_a_passphrase_shorter_than_twelve_is_refused() -> None:
    with pytest.raises(WeakPassphraseError, match="11 characters; at least 12"):
        add_slot(VAULT, "QN-09", "x" * 11, master=MASTER)


def test_an_officer_has_one_slot() -> None:
    with pytest.raises(KnownOfficerError):
        add_slot(VAULT, "QN-07", FIRST_WORDS, master=MASTER)


SLOT: list[Value] = [
    FIRST.officer,
    FIRST.salt,
    FIRST.nonce,
    FIRST.box,
    FIRST.public,
    FIRST.wrap,
]
TAG = bytes(32)


def raw(slot: list[Value], *, version: int = 2, recovery: Value = None, tag: bytes = TAG) -> bytes:
    """Return the bytes of a vault with one slot."""
    return encode([version, 1, [slot], recovery, tag])


@pytest.mark.parametrize(
    "vault",
    [
        b"",
        pack_vault(VAULT) + b"\0",
        raw(SLOT, version=1),
        encode([2, 1, []]),
        raw([]),
        raw([b"QN-07", *SLOT[1:]]),
        raw([SLOT[0], bytes(15), *SLOT[2:]]),
        raw([*SLOT[:2], bytes(12), *SLOT[3:]]),
        raw([*SLOT[:3], "box", *SLOT[4:]]),
        raw([*SLOT[:4], bytes(32), SLOT[5]]),
        raw(SLOT, recovery=[bytes(32), FIRST.wrap]),
        raw(SLOT, recovery="papers"),
        raw(SLOT, tag=bytes(31)),
    ],
    ids=[
        "nothing",
        "trailing",
        "version 1",
        "no papers and tag",
        "an empty slot",
        "officer in bytes",
        "short salt",
        "short nonce",
        "box in text",
        "short key",
        "papers with a short key",
        "papers in text",
        "short tag",
    ],
)
def test_what_is_no_vault_is_refused(vault: bytes) -> None:
    with pytest.raises(MalformedVaultError):
        parse_vault(vault)


def test_a_vault_changed_anywhere_is_refused_or_another_vault() -> None:
    """Another one does not open, as the tests above show part by part."""
    packed = pack_vault(ALONE)

    for at in range(len(packed)):
        try:
            vault = parse_vault(packed[:at] + bytes([packed[at] ^ 0x80]) + packed[at + 1 :])
        except VaultError:
            continue
        assert vault != ALONE


def test_nothing_secret_shows_when_printed() -> None:
    shown = f"{FIRST_KEYS!r} {Slot!r}"

    assert MASTER.hex() not in shown
    assert repr(MASTER) not in shown
    assert repr(FIRST_KEYS.seed) not in shown
    assert repr(FIRST_KEYS.opening) not in shown
