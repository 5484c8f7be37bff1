"""A desk whose library does not encrypt is not opened: nothing of it would be safe on the disk."""

import sqlite3
from pathlib import Path
from types import ModuleType

import pytest

from liaison.desk.entrance.roster import STORE
from liaison.desk.store import InClearError, NoCipherError, Store, WrongKeyError, opens
from liaison.desk.store import engine as module
from tests.support.command import environment, liaison
from tests.support.network import Network

#: What may lie where SQLCipher should: nothing, or SQLite under its name.
LIBRARIES = {
    "absent": "raise ImportError('no sqlcipher3')",
    "a plain SQLite": "from sqlite3 import *\nfrom sqlite3 import dbapi2",
}
KEY = bytes(range(32))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_desk_does_not_start_without_sqlcipher(
    parts: Network, tmp_path: Path, library: str
) -> None:
    replaced = tmp_path / "library" / "sqlcipher3"
    replaced.mkdir(parents=True)
    (replaced / "__init__.py").write_text(LIBRARIES[library])
    store = parts.mongcai.state / STORE
    before = store.read_bytes()

    ran = liaison(
        *("desk", "serve", "--state", parts.mongcai.state, "--officer", "MC-04"),
        *("--broker", "http://127.0.0.1:1", "--port", "0"),
        env=environment(PYTHONPATH=str(tmp_path / "library")),
        passphrase=parts.founded.passphrase,
    )

    assert ran.code == 2, ran.out + ran.err
    assert "store.no_cipher" in ran.err
    assert "Traceback" not in ran.err
    assert store.read_bytes() == before


async def test_no_store_is_made_by_a_library_without_a_cipher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "driver", sqlite3)

    with pytest.raises(NoCipherError):
        Store(tmp_path / STORE, KEY)
    with pytest.raises(NoCipherError):
        await opens(tmp_path / STORE, KEY)

    assert not (tmp_path / STORE).exists()


async def test_a_plain_file_is_no_store(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB)")
    db.close()

    with pytest.raises(WrongKeyError):
        await Store(tmp_path / STORE, KEY).open()


async def test_a_store_that_opens_without_a_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that names a cipher and does not use it: only the file shows that."""
    real = vars(module)["driver"]

    def connect(path: Path | str, **more: object) -> object:
        return real.connect(path, factory=Keyless, **more)

    class Keyless(real.Connection):  # type: ignore[misc, name-defined]
        def execute(self, statement: str, *values: object) -> object:
            return super().execute("SELECT 1" if "PRAGMA key" in statement else statement, *values)

    lying = ModuleType("sqlcipher3")
    lying.__dict__.update({**vars(real), "connect": connect})
    monkeypatch.setattr(module, "driver", lying)

    with pytest.raises(InClearError):
        await Store(tmp_path / STORE, KEY).open()


async def test_a_store_that_was_given_another_key_opens_to_that_one_only(tmp_path: Path) -> None:
    store = Store(tmp_path / STORE, KEY)
    await store.open()
    await store.set_fact("word", b"kept")

    await store.rekey(bytes(32))
    await store.set_fact("later", b"too")
    await store.close()

    assert not await opens(tmp_path / STORE, KEY)
    assert await opens(tmp_path / STORE, bytes(32))
    again = Store(tmp_path / STORE, bytes(32))
    await again.open()
    assert [await again.fact("word"), await again.fact("later")] == [b"kept", b"too"]
    await again.close()
