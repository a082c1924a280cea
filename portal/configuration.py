"""Every setting that a person running Raydock can make, read from the environment and checked at start.

Names are `RAYDOCK_<FIELD>`; the database and the broker keep the names everyone knows, `DATABASE_URL` and
`REDIS_URL`. A secret can also be given as a file: `RAYDOCK_SECRET_KEY_FILE=/run/secrets/key`.
"""

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from portal.secretkey import kept_secret_key

PREFIX: Final = "RAYDOCK_"
ROOT: Final = Path(__file__).resolve().parent.parent
SHORTEST_SECRET: Final = 40
ROLE_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")

SANDBOX_DEFAULTS: Final[Mapping[str, Any]] = {
    "portal_role_arn": "arn:aws:iam::111111111111:role/raydock-portal",
    "sandbox_account_id": "222222222222",
    "consistency_grace": 2.0,
    "connect_patience": 20.0,
}


REFUSALS: Final[Mapping[str, str]] = {
    "secret": (
        "RAYDOCK_SECRET_KEY is missing, short or the example: anyone could forge a session. Make one with "
        "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` and keep it out of the repository."
    ),
    "debug": "RAYDOCK_DEBUG is on: its error pages show settings and code to anyone. Remove it.",
    "hosts": (
        "RAYDOCK_ALLOWED_HOSTS must name the host names people use, such as raydock.example.com, "
        "and never `*`, or links in e-mails could lead elsewhere."
    ),
    "https": (
        "RAYDOCK_BASE_URL is not https: passwords and tokens would cross the network in clear. "
        "Put a TLS proxy in front, give its https address, and set RAYDOCK_TRUSTED_PROXIES=1."
    ),
    "database": (
        "DATABASE_URL is missing: SQLite has no row-level security between organizations. "
        "Give the address of a PostgreSQL database."
    ),
    "role": (
        "RAYDOCK_PORTAL_ROLE_ARN is missing: customers' roles cannot trust an unknown principal. "
        "Give the ARN of the role that the workers hold."
    ),
}


class ConfigurationError(ImproperlyConfigured):
    """Why Raydock does not start: one sentence for each thing to mend."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(complaints))


class Mode(StrEnum):
    """Embedded: one machine, for trying and developing. Production: other people rely on it."""

    EMBEDDED = "embedded"
    PRODUCTION = "production"


class FileSource(PydanticBaseSettingsSource):
    """Reads `NAME_FILE` for every secret setting, so that no secret has to stand in the environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{variable(field_name)}_FILE", "")
        if not path or not is_secret(field):
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            sentence = (
                f"{variable(field_name)}_FILE: {path} cannot be read ({error.strerror}). "
                "Name a file that this user may read."
            )
            raise ConfigurationError([sentence]) from error

    def __call__(self) -> dict[str, Any]:
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value is not None}


