"""Carrying by hand between desks of a test: a folder stands for the stick."""

from pathlib import Path

from tests.support.network import Desk, Network, View


async def carry_out(desk: Desk, folder: Path) -> list[str]:
    """Have all that waits written to ``folder`` and return the names of the files."""
    answer = await desk.client.post("/api/carriage/out", folder=str(folder))
    return list(answer["written"])


async def carry_case_out(desk: Desk, folder: Path, ref: str) -> list[str]:
    """Have the files of a case written to ``folder`` and return the names of the files."""
    answer = await desk.client.post("/api/carriage/out", folder=str(folder), case=ref)
    return list(answer["written"])


async def carry_in(desk: Desk, *paths: Path) -> list[View]:
    """Have files, or the files of folders, taken and return what became of each."""
    answer = await desk.client.post("/api/carriage/in", files=[str(path) for path in paths])
    return list(answer["files"])


async def hand_over(sender: Desk, reader: Desk, stick: Path) -> list[str]:
    """Carry all that waits from one desk to the other and return what became of each file."""
    written = await carry_out(sender, stick)
    handed = await carry_in(reader, *(stick / name for name in written))
    return [one["code"] or one["outcome"] for one in handed]


async def cut_off(network: Network) -> None:
    """End the broker, so that no desk has a line."""
    await network.broker.stop()
    for desk in (network.mongcai, network.dongxing):
        await network.line_is(desk, "down")
