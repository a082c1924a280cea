"""The answer of a check: what was asked, of what, what was seen, and how to put it right."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from clouds.plain import from_plain, to_plain

Severity = Literal["must", "should"]


class Status(StrEnum):
    """PASS, WARN and FAIL speak for themselves. UNKNOWN: we were denied the look, so we do not guess."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One answer of one check about one subject. Texts are for people and hold this cloud's own ids."""

    check: str
    area: str
    severity: Severity
    status: Status
    subject: str
    title: str
    observed: str
    expected: str
    detail: str = ""
    fix: str = ""
    cli: str = ""
    terraform: str = ""
    console_path: str = ""

    @property
    def stops(self) -> bool:
        """True when the cloud must not be used like this."""
        return self.status is Status.FAIL and self.severity == "must"

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        return from_plain(cls, {**value, "status": Status(value["status"])})