class Configuration(BaseSettings):
    """What `settings.RAYDOCK` is. Frozen; seconds unless a name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
    )
    version: ClassVar[str] = "0.1.0"

    mode: Mode = Field(
        Mode.EMBEDDED, description="embedded (one machine) or production (the strict rules apply)"
    )
    debug: bool = Field(default=False, description="Django's debug pages; refused in production")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs sessions, at least 40 characters. Embedded: made once in the data folder",
    )
    data_dir: Path = Field(Path(".local"), description="Folder for everything an embedded Raydock writes")
    static_root: Path = Field(ROOT / "build" / "static", description="Where collectstatic puts the assets")
    base_url: str = Field("http://127.0.0.1:8000", description="Address people open, without a path")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names to answer to, separated by commas. Embedded: this machine"
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="How many proxies of yours stand in front; their X-Forwarded-For and -Proto are believed",
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="console (for eyes) or json (for machines)"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged"
    )
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token for /metrics; empty closes it")

    database_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("database_url", "DATABASE_URL"),
        description="postgresql://user:password@host:5432/name. Empty: SQLite in the data folder",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("redis_url", "REDIS_URL"),
        description="redis://host:6379/0, the bell that wakes workers. Empty: workers look for themselves",
    )

    sandbox: bool = Field(
        default=False, description="Work against the AWS emulator that comes with Raydock. Embedded: on"
    )
    sandbox_url: str = Field("http://127.0.0.1:8009", description="Address of the sandbox")
    sandbox_token: SecretStr = Field(
        SecretStr(""), description="Opens the sandbox's control pages to the console"
    )
    sandbox_account_id: str = Field("", description="Customer account that the sandbox offers by default")
    aws_endpoint_url: str = Field("", description="AWS endpoint of the workers. Empty: the real AWS")
    portal_role_arn: str = Field("", description="Role the workers hold; customers' roles trust it")
    portal_account_id: str = Field("", description="Its account. Empty: read from the role's ARN")

    worker_slots: int = Field(16, ge=1, le=256, description="Operations one worker turns at the same time")
    aws_threads: int = Field(32, ge=1, le=256, description="AWS calls one worker makes at the same time")
    lease_seconds: float = Field(15.0, gt=0, description="How long a claim lasts without a heartbeat")
    heartbeat_seconds: float = Field(5.0, gt=0, description="How often a worker renews its claims")
    consistency_grace: float = Field(10.0, ge=0, description="How long AWS may hide what it has just created")
    step_attempts: int = Field(
        8, ge=1, le=100, description="Tries without progress before an operation fails"
    )
    backoff_base: float = Field(0.5, gt=0, description="First pause after an error that may pass")
    backoff_cap: float = Field(30.0, gt=0, description="Longest pause after such an error")
    connect_patience: float = Field(
        90.0, ge=0, description="How long to wait for a customer's role to be assumable"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then `*_FILE`. No `.env`: compose reads that itself."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, FileSource(settings_cls)

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("data_dir", "static_root")
    @classmethod
    def _whole_path(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("base_url", "sandbox_url", "aws_endpoint_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            message = "it must be a web address such as https://raydock.example.com"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("portal_role_arn")
    @classmethod
    def _role(cls, value: str) -> str:
        if value and not ROLE_ARN.fullmatch(value):
            message = (
                "it must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/raydock-portal"
            )
            raise ValueError(message)
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, data: Any) -> Any:
        """Sets what follows from other settings and was not set by hand."""
        filled = dict(data)
        if filled.get("mode", Mode.EMBEDDED) == Mode.EMBEDDED:
            filled.setdefault("sandbox", True)
        if str(filled.get("sandbox", "")).lower() in {"1", "true", "yes", "on"}:
            filled = {**SANDBOX_DEFAULTS, **filled}
            filled.setdefault("aws_endpoint_url", filled.get("sandbox_url", "http://127.0.0.1:8009"))
        if role := ROLE_ARN.fullmatch(str(filled.get("portal_role_arn", ""))):
            filled.setdefault("portal_account_id", role[1])
        if filled.get("mode", Mode.EMBEDDED) == Mode.EMBEDDED:
            filled.setdefault("allowed_hosts", LOCAL_HOSTS)
            filled.setdefault("secret_key", kept_secret_key(Path(filled.get("data_dir", ".local"))))
        return filled

    @model_validator(mode="after")
    def _lease_outlives_heartbeat(self) -> Self:
        if self.lease_seconds < 2 * self.heartbeat_seconds:
            message = (
                "RAYDOCK_LEASE_SECONDS must be at least twice RAYDOCK_HEARTBEAT_SECONDS, or a worker loses "
                "its work to another one after a single late heartbeat"
            )
            raise ValueError(message)
        return self

    @property
    def production(self) -> bool:
        """Do the strict rules apply?"""
        return self.mode is Mode.PRODUCTION

    @property
    def https(self) -> bool:
        """Do people reach the console over TLS?"""
        return self.base_url.startswith("https://")


def variable(field_name: str) -> str:
    """The environment variable of a setting."""
    return field_name.upper() if field_name in {"database_url", "redis_url"} else PREFIX + field_name.upper()


def is_secret(field: FieldInfo) -> bool:
    """May this setting also be given as a file, and must it never be printed?"""
    return field.annotation is SecretStr


def refusals(configuration: Configuration) -> list[str]:
    """Why this configuration must not serve other people; empty when it may."""
    if not configuration.production:
        return []
    key = configuration.secret_key.get_secret_value()
    host = urlsplit(configuration.base_url).hostname
    broken = {
        "secret": len(key) < SHORTEST_SECRET or key.startswith("change-me"),
        "debug": configuration.debug,
        "hosts": not configuration.allowed_hosts or "*" in configuration.allowed_hosts,
        "https": not configuration.https and host not in LOCAL_HOSTS,
        "database": not configuration.database_url.get_secret_value(),
        "role": not configuration.portal_role_arn,
    }
    return [REFUSALS[name] for name, is_broken in broken.items() if is_broken]


def load(**given: Any) -> Configuration:
    """The checked configuration. Raises `ConfigurationError` with a sentence for each thing to mend."""
    try:
        configuration = Configuration(**given)
    except ValidationError as error:
        raise ConfigurationError(
            [_sentence(problem) for problem in error.errors(include_url=False)]
        ) from None
    if complaints := refusals(configuration):
        raise ConfigurationError(complaints)
    return configuration


def _sentence(problem: Mapping[str, Any]) -> str:
    """One pydantic error in words, naming the variable but never a secret's value."""
    words = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    where = ".".join(str(part) for part in problem["loc"])
    field = Configuration.model_fields.get(where.lower())
    if not field:
        return f"{words}."
    shown = "" if is_secret(field) else f", not {problem['input']!r}"
    return f"{variable(where.lower())}: {words[:1].lower()}{words[1:]}{shown}. Meaning: {field.description}."
