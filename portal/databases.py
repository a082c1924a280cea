"""Django's database settings from one address."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL;"  # readers do not wait for the writer
    "PRAGMA synchronous=FULL;"  # an answered request survives a power cut
    "PRAGMA foreign_keys=ON;"
    "PRAGMA busy_timeout=15000;"
    "PRAGMA cache_size=-16384;"
    "PRAGMA temp_store=MEMORY;"
)


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite for one machine. Transactions take the write lock at once, so none fails for it half-way."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 15, "init_command": SQLITE_PRAGMAS},
    }


# A worker that freezes, or whose machine is gone, in the middle of a transaction holds its operation's lock.
# The server ends such a session after this time, or nobody could go on with the work.
IDLE_IN_TRANSACTION: Final = "-c idle_in_transaction_session_timeout=10s"


def postgresql(url: str) -> dict[str, Any]:
    """PostgreSQL with connections that are kept for a minute and checked before use."""
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": "raydock",
            "options": IDLE_IN_TRANSACTION,
            **dict(parse_qsl(parts.query)),
        },
    }


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """The settings for this address; empty means SQLite in the data folder."""
    if not url:
        return sqlite(data_dir / "raydock.sqlite3")
    scheme = urlsplit(url).scheme
    if scheme in {"postgres", "postgresql"}:
        return postgresql(url)
    if scheme == "sqlite":
        return sqlite(Path(unquote(urlsplit(url).path)))
    message = f"{scheme or 'nothing'}://… is not a database Raydock knows: use postgresql:// or sqlite://"
    raise ValueError(message)
