"""A process of the demo that kills itself at one named point: ``python dying_node.py POINT``.

The product's own code runs and nothing of it is replaced: around one of its functions stands what
sends SIGKILL to the process before the function begins or after it has returned. Nothing dies
before SIGUSR1 has come: what happens at the start is not what is looked at.
"""

import functools
import inspect
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from liaison.broker import checkpoints, delivery
from liaison.broker.store import Transaction
from liaison.broker.writer import Writer
from liaison.demo.node import main
from liaison.desk.line.broker_client import Line
from liaison.desk.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Point:
    """A function of the product, by where it stands and its name, and whether it still runs."""

    owner: Any
    name: str
    is_after: bool


def _around(owner: Any, name: str) -> dict[str, Point]:  # noqa: ANN401 - a class or a module
    return {"before": Point(owner, name, False), "after": Point(owner, name, True)}  # noqa: FBT003


_FUNCTIONS = {
    "desk.keep": (Store, "keep"),
    "desk.submit": (Line, "submit"),
    "desk.mark_taken": (Store, "mark_taken"),
    "desk.move_cursor": (Store, "move_cursor"),
    "desk.acknowledge": (Line, "acknowledge"),
    "desk.keep_ack": (Store, "keep_ack"),
    "broker.flush": (Transaction, "flush"),
    "broker.commit": (Writer, "_commit"),
    "broker.write_checkpoint": (checkpoints, "_write_durably"),
    "broker.keep_checkpoint": (checkpoints.Checkpoints, "_keep"),
    "broker.next_items": (delivery.Recipient, "next_items"),
}
#: Every point by its name, ``before desk.keep``.
POINTS = {
    f"{moment} {name}": point
    for name, where in _FUNCTIONS.items()
    for moment, point in _around(*where).items()
}


def arm(point: Point) -> None:
    """Have the process die at ``point`` once SIGUSR1 has come."""
    armed: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: armed.append(number))

    def die(*, is_after: bool) -> None:
        if armed and point.is_after is is_after:
            os.kill(os.getpid(), signal.SIGKILL)

    whole: Callable[..., Any] = getattr(point.owner, point.name)

    @functools.wraps(whole)
    async def waited(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - the function's own
        die(is_after=False)
        result = await whole(*given, **named)
        die(is_after=True)
        return result

    @functools.wraps(whole)
    def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - the function's own
        die(is_after=False)
        result = whole(*given, **named)
        die(is_after=True)
        return result

    setattr(point.owner, point.name, waited if inspect.iscoroutinefunction(whole) else called)


if __name__ == "__main__":
    arm(POINTS[sys.argv[1]])
    main()
