"""Which officers have unlocked this desk, with their signing keys.

An officer's own key is here only between unlocking and locking; the screen, not the receiving
agent, ends with it. The desk's master key, which opens the store, is given by the first officer who
unlocks and stays with the agent.
"""

from dataclasses import dataclass, field
from pathlib import Path

from crypto.attest.signing import SigningKey
from crypto.seal.vault import Keys


class LockedError(Exception):
    """The officer has not unlocked this desk."""

    code = "desk.locked"


@dataclass(slots=True)
class Officers:
    """The officers who have unlocked this desk, with their signing keys."""

    state: Path
    _keys: dict[str, SigningKey] = field(default_factory=dict, repr=False)

    def admit(self, keys: Keys) -> None:
        """Hold the officer's key until the desk is locked."""
        self._keys[keys.officer] = SigningKey.from_seed(keys.seed)

    def drop(self, officer: str) -> None:
        """Drop one officer's key."""
        self._keys.pop(officer, None)

    def lock(self) -> None:
        """Drop every officer's key."""
        self._keys.clear()

    def key(self, officer: str) -> SigningKey:
        """Return the officer's key; raise LockedError when they have not unlocked."""
        if officer not in self._keys:
            raise LockedError(f"{officer} has not unlocked this desk")
        return self._keys[officer]

    def present(self) -> list[str]:
        """Return who has unlocked, in the order of their pseudonyms."""
        return sorted(self._keys)
