"""What a broker can do on the line of one desk over days: drop all, show nothing new.

Each behaviour begins with both desks heard of that day, lies for one, and returns when the desk has
told of it; see :mod:`tests.support.hostile_line`.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from crypto.seal.windows import week_of
from liaison.desk.mail.peers import BEHIND_AFTER, DAY, SILENT_AFTER, last_instant
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.wire import api
from tests.support.agencies import DONGXING
from tests.support.hostile_line import HostileLine
from tests.support.network import until

SECOND = timedelta(seconds=1)


async def drops_all(line: HostileLine) -> None:
    """Deliver nothing of the other desk for a day."""
    heard = await _heard_today(line)
    line.on_envelopes(lambda _frame: [])
    late = timedelta(seconds=1 + line.chance.below(3_600))
    await line.network.move(heard + SILENT_AFTER + late)
    await _told(line, "peer.silent")


async def freezes_ledger(line: HostileLine) -> None:
    """Show an old checkpoint, cosigned as it is, while the ledger grows."""
    await _heard_today(line)
    old = await line.network.get(api.CHECKPOINT_PATH)

    async def show_the_old(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, old if path == api.CHECKPOINT_PATH else answer

    line.between.answer = show_the_old
    await line.arrives(await line.request())
    await _see_beyond(line, (await line.network.mongcai.status())["ledger"]["size"])
    heard = await _heard_today(line)
    await line.network.move(heard + BEHIND_AFTER + timedelta(seconds=1 + line.chance.below(600)))
    await _told(line, "ledger.behind")


async def freezes_directory(line: HostileLine) -> None:
    """Show no entry of the directory that is new, while the other desk states its next window."""
    await _catch_up(line)
    line.between.hides_growth = True

    async def show_nothing(path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
        is_asked = path == api.DIRECTORY_PATH and not posted
        return 200, api.encode_page([]) if is_asked else answer

    line.between.answer = show_nothing
    at = from_timestamp(week_of(timestamp(line.network.clock.now()))) + timedelta(weeks=1)
    size = line.network.broker_directory().head.size
    await line.network.move(at + SECOND)

    async def has_grown() -> bool:
        return line.network.dongxing.agent.replica.directory.head.size > size

    await until(has_grown, "the other desk states its next window")
    await line.arrives(await line.request())
    await line.network.move(at + BEHIND_AFTER + timedelta(seconds=2 + line.chance.below(600)))
    await _told(line, "directory.behind")
    line.between.hides_growth = False


async def _heard_today(line: HostileLine) -> datetime:
    """Move to the next day's instant and return it, once the desk has heard the other's status."""
    instant = last_instant(line.network.clock.now()) + DAY
    await line.network.move(instant)

    async def is_heard() -> bool:
        peers = (await line.network.mongcai.status())["peers"]
        heard = [peer["heard"] for peer in peers if peer["desk"] == DONGXING]
        return heard == [f"{instant:%Y-%m-%dT%H:%M:%SZ}"]

    await until(is_heard, "the other desk's status has come")
    return instant


async def _catch_up(line: HostileLine) -> None:
    """Have the desk dial again and see the directory as it is, so that no alarm stands."""
    network = line.network
    await line.between.cut()

    async def is_rid() -> bool:
        size = network.broker_directory().head.size
        if network.mongcai.agent.replica.directory.head.size < size:
            return False
        await network.move(network.clock.now())
        alarms = (await network.mongcai.status())["alarms"]
        return "directory.behind" not in [alarm["code"] for alarm in alarms]

    await until(is_rid, "the desk has caught up")


async def _see_beyond(line: HostileLine, size: int) -> None:
    """Have the other desk look at the ledger as it is, until that is larger than ``size``."""
    desk = line.network.dongxing

    async def is_seen() -> bool:
        await desk.agent.prover.check()
        return bool((await desk.status())["ledger"]["size"] > size)

    await until(is_seen, "the other desk has seen the ledger grow")


async def _told(line: HostileLine, code: str) -> None:
    """Wait until the desk tells of what the broker does."""

    async def is_told() -> bool:
        alarms = (await line.network.mongcai.status())["alarms"]
        return code in [alarm["code"] for alarm in alarms]

    await until(is_told, f"the desk tells {code}")


#: What it does, the alarm that tells it, and in what time.
BEHAVIOURS: Mapping[Callable[[HostileLine], Awaitable[None]], tuple[str, str]] = {
    drops_all: ("peer.silent", "25 h"),
    freezes_ledger: ("ledger.behind", "25 h and the next status"),
    freezes_directory: ("directory.behind", "an hour from the next message"),
}
