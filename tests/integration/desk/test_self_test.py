"""No process works with a key on a machine whose primitives are broken."""

from pathlib import Path

import pytest

from liaison.demo.network import witness_name
from tests.support.command import environment, liaison
from tests.support.network import Network

#: A library that was built badly: every hash ends in another byte than it should.
BROKEN = """
import hashlib
right = hashlib.blake2b
class blake2b:
    def __init__(self, content=b"", **more):
        self.found = right(content, **more).digest()
    def digest(self):
        return self.found[:-1] + bytes([self.found[-1] ^ 1])
hashlib.blake2b = blake2b
"""
NOBODY = ("--broker", "http://127.0.0.1:1")


def words(what: str, network: Network, folder: Path) -> list[str | Path]:
    """Return a command that works with a key."""
    desk, witness = network.mongcai.state, network.state / witness_name("vn-quangninh-police")
    log = "l+00000000+AWlnbm9yZWQ="
    commands: dict[str, list[str | Path]] = {
        "broker": ["broker", "serve", "--state", network.state / "broker", "--port", "0"],
        "witness": ["witness", "serve", "--state", witness, "--name", "w", "--log", log],
        "desk": ["desk", "serve", "--state", desk, "--officer", "MC-04", *NOBODY],
        "officers": ["desk", "officers", "--state", desk],
        "supervisor": ["keys", "supervisor-new", folder / "token"],
    }
    return commands[what]


@pytest.mark.parametrize("what", ["broker", "witness", "desk", "officers", "supervisor"])
def test_no_process_works_with_a_key_where_a_primitive_is_broken(
    parts: Network, tmp_path: Path, what: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    passphrase = parts.founded.passphrase if what == "desk" else None

    ran = liaison(
        *words(what, parts, tmp_path),
        env=environment(PYTHONPATH=str(tmp_path)),
        passphrase=passphrase,
    )

    assert ran.code == 2, ran.out + ran.err
    assert "primitive.self_test" in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "token").exists()
