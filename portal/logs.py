"""How Raydock logs: one line an event, the request id in each, never a secret."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

request_id: ContextVar[str] = ContextVar("request_id", default="")

# Access key ids, our tokens and invitations, bearer headers, and `…secret…=value` / `…token…: value` pairs.
SECRETS: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\brd[ki]_\w{8,}"
    r"|(?i:\bbearer\s+)\S+"
    r"|(?i:(?:secret\w*|password|session_?token|api_?token)[\"']?\s*[=:]\s*[\"']?)[^\s\"',&]+"
)
USUAL: Final = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "request",
    "status_code",
    "taskName",
}


def redacted(text: str) -> str:
    """The text with everything that looks like a secret taken out."""
    return SECRETS.sub("[secret]", text)


class LineFormatter(logging.Formatter):
    """A line for eyes: time, level, logger, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        about = f"  [{request_id.get()}]" if request_id.get() else ""
        line = f"{at} {record.levelname:<7} {record.name}: {record.getMessage()}{about}"
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return redacted(line + trace)


class JsonFormatter(logging.Formatter):
    """A line for machines: one JSON object, with the extras of the call."""

    def format(self, record: logging.LogRecord) -> str:
        extras = {key: value for key, value in record.__dict__.items() if key not in USUAL}
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get() or None,
            **extras,
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return redacted(json.dumps(entry, default=str))


def logging_settings(style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard output, in one style."""
    formatter = "portal.logs.JsonFormatter" if style == "json" else "portal.logs.LineFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
        },
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            # botocore logs request bodies at DEBUG, and those hold secrets.
            "botocore": {"level": "WARNING"},
            "boto3": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            # Their chatter at start is about a broker that is only a bell; the engine says what happens.
            "celery": {"level": "WARNING"},
            "kombu": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": True},
            "django": {"handlers": [], "propagate": True},
        },
    }
