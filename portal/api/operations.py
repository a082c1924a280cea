"""/operations: what is being done, how far it is, what it did in AWS; and to stop, repeat or undo it."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds import queries
from clouds.models import AwsCall, Operation, OperationEvent
from clouds.queries import EVENTS_AT_ONCE, OperationFilters, cloud_for, operation_for
from clouds.services.operations import cancel, retry, take_down
from clouds.states import Kind, OperationState
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because, Body, Paging
from portal.api.shapes import Shape, fields_of, list_of, names_of
from portal.api.view import View, answer, page_of

KINDS = [kind.value for kind in Kind]
STATES = [state.value for state in OperationState]


class OperationActorShape(Shape):
    """Who asked for an operation, as known then."""

    kind = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField(help_text="E-mail or name, as it was then.")


class OperationShape(Shape):
    """A request to change or look at a cloud, and what became of it."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    cloud_id = serializers.CharField()
    cloud_name = serializers.CharField()
    code = serializers.CharField(allow_blank=True, help_text="How it ended, for programs.")
    message = serializers.CharField(allow_blank=True, help_text="What happened, for people.")
    fix = serializers.CharField(allow_blank=True, help_text="What to do about it.")
    steps_done = serializers.IntegerField()
    steps_total = serializers.IntegerField()
    input = serializers.DictField()
    reason = serializers.CharField(allow_blank=True)
    actor = OperationActorShape()
    request_id = serializers.CharField(allow_blank=True)
    retry_of = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    cancel_requested_at = serializers.DateTimeField(allow_null=True)


class OperationEventShape(Shape):
    """One step of progress."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    step = serializers.CharField(allow_blank=True)
    resource = serializers.CharField(allow_blank=True)
    kind = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="planned, running, done, failed, waiting or info.")
    message = serializers.CharField(allow_blank=True)


class AwsCallShape(Shape):
    """One call to AWS, to be held against CloudTrail. Parameters are not kept."""

    at = serializers.DateTimeField()
    service = serializers.CharField()
    action = serializers.CharField()
    region = serializers.CharField()
    request_id = serializers.CharField(allow_blank=True)
    status = serializers.IntegerField()
    error_code = serializers.CharField(allow_blank=True)
    ms = serializers.IntegerField(help_text="How long it took, in milliseconds.")


class OperationQuery(Paging):
    """Which operations to list. Filters are combined with AND."""

    cloud = serializers.CharField(required=False, max_length=40, help_text="The id of a cloud.")
    kind = serializers.ChoiceField(required=False, choices=KINDS)
    state = serializers.ChoiceField(required=False, choices=STATES)
    open = serializers.BooleanField(required=False, default=False, help_text="Only those not ended yet.")


class CloudOperationQuery(Paging):
    """Which operations of a cloud to list."""

    kind = serializers.ChoiceField(required=False, choices=KINDS)
    state = serializers.ChoiceField(required=False, choices=STATES)
    open = serializers.BooleanField(required=False, default=False, help_text="Only those not ended yet.")


class EventsQuery(Body):
    """From where on to read events."""

    after = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2_000_000_000, help_text="The last seq you have."
    )


class Operations(View):
    """The operations of the organization."""

    needs = {"GET": Permission.OPERATION_READ}
    queries = OperationQuery

    @extend_schema(
        operation_id="operations_list", parameters=[OperationQuery], responses=list_of(OperationShape)
    )
    def get(self, request: Request) -> Reply:
        """List the operations of the organization, the newest first."""
        query = self.asked
        paging = page_of(query)
        filters = OperationFilters(**{name: value for name, value in query.items() if name not in paging})
        return self.listing(queries.operations(self.actor, filters, **paging), operation_reply)


class CloudOperations(View):
    """The operations of one cloud."""

    needs = {"GET": Permission.OPERATION_READ}
    queries = CloudOperationQuery

    @extend_schema(
        operation_id="cloud_operations_list",
        parameters=[CloudOperationQuery],
        responses=list_of(OperationShape),
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List the operations of a cloud, the newest first."""
        query = self.asked
        cloud, paging = cloud_for(self.actor, cloud_id), page_of(query)
        chosen = {name: value for name, value in query.items() if name not in paging}
        filters = OperationFilters(cloud=cloud.id, **chosen)
        return self.listing(queries.operations(self.actor, filters, **paging), operation_reply)


