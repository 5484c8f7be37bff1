"""Founding the demo that stays: once for a folder, marked before it begins and when it is done."""

from datetime import datetime
from pathlib import Path

from config.schema import Corridor
from crypto.attest.note import SignatureKind
from liaison.demo.folder import (
    BROKER,
    LOGS,
    PASSPHRASE,
    Mark,
    Stage,
    clear,
    read_mark,
    write_mark,
)
from liaison.demo.network import found_network, witness_name
from liaison.demo.staff import STAYING

CEREMONY = "ceremony"
#: The broker's port, asked for first; the others ask for those that follow it.
FIRST_PORT = 8_470


async def found_demo(state: Path, corridor: Corridor, *, at: datetime) -> int:
    """Found the demo in ``state`` and return the least size that its directory will have.

    What a demo left there is removed, its ports are kept.

    Args:
        state: a folder that the caller has claimed.
        corridor: whose agencies and desks are founded.
        at: the time of the ceremony.
    """
    witnesses = [witness_name(agency.slug) for agency in corridor.agencies]
    ports = {n: FIRST_PORT + i for i, n in enumerate([BROKER, *witnesses, *STAYING])}
    if (before := read_mark(state)) is not None:
        ports |= before.ports
    write_mark(state, Mark(Stage.FOUNDING, ports=ports))
    clear(state, [PASSPHRASE, BROKER, *witnesses, CEREMONY, *STAYING, LOGS])
    network = await found_network(state, corridor, STAYING, at=at)
    log = network.log.vkey(SignatureKind.ED25519)
    write_mark(state, Mark(Stage.FOUNDED, log, tuple(witnesses), ports))
    # Each desk publishes its first windows as soon as it has a line.
    return network.directory + len(STAYING)
