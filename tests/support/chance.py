"""Chance that a seed decides, so that a run can be repeated: no secret hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Chance:
    """Draws one number after another; the same seed draws the same ones."""

    seed: int
    drawn: int = 0

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, and without, ``limit``."""
        self.drawn += 1
        found = sha256(f"{self.seed}/{self.drawn}".encode()).digest()
        return int.from_bytes(found[:8]) % limit

    def seconds(self, longest: float) -> float:
        """Return a length of time up to ``longest`` seconds."""
        return longest * self.below(1_000_001) / 1_000_000

    def one_of(self, things: Sequence[T]) -> T:
        """Return one of ``things``."""
        return things[self.below(len(things))]
