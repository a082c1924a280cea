"""What Raydock accepts as settings, and what it says about the rest."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal import readiness
from portal.configuration import Configuration, ConfigurationError, Mode, load
from portal.databases import database

GOOD = {
    "RAYDOCK_MODE": "production",
    "RAYDOCK_SECRET_KEY": "Jq8mT2xV5nB7kL0wZ3cR6yD9fG1hS4pUaE_iO-xT7w",
    "RAYDOCK_ALLOWED_HOSTS": "raydock.example.com, raydock.internal",
    "RAYDOCK_BASE_URL": "https://raydock.example.com/",
    "DATABASE_URL": "postgresql://raydock:p%40ss@db:5433/portal?sslmode=require",
    "RAYDOCK_PORTAL_ROLE_ARN": "arn:aws:iam::123456789012:role/raydock-portal",
}
Environment = Callable[..., None]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Replaces every setting of this process."""

    def replace(**values: str) -> None:
        for name in Configuration.model_fields:
            monkeypatch.delenv(f"RAYDOCK_{name.upper()}", raising=False)
            monkeypatch.delenv(f"RAYDOCK_{name.upper()}_FILE", raising=False)
        for name in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return replace


def complaint(environment: Environment, **changes: str) -> str:
    """All that is said about the good production settings with these changes."""
    environment(**{name: value for name, value in {**GOOD, **changes}.items() if value})
    with pytest.raises(ConfigurationError) as caught:
        load()
    return str(caught.value)


def test_good_production_settings_are_accepted(environment: Environment) -> None:
    environment(**GOOD)
    configuration = load()
    assert configuration.production
    assert configuration.https
    assert configuration.allowed_hosts == ("raydock.example.com", "raydock.internal")
    assert configuration.base_url == "https://raydock.example.com"
    assert configuration.portal_account_id == "123456789012"
    assert not configuration.sandbox
    assert configuration.consistency_grace == 10


def test_nothing_set_is_an_embedded_raydock_with_a_sandbox(environment: Environment, tmp_path: Path) -> None:
    environment(RAYDOCK_DATA_DIR=str(tmp_path / "new"))
    configuration = load()
    assert configuration.mode is Mode.EMBEDDED
    assert configuration.sandbox
    assert configuration.aws_endpoint_url == configuration.sandbox_url
    assert configuration.portal_account_id == "111111111111"
    assert configuration.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert len(configuration.secret_key.get_secret_value()) >= 40
    assert not (tmp_path / "new").exists(), "reading settings must not write"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RAYDOCK_SECRET_KEY": ""}, "RAYDOCK_SECRET_KEY is missing"),
        ({"RAYDOCK_SECRET_KEY": "short"}, "RAYDOCK_SECRET_KEY is missing, short"),
        ({"RAYDOCK_SECRET_KEY": "change-me-to-something-that-is-long-enough"}, "or the example"),
        ({"RAYDOCK_DEBUG": "true"}, "RAYDOCK_DEBUG is on"),
        ({"RAYDOCK_ALLOWED_HOSTS": ""}, "RAYDOCK_ALLOWED_HOSTS must name"),
        ({"RAYDOCK_ALLOWED_HOSTS": "*"}, "RAYDOCK_ALLOWED_HOSTS must name"),
        ({"RAYDOCK_BASE_URL": "http://raydock.example.com"}, "RAYDOCK_BASE_URL is not https"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"RAYDOCK_PORTAL_ROLE_ARN": ""}, "RAYDOCK_PORTAL_ROLE_ARN is missing"),
        ({"RAYDOCK_PORTAL_ROLE_ARN": "arn:aws:iam::1:user/x"}, "must be the ARN of an IAM role"),
        ({"RAYDOCK_BASE_URL": "raydock.example.com"}, "RAYDOCK_BASE_URL: it must be a web address"),
        ({"RAYDOCK_WORKER_SLOTS": "many"}, "RAYDOCK_WORKER_SLOTS: input should be a valid integer"),
        ({"RAYDOCK_LEASE_SECONDS": "8"}, "at least twice RAYDOCK_HEARTBEAT_SECONDS"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_what_is_wrong_is_said_in_a_sentence(
    environment: Environment, changes: dict[str, str], words: str
) -> None:
    assert words in complaint(environment, **changes)


def test_everything_wrong_is_said_at_once(environment: Environment) -> None:
    said = complaint(environment, RAYDOCK_DEBUG="1", DATABASE_URL="", RAYDOCK_ALLOWED_HOSTS="")
    assert len(said.splitlines()) == 3


def test_a_wrong_secret_is_never_repeated(environment: Environment) -> None:
    secret = "hunter2-hunter2"
    assert secret not in complaint(environment, RAYDOCK_SECRET_KEY=secret)
    environment(**GOOD)
    assert GOOD["RAYDOCK_SECRET_KEY"] not in repr(load())
    assert "p%40ss" not in repr(load())


def test_a_secret_comes_from_its_file(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 45 + "\n")
    environment(**{**GOOD, "RAYDOCK_SECRET_KEY": "", "RAYDOCK_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert load().secret_key.get_secret_value() == "k" * 45


def test_a_secret_file_that_is_not_there_is_named(environment: Environment, tmp_path: Path) -> None:
    said = complaint(environment, RAYDOCK_SECRET_KEY="", RAYDOCK_SECRET_KEY_FILE=str(tmp_path / "none"))
    assert f"RAYDOCK_SECRET_KEY_FILE: {tmp_path / 'none'} cannot be read" in said


def test_a_mistyped_setting_is_noticed(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(**GOOD)
    monkeypatch.setenv("RAYDOCK_ALOWED_HOSTS", "x")
    said = readiness.unknown_settings()
    assert "RAYDOCK_ALOWED_HOSTS is no setting of Raydock. Did you mean RAYDOCK_ALLOWED_HOSTS?" in said


def test_a_postgresql_address_becomes_settings(tmp_path: Path) -> None:
    found = database(GOOD["DATABASE_URL"], tmp_path)
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", "5433", "portal")
    assert (found["USER"], found["PASSWORD"]) == ("raydock", "p@ss")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert "idle_in_transaction_session_timeout=10s" in found["OPTIONS"]["options"]


def test_no_address_is_a_careful_sqlite(tmp_path: Path) -> None:
    found = database("", tmp_path)
    assert found["NAME"] == tmp_path / "raydock.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        assert pragma in found["OPTIONS"]["init_command"]


def test_another_database_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mysql://"):
        database("mysql://x/y", tmp_path)
