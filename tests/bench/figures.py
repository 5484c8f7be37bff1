"""Figures: what was measured, beside its limit or its peer of the same run, as a table or JSON.

Nothing here judges: machines are shared, so a figure is read beside its peer, and no test fails on
one. A ratio is always the figure divided by what stands beside it.
"""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

#: From how much on a figure is printed without decimals.
WHOLE = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``beside`` is a limit, or the value of the ``peer`` in this run."""

    name: str
    value: float
    unit: str
    beside: float | None = None
    peer: str = ""

    @property
    def ratio(self) -> float | None:
        """Return the value divided by what stands beside it."""
        return self.value / self.beside if self.beside else None


@dataclass(frozen=True, slots=True)
class Part:
    """Figures that belong together, under a title."""

    title: str
    figures: Sequence[Figure]


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """Return a figure beside the most that it should be."""
    return Figure(name, value, unit, limit, "limit")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """Return what was measured on: processors, their load of the last minute, Python."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load:.1f}, Python {platform.python_version()}"


def show(part: Part, console: Console) -> None:
    """Print the table of ``part``."""
    table = Table(title=part.title, title_justify="left")
    table.add_column("figure", no_wrap=True)
    for column in ("value", "beside", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what stands beside it", no_wrap=True)
    for figure in part.figures:
        beside = "" if figure.beside is None else f"{_short(figure.beside)} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        value = f"{_short(figure.value)} {figure.unit}"
        table.add_row(figure.name, value, beside, ratio, figure.peer)
    console.print(table)


def as_json(parts: Sequence[Part], *, at: datetime) -> dict[str, Any]:
    """Return the figures with time and machine, as they are written to a file."""
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [
            {
                "part": part.title,
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "beside": figure.beside,
                "peer": figure.peer,
                "ratio": figure.ratio,
            }
            for part in parts
            for figure in part.figures
        ],
    }


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE else f"{value:.3g}"
