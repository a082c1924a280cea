"""What a worker writes of a rotation: the new external ID is in force, the old one is refused (T17)."""

from datetime import datetime

from clouds.models import Cloud, Operation
from clouds.services import external_ids, moves
from clouds.services.claims import Claim
from clouds.services.events import Event, add_events
from clouds.services.records import held
from clouds.states import Kind

STEPS = 2
ADMITTED, REFUSED = "new-id-admitted", "old-id-refused"


def swap(claim: Claim, *, now: datetime) -> bool:
    """Put the pending ID in force. Return False, and change nothing, where a person asked to stop."""
    with held(claim) as operation:
        if operation.cancel_requested_at is not None:
            return False
        cloud = Cloud.objects.select_for_update().get(pk=operation.cloud_id)
        if cloud.pending_external_id is not None:
            said = "The role admits the new external ID and keeps everybody else out: it is in force now."
            _tell(operation, Event(said, "done", ADMITTED, "control-role", "AWS::IAM::Role"), now)
            actor = moves.actor_of(operation)
            external_ids.swap(actor=actor, cloud=cloud, operation_id=operation.id, now=now)
    return True


def retire(claim: Claim, external_id: str, *, now: datetime) -> None:
    """Write that AWS refuses this old ID; whoever saw it first writes it, a rotation or a verification."""
    with held(claim) as operation:
        cloud = Cloud.objects.select_for_update().get(pk=operation.cloud_id)
        if cloud.retiring_external_id != external_id:
            return
        said = "AWS refuses the old external ID: the rotation is complete."
        _tell(operation, Event(said, "done", REFUSED, "control-role", "AWS::IAM::Role"), now)
        actor = moves.actor_of(operation)
        external_ids.retire(actor=actor, cloud=cloud, operation_id=operation.id, now=now)


def _tell(operation: Operation, event: Event, now: datetime) -> None:
    add_events(operation, [event], now)
    if operation.kind == Kind.ROTATE:
        operation.steps_total = STEPS
        operation.steps_done = STEPS if event.step == REFUSED else STEPS - 1
    operation.save(update_fields=["steps_done", "steps_total", "last_event"])
