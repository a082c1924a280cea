"""One AWS call, read: what is asked, by whom, where; and the log of those that were made."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workers.sandbox.principals import Principal
from workers.sandbox.wire import HttpRequest

#: The log is for people and tests, so it is short enough to stay out of the way of a long bench.
_KEPT = 50_000

_READS = ("Describe", "Get", "List", "Head", "Select", "Search", "Simulate", "Lookup")


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `service` is the name in the signature's scope, `operation` is AWS's own spelling."""

    request_id: str
    service: str
    operation: str
    region: str
    params: Mapping[str, Any]
    caller: Principal
    http: HttpRequest
    at: datetime
    """Now, by the sandbox's clock (see the switch `clock_ahead`)."""
    arrived_at: datetime
    """Now, by the machine's."""

    @property
    def name(self) -> str:
        """Answer `service:Operation`, the name that faults match."""
        return f"{self.service}:{self.operation}"

    @property
    def account_id(self) -> str:
        """Answer the caller's account, in which everything but S3 acts."""
        return self.caller.account_id

    @property
    def mutating(self) -> bool:
        """Answer whether the call may change what exists."""
        return not self.operation.startswith(_READS)

    @property
    def dry_run(self) -> bool:
        """Answer whether the caller only wants to know if it may (EC2)."""
        return self.service == "ec2" and self.params.get("DryRun") is True


@dataclass(slots=True)
class CallRecord:
    """One line of the log; filled in while the call is answered."""

    call: Call
    checks: list[dict[str, Any]] = field(default_factory=list)
    allowed: bool | None = None
    fault: str | None = None
    status: int | None = None
    error_code: str = ""
    milliseconds: float = 0.0
    seq: int = 0

    def as_json(self) -> dict[str, Any]:
        """Answer the line as plain data; `status` is null when the connection was closed unanswered."""
        call, session = self.call, self.call.caller.session
        return {
            "seq": self.seq,
            "at": call.at.isoformat(),
            "request_id": call.request_id,
            "action": call.name,
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            "account_id": call.account_id,
            "caller": call.caller.arn,
            "principal": call.caller.policy_arn,
            "session_name": session.name if session else "",
            "source_identity": session.source_identity if session else "",
            "session_tags": dict(session.tags) if session else {},
            "user_agent": call.http.headers.get("user-agent", ""),
            "mutating": call.mutating,
            "dry_run": call.dry_run,
            "checks": self.checks,
            "allowed": self.allowed,
            "fault": self.fault,
            "status": self.status,
            "error_code": self.error_code,
            "milliseconds": round(self.milliseconds, 3),
        }


class CallLog:
    """The calls that were answered, in the order of their answers, and how often each was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: deque[CallRecord] = deque(maxlen=_KEPT)
        self._seq = 0
        self.counts: Counter[str] = Counter()

    def count(self, call: Call) -> None:
        """Count a call as it arrives."""
        with self._lock:
            self.counts[call.name] += 1

    def add(self, record: CallRecord) -> None:
        """Keep a call that was answered (or left unanswered on purpose)."""
        with self._lock:
            self._seq += 1
            record.seq = self._seq
            self._records.append(record)

    def since(self, seq: int) -> list[CallRecord]:
        """Answer the calls after number `seq`."""
        with self._lock:
            return [record for record in self._records if record.seq > seq]

    def clear(self) -> None:
        """Forget the calls and the counts; numbers go on."""
        with self._lock:
            self._records.clear()
            self.counts.clear()
