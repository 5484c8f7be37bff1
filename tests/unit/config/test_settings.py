from pathlib import Path

import pytest

from config.errors import (
    ConfigError,
    FileUnreadableError,
    InsecureError,
    MissingKeyError,
    SecretInSettingsError,
    UnknownKeyError,
    WrongTypeError,
    WrongValueError,
)
from config.settings import (
    BrokerSettings,
    DeskSettings,
    WitnessSettings,
    describe_settings,
    is_loopback,
    load_settings,
)

STATE = {"state": "/srv/liaison"}
DESK = {**STATE, "broker_url": "https://broker.example"}


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "liaison.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_broker_that_only_knows_its_state_listens_on_loopback_with_sqlite() -> None:
    broker = load_settings(BrokerSettings, given=STATE)

    assert broker.host == "127.0.0.1"
    assert broker.corridor == "quangninh-guangxi"
    assert broker.database == "sqlite+aiosqlite:////srv/liaison/broker.sqlite3"


@pytest.mark.parametrize("name", ["attachments_mib", "disk_reserve_mib"])
def test_a_broker_without_room_for_a_mebibyte_is_refused(name: str) -> None:
    with pytest.raises(WrongValueError, match=name):
        load_settings(BrokerSettings, given={**STATE, name: 0})


def test_nearer_settings_take_precedence(tmp_path: Path) -> None:
    file = settings_file(tmp_path, '[broker]\nstate = "/a"\nport = 1\nhost = "::1"\n')
    environment = {"LIAISON_BROKER_PORT": "2", "LIAISON_REQUIRE": "postgres"}

    from_file = load_settings(BrokerSettings, file=file)
    from_environment = load_settings(BrokerSettings, file=file, environment=environment)
    given = load_settings(BrokerSettings, file=file, environment=environment, given={"port": 3})

    assert (from_file.port, from_environment.port, given.port) == (1, 2, 3)
    assert given.host == "::1"


def test_one_file_may_hold_all_three(tmp_path: Path) -> None:
    text = '[broker]\nstate="/a"\n[witness]\nstate="/b"\nname="vn"\nlog="k"\n[desk]\nstate="/c"\n'
    file = settings_file(tmp_path, text)

    witness = load_settings(WitnessSettings, file=file)

    assert (witness.name, witness.state) == ("vn", Path("/b"))


def test_an_unknown_key_in_a_file_names_file_and_nearest(tmp_path: Path) -> None:
    file = settings_file(tmp_path, '[broker]\nstate = "/a"\nprot = 1\n')

    with pytest.raises(
        UnknownKeyError, match=r"liaison\.toml: broker: .*'prot'; did you mean 'port'"
    ):
        load_settings(BrokerSettings, file=file)


def test_an_unknown_table_in_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownKeyError, match="'broke'; did you mean 'broker'"):
        load_settings(BrokerSettings, file=settings_file(tmp_path, "[broke]\n"))


def test_an_unknown_variable_is_an_error_with_the_nearest() -> None:
    with pytest.raises(
        UnknownKeyError, match="LIAISON_DESK_BROKERURL; did you mean 'LIAISON_DESK_BR"
    ):
        load_settings(DeskSettings, environment={"LIAISON_DESK_BROKERURL": "x"}, given=DESK)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "\uff12"])
def test_a_number_in_the_environment_must_be_one(text: str) -> None:
    with pytest.raises(WrongTypeError, match="LIAISON_BROKER_PORT: expected a whole number"):
        load_settings(BrokerSettings, environment={"LIAISON_BROKER_PORT": text}, given=STATE)


def test_what_has_no_default_must_be_given() -> None:
    with pytest.raises(MissingKeyError, match="expected state, broker_url; not found"):
        load_settings(DeskSettings)


