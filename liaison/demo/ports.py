"""Ports on loopback: the wanted one while it is free, else another."""

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
#: Where another port is looked for: above those that the demo asks for first.
OTHERS = range(8_480, 8_680)


class NoPortError(Exception):
    """None of the ports that the demo may use is free."""

    code = "stay.no_port"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ports to use, by program, and those wanted that somebody else listens on."""

    ports: Mapping[str, int]
    taken: Mapping[str, int]


def choose_ports(wanted: Mapping[str, int], *, others: range = OTHERS) -> Chosen:
    """Return a free port for each program, the wanted one or one of ``others``.

    Raises:
        NoPortError: there is none.
    """
    taken = {name: port for name, port in wanted.items() if not _is_free(port)}
    ports = {name: port for name, port in wanted.items() if name not in taken}
    for name in taken:
        ports[name] = _another(others, ports.values())
    return Chosen({name: ports[name] for name in wanted}, taken)


def _another(others: range, used: Collection[int]) -> int:
    for port in others:
        if port not in used and _is_free(port):
            return port
    raise NoPortError(f"expected a free port from {others[0]} to {others[-1]}, found none")


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        # As a server does: what a server that has ended leaves behind is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
