"""What a broker process is given."""

from dataclasses import dataclass
from pathlib import Path

from liaison.broker.witnesses import WitnessAddress

DATABASE_NAME = "broker.sqlite3"
KEY_NAME = "broker.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """A broker's folder (made by ``init_broker``), database, channels and witnesses.

    ``channels`` are pairs of desk slugs, each pair in both orders; a desk may always write to
    itself. All ``witnesses`` must cosign before a checkpoint counts as cosigned. ``database_url``
    is empty for SQLite in the folder. A desk may have ``blob_quota`` bytes of attachments here, and
    ``disk_reserve`` bytes of the disk are left free by them.
    """

    state: Path
    channels: frozenset[tuple[str, str]]
    witnesses: tuple[WitnessAddress, ...] = ()
    database_url: str = ""
    blob_quota: int = 16 << 30
    disk_reserve: int = 1 << 30

    @property
    def database(self) -> str:
        """Return the URL of the database."""
        return database_of(self.state, self.database_url)


def database_of(state: Path, database_url: str) -> str:
    """Return ``database_url``, or that of the SQLite file in ``state`` when it is empty."""
    return database_url or f"sqlite+aiosqlite:///{state / DATABASE_NAME}"
