import os
import stat
from pathlib import Path

import pytest

from crypto.attest import self_test
from crypto.attest.self_test import SelfTestError
from liaison.runtime.seeds import SeedError, create_key, load_key, write_private


def test_a_key_is_made_once_and_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "broker.seed"

    made = create_key(path)

    assert load_key(path).kid == made.kid
    assert path.stat().st_size == 32


def test_two_keys_are_two(tmp_path: Path) -> None:
    assert create_key(tmp_path / "one").kid != create_key(tmp_path / "other").kid


def test_a_key_is_never_replaced_in_place(tmp_path: Path) -> None:
    path = tmp_path / "broker.seed"
    made = create_key(path)

    with pytest.raises(SeedError, match="never replaced"):
        create_key(path)
    assert load_key(path).kid == made.kid


def test_a_seed_is_its_owners_alone_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        create_key(tmp_path / "broker.seed")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "broker.seed").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_seed_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "broker.seed"
    create_key(path)
    path.chmod(mode)

    with pytest.raises(SeedError, match=rf"\(mode {mode:o}\); expected 600") as caught:
        load_key(path)

    assert caught.value.code == "runtime.seed"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_file_of_another_size_is_no_seed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "broker.seed"
    write_private(path, bytes(size))

    with pytest.raises(SeedError, match=f"{size} bytes"):
        load_key(path)


def test_a_seed_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"broker\.seed cannot be read: No such file"):
        load_key(tmp_path / "broker.seed")


def test_a_link_that_waits_where_the_seed_will_be_written_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "broker.seed").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(SeedError):
        create_key(tmp_path / "broker.seed")
    assert not (tmp_path / "elsewhere").exists()


def test_no_key_is_made_or_loaded_where_a_primitive_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_key(tmp_path / "made before")
    monkeypatch.setattr(self_test, "digest", lambda _person, _content: bytes(32))

    with pytest.raises(SelfTestError):
        load_key(tmp_path / "made before")
    with pytest.raises(SelfTestError):
        create_key(tmp_path / "new")

    assert not (tmp_path / "new").exists()