class OperationDetail(View):
    """One operation."""

    needs = {"GET": Permission.OPERATION_READ}

    @extend_schema(responses=OperationShape)
    def get(self, request: Request, operation_id: str) -> Reply:
        """Show an operation. Ask again with If-None-Match to follow it cheaply."""
        return answer(operation_reply(operation_for(self.actor, operation_id)))


class OperationEvents(View):
    """What an operation did, as it happens."""

    needs = {"GET": Permission.OPERATION_READ}
    queries = EventsQuery

    @extend_schema(parameters=[EventsQuery], responses=list_of(OperationEventShape))
    def get(self, request: Request, operation_id: str) -> Reply:
        """List the events of an operation that follow `after`, oldest first."""
        after = self.asked["after"]
        rows = queries.events_after(operation_for(self.actor, operation_id), after)
        following = None
        if len(rows) == EVENTS_AT_ONCE:
            following = request.build_absolute_uri(f"{request.path}?after={rows[-1].seq}")
        return answer({"results": [event_reply(row) for row in rows], "next": following})


class OperationAwsCalls(View):
    """The AWS calls of an operation."""

    needs = {"GET": Permission.OPERATION_READ}
    queries = Paging

    @extend_schema(
        operation_id="operation_aws_calls_list", parameters=[Paging], responses=list_of(AwsCallShape)
    )
    def get(self, request: Request, operation_id: str) -> Reply:
        """List the AWS calls that an operation made, the latest first."""
        query = self.asked
        operation = operation_for(self.actor, operation_id)
        return self.listing(queries.aws_calls(operation, **page_of(query)), aws_call_reply)


class OperationCancel(View):
    """To stop an operation."""

    needs = {"POST": Permission.OPERATION_CONTROL}

    @extend_schema(request=Because, responses={202: OperationShape})
    def post(self, request: Request, operation_id: str) -> Reply:
        """Stop an operation at the end of the step in hand. What was created stays, and is known."""
        why = self.body(Because)
        operation = operation_for(self.actor, operation_id)
        return accepted(cancel(actor=self.actor, operation=operation, now=self.now, **why))


class OperationRetry(View):
    """To repeat an operation."""

    needs = {"POST": Permission.OPERATION_CONTROL}

    @extend_schema(request=Because, responses={202: OperationShape})
    def post(self, request: Request, operation_id: str) -> Reply:
        """Ask for the same again. The new operation goes on where the failed one stopped."""
        why = self.body(Because)
        operation = operation_for(self.actor, operation_id)
        return accepted(retry(actor=self.actor, operation=operation, now=self.now, **why))


class OperationTakeDown(View):
    """To undo a set-up."""

    needs = {"POST": Permission.OPERATION_CONTROL}

    @extend_schema(request=Because, responses={202: OperationShape})
    def post(self, request: Request, operation_id: str) -> Reply:
        """Remove all that a failed or cancelled set-up has created."""
        why = self.body(Because)
        operation = operation_for(self.actor, operation_id)
        return accepted(take_down(actor=self.actor, operation=operation, now=self.now, **why))


def accepted(operation: Operation) -> Reply:
    """Answer that the work was accepted, and where to follow it."""
    location = reverse("api:operation", kwargs={"operation_id": operation.id})
    return answer(operation_reply(operation), status=202, location=location)


def operation_reply(operation: Operation) -> dict[str, object]:
    """Return an operation as the API shows it."""
    asked_by = operation.actor
    return {
        **fields_of(operation, _OWN),
        "cloud_name": operation.cloud.name,
        "actor": {"kind": asked_by["kind"], "id": asked_by["id"], "name": asked_by["label"]},
        "retry_of": operation.retry_of_id,
    }


def event_reply(event: OperationEvent) -> dict[str, object]:
    """Return an operation's event as the API shows it."""
    return fields_of(event, _EVENT)


def aws_call_reply(call: AwsCall) -> dict[str, object]:
    """Return an AWS call as the API shows it."""
    return fields_of(call, _CALL)


_OWN = [name for name in names_of(OperationShape) if name not in {"cloud_name", "actor", "retry_of"}]
_EVENT = names_of(OperationEventShape)
_CALL = names_of(AwsCallShape)
