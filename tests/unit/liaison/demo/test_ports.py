"""Ports: the wanted ones while they are free."""

import socket
from contextlib import ExitStack

import pytest

from liaison.demo.ports import LOOPBACK, NoPortError, choose_ports
from tests.support.operated import free_ports


def test_free_ports_are_used_as_wanted() -> None:
    one, two = map(int, free_ports(2))

    chosen = choose_ports({"broker": one, "desk": two})

    assert chosen.ports == {"broker": one, "desk": two}
    assert chosen.taken == {}


def test_a_taken_port_is_named_and_replaced_by_one_that_nobody_has() -> None:
    (free,) = map(int, free_ports(1))
    with socket.create_server((LOOPBACK, 0)) as stranger:
        taken = stranger.getsockname()[1]

        chosen = choose_ports({"broker": taken, "witness": taken, "desk": free})

    assert chosen.taken == {"broker": taken, "witness": taken}
    assert len(set(chosen.ports.values())) == 3
    assert taken not in chosen.ports.values()
    assert list(chosen.ports) == ["broker", "witness", "desk"]


def test_no_port_at_all_is_an_error() -> None:
    with ExitStack() as stack:
        strangers = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(2)]
        first, second = (each.getsockname()[1] for each in strangers)

        with pytest.raises(NoPortError, match=f"from {second} to {second}"):
            choose_ports({"broker": first}, others=range(second, second + 1))
