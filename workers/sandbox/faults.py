"""Faults on demand: the Nth call of an action is throttled, denied, broken, late, or its reply lost.

A fault: `{"action": regex on "ec2:CreateVpc", "kind": …, "first": 1, "times": 1 | null, "seconds": 0,
"code", "message", "status", "region", "account_id", "caller": regex on the caller's ARN}`. `first` counts the
calls that match, from the moment the fault is set; `times` null means for good.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workers.sandbox.calls import Call
from workers.sandbox.errors import AwsRefusal, refusal


class FaultKind(StrEnum):
    """What happens to the call."""

    THROTTLE = "throttle"
    DENY = "deny"
    ERROR = "error"
    DELAY = "delay"
    TIMEOUT = "timeout"
    """Not executed; the connection is closed without an answer."""
    LOST_ERROR = "lost_error"
    """Executed; the answer is a 500."""
    LOST_REPLY = "lost_reply"
    """Executed; the connection is closed without an answer."""


class FaultError(ValueError):
    """A fault that cannot be set; the text says why."""


@dataclass(slots=True)
class Fault:
    """One fault and how often it matched and struck."""

    id: str
    kind: FaultKind
    action: re.Pattern[str]
    first: int = 1
    times: int | None = 1
    seconds: float = 0.0
    code: str = ""
    message: str = ""
    status: int = 0
    region: str = ""
    account_id: str = ""
    caller: re.Pattern[str] | None = None
    matched: int = 0
    struck: int = 0
    source: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, call: Call) -> bool:
        """Answer whether this fault concerns the call."""
        return bool(
            self.action.fullmatch(call.name)
            and self.region in ("", call.region)
            and self.account_id in ("", call.account_id)
            and (self.caller is None or self.caller.fullmatch(call.caller.arn))
        )

    def strikes(self) -> bool:
        """Count one more matching call and answer whether it is one that the fault is meant for."""
        self.matched += 1
        past = self.matched - self.first
        hit = past >= 0 and (self.times is None or past < self.times)
        self.struck += hit
        return hit

    def error(self, call: Call) -> AwsRefusal:
        """Answer the error that the caller gets."""
        kinds = {FaultKind.THROTTLE: "throttled", FaultKind.DENY: "denied"}
        words = {
            FaultKind.THROTTLE: "Request limit exceeded.",
            FaultKind.DENY: f"User: {call.caller.arn} is not authorized to perform: {call.name}",
        }
        message = self.message or words.get(self.kind, "An internal error has occurred.")
        usual = refusal(kinds.get(self.kind, "broken"), call.service, message)
        return AwsRefusal(self.status or usual.status, self.code or usual.code, message)

    def as_json(self) -> dict[str, Any]:
        """Answer the fault as plain data."""
        return {**self.source, "id": self.id, "matched": self.matched, "struck": self.struck}


class Faults:
    """The faults that are set; several may match one call, the first that strikes counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._next = 0

    def add(self, source: Mapping[str, Any]) -> Fault:
        """Set a fault; raises FaultError."""
        with self._lock:
            self._next += 1
            fault = _read(f"fault-{self._next}", source)
            self._faults.append(fault)
            return fault

    def remove(self, ids: Iterable[str] | None = None) -> None:
        """Take away the faults with these ids, or all."""
        gone = None if ids is None else set(ids)
        with self._lock:
            self._faults = [one for one in self._faults if gone is not None and one.id not in gone]

    def strike(self, call: Call) -> Fault | None:
        """Answer the fault that hits this call; every matching fault counts the call."""
        if not self._faults:
            return None
        with self._lock:
            hits = [one for one in self._faults if one.matches(call) and one.strikes()]
            return hits[0] if hits else None

    def as_json(self) -> list[dict[str, Any]]:
        """Answer the faults as plain data."""
        with self._lock:
            return [one.as_json() for one in self._faults]


_FIELDS = frozenset(
    {
        *("action", "kind", "first", "times", "seconds"),
        *("code", "message", "status"),
        *("region", "account_id", "caller"),
    }
)


def _read(fault_id: str, source: Mapping[str, Any]) -> Fault:
    unknown = set(source) - _FIELDS
    if unknown:
        raise FaultError(
            f"A fault has no {', '.join(sorted(unknown))}. It may have: {', '.join(sorted(_FIELDS))}."
        )
    try:
        return Fault(
            id=fault_id,
            kind=FaultKind(source["kind"]),
            action=re.compile(source["action"]),
            first=int(source.get("first", 1)),
            times=None if source.get("times", 1) is None else int(source.get("times", 1)),
            seconds=float(source.get("seconds", 0)),
            code=str(source.get("code", "")),
            message=str(source.get("message", "")),
            status=int(source.get("status", 0)),
            region=str(source.get("region", "")),
            account_id=str(source.get("account_id", "")),
            caller=re.compile(source["caller"]) if source.get("caller") else None,
            source=dict(source),
        )
    except (KeyError, ValueError, TypeError, re.error) as error:
        kinds = ", ".join(FaultKind)
        raise FaultError(
            f"This is no fault ({error!r}). It needs action (a regex) and kind ({kinds})."
        ) from error