@pytest.mark.parametrize("content", [b"state = ", b"\xff"])
def test_a_file_that_is_no_toml_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "liaison.toml"
    file.write_bytes(content)

    with pytest.raises(FileUnreadableError, match=r"liaison\.toml: expected"):
        load_settings(BrokerSettings, file=file)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadableError):
        load_settings(BrokerSettings, file=tmp_path / "absent.toml")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "broker.example"])  # noqa: S104
def test_a_broker_off_loopback_needs_tls(host: str) -> None:
    tls = {"tls_certificate": "/a.pem", "tls_key": "/a.key"}

    with pytest.raises(
        InsecureError, match="is not loopback; expected tls_certificate and tls_key"
    ):
        load_settings(BrokerSettings, given={**STATE, "host": host})
    assert load_settings(BrokerSettings, given={**STATE, "host": host, **tls}).host == host


@pytest.mark.parametrize("name", ["tls_certificate", "tls_key"])
def test_half_of_tls_is_refused_even_on_loopback(name: str) -> None:
    with pytest.raises(InsecureError, match="together, found one"):
        load_settings(BrokerSettings, given={**STATE, name: "/a.pem"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://liaison:hunter2@db/liaison",
        "postgresql+asyncpg://db/liaison?password=hunter2",
    ],
)
def test_a_password_in_the_database_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SecretInSettingsError) as refused:
        load_settings(BrokerSettings, given={**STATE, "database_url": url})

    assert "hunter2" not in str(refused.value)


def test_a_witness_and_a_desk_stay_on_loopback() -> None:
    with pytest.raises(InsecureError, match=r"witness\.host: expected a loopback address"):
        load_settings(
            WitnessSettings, given={**STATE, "name": "vn", "log": "k", "host": "192.168.1.4"}
        )
    with pytest.raises(InsecureError, match=r"desk\.host: expected a loopback address"):
        load_settings(DeskSettings, given={**DESK, "host": "192.168.1.4"})


@pytest.mark.parametrize(
    "url,error",
    [
        ("http://broker.example", InsecureError),
        ("ftp://broker.example", WrongValueError),
        ("broker.example", WrongValueError),
        ("https://", WrongValueError),
        ("https://[::1", WrongValueError),
        ("https://officer:secret@broker.example", SecretInSettingsError),
    ],
)
def test_a_desk_reaches_its_broker_by_https(url: str, error: type[ConfigError]) -> None:
    with pytest.raises(error):
        load_settings(DeskSettings, given={**DESK, "broker_url": url})


@pytest.mark.parametrize("url", ["https://broker.example:8470", "http://127.0.0.1:8470"])
def test_a_desk_takes_https_or_this_machine(url: str) -> None:
    assert load_settings(DeskSettings, given={**DESK, "broker_url": url}).broker_url == url


@pytest.mark.parametrize("minutes", [0, -1, 16])
def test_a_desk_locks_itself_and_after_a_quarter_of_an_hour_at_the_latest(minutes: int) -> None:
    assert load_settings(DeskSettings, given=DESK).lock_after == 15
    with pytest.raises(InsecureError, match=r"desk\.lock_after: expected 1\.\.15"):
        load_settings(DeskSettings, given={**DESK, "lock_after": minutes})


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_is_in_its_range(port: int) -> None:
    with pytest.raises(WrongValueError, match=r"expected 0\.\.65535"):
        load_settings(BrokerSettings, given={**STATE, "port": port})


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_witness_name_fits_into_a_note(name: str) -> None:
    with pytest.raises(WrongValueError):
        load_settings(WitnessSettings, given={**STATE, "name": name, "log": "k"})


@pytest.mark.parametrize(
    "host,answer",
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, answer: bool) -> None:  # noqa: FBT001 - the answer
    assert is_loopback(host) is answer


def test_the_description_of_the_settings_is_up_to_date() -> None:
    file = Path(__file__).parents[3] / "config" / "SCHEMA.md"

    assert file.read_text(encoding="utf-8") == describe_settings()
