"""The vault's file, where it is not the vault that matters."""

from pathlib import Path

import pytest

from crypto.attest import self_test
from crypto.attest.self_test import SelfTestError
from liaison.desk.entrance.folder import NoVaultError
from liaison.desk.entrance.vault import VAULT, create_vault, read_vault


def test_no_vault_is_made_or_read_where_a_primitive_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "digest", lambda _person, _content: bytes(32))

    with pytest.raises(SelfTestError):
        read_vault(tmp_path)
    with pytest.raises(SelfTestError):
        create_vault(tmp_path, "QN-07", "bốn từ không liên quan")

    assert not (tmp_path / VAULT).exists()


def test_a_folder_without_a_vault_is_no_desk(tmp_path: Path) -> None:
    with pytest.raises(NoVaultError):
        read_vault(tmp_path)
