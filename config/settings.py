"""What the broker, a witness and a desk take from a settings file and the environment.

One file may hold the tables ``[broker]``, ``[witness]``, ``[desk]`` and ``[audit]``;
``LIAISON_BROKER_PORT`` takes precedence over the file, the file over config/defaults.toml. Settings
never hold a secret, and no default opens a service to the network: off loopback a broker needs TLS,
a desk or witness stays behind loopback (a witness's operator puts a TLS proxy in front of it).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, TypeAlias, TypeVar, get_type_hints
from urllib.parse import SplitResult, parse_qs, urlsplit

from config.errors import (
    FileUnreadableError,
    InsecureError,
    MissingKeyError,
    SecretInSettingsError,
    UnknownKeyError,
    WrongTypeError,
    WrongValueError,
)
from config.reader import check_keys, read_mapping, read_table, read_value
from config.schema import nearest

DEFAULTS = Path(__file__).parent / "defaults.toml"
HIGHEST_PORT = 65_535
#: Minutes; docs/spec/vault.md, "Locking": an officer who does nothing is never kept longer.
LONGEST_IDLE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessUrl:
    """A witness that a broker asks to cosign: the name that it signs with, and where it answers."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """The settings of one broker process; each is explained in config/defaults.toml."""

    TABLE: ClassVar[str] = "broker"

    state: Path
    host: str
    port: int
    corridor: str
    attachments_mib: int
    disk_reserve_mib: int
    database_url: str = ""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    witnesses: tuple[WitnessUrl, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would be insecure, a secret or out of range."""
        _check_port("broker.port", self.port)
        for name in ("attachments_mib", "disk_reserve_mib"):
            if getattr(self, name) < 1:
                raise WrongValueError(f"broker.{name}: expected 1 or more, found less")
        both = self.tls_certificate is not None and self.tls_key is not None
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise InsecureError("broker: expected tls_certificate and tls_key together, found one")
        if not both and not is_loopback(self.host):
            raise InsecureError(
                f"broker.host: {self.host} is not loopback; expected tls_certificate and tls_key"
            )
        database = _split("broker.database_url", self.database_url)
        if database.password is not None or "password" in parse_qs(database.query):
            raise SecretInSettingsError(
                "broker.database_url: expected no password (use a pgpass file), found one"
            )

    @property
    def database(self) -> str:
        """Return the URL of the database, SQLite in the state folder unless one is set."""
        return self.database_url or f"sqlite+aiosqlite:///{self.state / 'broker.sqlite3'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessSettings:
    """The settings of one witness process; each is explained in config/defaults.toml."""

    TABLE: ClassVar[str] = "witness"

    state: Path
    host: str
    port: int
    name: str
    log: str

    def __post_init__(self) -> None:
        """Refuse what would be insecure or out of range."""
        _check_port("witness.port", self.port)
        _check_loopback("witness.host", self.host)
        if not self.name or any(mark.isspace() or mark == "+" for mark in self.name):
            raise WrongValueError("witness.name: expected a name without spaces or plus")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """The settings of one desk process; each is explained in config/defaults.toml."""

    TABLE: ClassVar[str] = "desk"

    state: Path
    host: str
    port: int
    broker_url: str
    corridor: str
    lock_after: int
    spool_out: Path | None = None
    spool_in: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would be insecure, a secret or out of range."""
        _check_port("desk.port", self.port)
        if not 1 <= self.lock_after <= LONGEST_IDLE:
            raise InsecureError(
                f"desk.lock_after: expected 1..{LONGEST_IDLE} minutes, found {self.lock_after}"
            )
        _check_loopback("desk.host", self.host)
        url = _split("desk.broker_url", self.broker_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise WrongValueError("desk.broker_url: expected https://host[:port]")
        if url.username is not None or url.password is not None:
            raise SecretInSettingsError("desk.broker_url: expected no user and password, found one")
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise InsecureError(f"desk.broker_url: expected https for {url.hostname}, found http")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """What an auditor takes; each setting is explained in config/defaults.toml."""

    TABLE: ClassVar[str] = "audit"

    ledger: str
    pins: Path


Settings: TypeAlias = BrokerSettings | WitnessSettings | DeskSettings | AuditSettings
S = TypeVar("S", BrokerSettings, WitnessSettings, DeskSettings, AuditSettings)

#: Every table that a settings file may hold.
TABLES: dict[str, type[Settings]] = {
    kind.TABLE: kind for kind in (BrokerSettings, WitnessSettings, DeskSettings, AuditSettings)
}


def load_settings(
    kind: type[S],
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
) -> S:
    """Return the settings of one process: ``given`` over environment over file over defaults.

    Args:
        kind: BrokerSettings, WitnessSettings, DeskSettings or AuditSettings.
        file: A TOML file; None reads none.
        environment: Variables; those that begin with LIAISON_<TABLE>_ count.
        given: Settings from the command line, in the types TOML would give.

    Raises:
        ConfigError: an unknown key or value, something missing, or a choice that is not safe.
    """
    table = dict(_defaults(kind.TABLE))
    table |= _from_file(kind.TABLE, file) if file else {}
    table |= _from_environment(kind, environment or {})
    table |= given or {}
    return read_table(kind, table, where=f"{file or 'settings'}: {kind.TABLE}")


def is_loopback(host: str) -> bool:
    """Say whether ``host`` (a name or an address) can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_toml(file: Path) -> dict[str, object]:
    """Return the tables of a TOML file; raise FileUnreadableError with the cause."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileUnreadableError(f"{file}: expected a readable file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileUnreadableError(f"{file}: expected UTF-8, found {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise FileUnreadableError(f"{file}: expected TOML: {error}") from error


def describe_settings() -> str:
    """Return config/SCHEMA.md: each setting with type, default, unit, variable and reason."""
    lines = [
        "# Settings",
        "",
        "Written from config/defaults.toml by `describe_settings`; a test compares the two.",
    ]
    documents = read_toml(DEFAULTS)
    for table, kind in TABLES.items():
        entries = read_mapping(documents[table], where=table)
        lines += ["", f"## [{table}]", "", "| setting | default | unit | environment | reason |"]
        lines += ["|---|---|---|---|---|"]
        lines += [_describe(table, field.name, entries) for field in fields(kind)]
    return "\n".join(lines) + "\n"


def _describe(table: str, name: str, entries: Mapping[str, object]) -> str:
    if name not in entries:
        raise MissingKeyError(f"{DEFAULTS.name}: expected {table}.{name}; not found")
    entry = read_mapping(entries[name], where=f"{table}.{name}")
    default = f"`{entry['default']}`" if "default" in entry else str(entry["without"])
    variable = f"`LIAISON_{table}_{name}`".upper()
    return f"| `{name}` | {default} | {entry['unit']} | {variable} | {entry['reason']} |"


def _defaults(table: str) -> dict[str, object]:
    entries = read_mapping(read_toml(DEFAULTS)[table], where=table)
    documents = {name: read_mapping(entry, where=name) for name, entry in entries.items()}
    return {name: entry["default"] for name, entry in documents.items() if "default" in entry}


def _from_file(table: str, file: Path) -> dict[str, object]:
    tables = read_toml(file)
    check_keys(tables, TABLES, where=str(file))
    return read_mapping(tables.get(table, {}), where=f"{file}: {table}")


def _from_environment(kind: type[S], environment: Mapping[str, str]) -> dict[str, object]:
    prefix = f"LIAISON_{kind.TABLE}_".upper()
    found = {k.removeprefix(prefix): v for k, v in environment.items() if k.startswith(prefix)}
    names = {field.name.upper(): field.name for field in fields(kind)}
    hints = get_type_hints(kind)
    for key in found:
        if key not in names:
            hint = nearest(prefix + key, [prefix + name for name in names])
            raise UnknownKeyError(f"environment: unknown {prefix + key}; {hint}")
    return {names[k]: _from_text(hints[names[k]], v, prefix + k) for k, v in found.items()}


def _from_text(expected: object, text: str, variable: str) -> object:
    if expected is not int:
        return text
    if not text.isascii() or not text.isdecimal():
        raise WrongTypeError(f"{variable}: expected a whole number, found text")
    return read_value(int, int(text), where=variable)


def _split(where: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise WrongValueError(f"{where}: expected a URL") from error


def _check_port(where: str, port: int) -> None:
    # 0 asks the system for a free port; the process then prints which one it got.
    if not 0 <= port <= HIGHEST_PORT:
        raise WrongValueError(f"{where}: expected 0..{HIGHEST_PORT}, found {port}")


def _check_loopback(where: str, host: str) -> None:
    if not is_loopback(host):
        raise InsecureError(f"{where}: expected a loopback address, found {host}")
