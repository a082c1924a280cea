"""The progress of an operation, for people: numbered events, written by whoever holds its row's lock."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from clouds.models import Operation, OperationEvent


@dataclass(frozen=True)
class Event:
    """Something for people to read: one step or the whole operation, and what became of it."""

    message: str
    state: str = "info"
    step: str = ""
    resource: str = ""
    kind: str = ""


def add_events(operation: Operation, events: Sequence[Event], now: datetime) -> None:
    """Write events with the numbers that follow. The caller saves the operation's `last_event`."""
    OperationEvent.objects.bulk_create(
        OperationEvent(
            organization_id=operation.organization_id, operation=operation, seq=seq, at=now, **asdict(one)
        )
        for seq, one in enumerate(events, start=operation.last_event + 1)
    )
    operation.last_event += len(events)
