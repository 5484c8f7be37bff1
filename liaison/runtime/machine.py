"""Which machine this is: a number that the system was given when it was set up.

A desk's agent belongs to one machine; a copy of its folder on another must not speak in its name.
Nothing of the number itself is kept: what is compared is its hash.
"""

import sys
from pathlib import Path

from crypto.attest import labels
from crypto.attest.hashing import digest

#: Where systemd and D-Bus keep it.
FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


class UnknownMachineError(Exception):
    """The system does not say which machine it is."""

    code = "runtime.machine"


def machine() -> bytes:
    """Return the 32-byte hash of this machine's number; raise UnknownMachineError without one."""
    number = _number()
    if not number:
        raise UnknownMachineError(f"expected a machine number in {FILES[0]}, found none")
    return digest(labels.P_MACHINE, number.encode())


if sys.platform == "win32":
    import winreg

    def _number() -> str:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])

else:

    def _number() -> str:
        for path in FILES:
            try:
                return path.read_text(encoding="ascii").strip()
            except OSError:
                continue
        return ""
