"""/clouds/{id}/connect, /setup, /verify, /plan: to have work done on a cloud, and to see it before."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.facts import Facts
from clouds.models import Cloud
from clouds.planning import Plan, plan_delete, plan_setup
from clouds.queries import cloud_for, refuse_on_gcp, spec_of
from clouds.services.operations import request as request_operation
from clouds.states import Kind
from iam.errors import Problem
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because, Body
from portal.api.operations import OperationShape, accepted
from portal.api.shapes import Shape
from portal.api.view import View, answer


class Connection(Because):
    """The role to connect with."""

    role_arn = serializers.CharField(max_length=2048, help_text="Of the role that GET …/trust describes.")
    wait_seconds = serializers.IntegerField(
        required=False, min_value=0, max_value=3_600, help_text="How long to wait for the role to appear."
    )


class VerificationRequest(Because):
    """Which checks to run."""

    only = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=200,
        help_text="Check ids; all checks by default.",
    )


class PlanQuery(Body):
    """Which plan to show."""

    operation = serializers.ChoiceField(choices=[Kind.SETUP.value, Kind.DELETE.value])
    bucket = serializers.ChoiceField(
        required=False, choices=["keep", "delete"], default="keep", help_text="For delete."
    )


class PlannedStepShape(Shape):
    """One AWS call that would be made."""

    name = serializers.CharField()
    action = serializers.CharField()
    sentence = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField(), help_text="Steps that come before it.")


class PlannedResourceShape(Shape):
    """One resource that would be created, changed or deleted."""

    logical_name = serializers.CharField()
    kind = serializers.CharField()
    cost = serializers.CharField()
    cost_text = serializers.CharField()
    steps = PlannedStepShape(many=True)


class BlockerShape(Shape):
    """Why the plan must not run."""

    code = serializers.CharField()
    subject = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()
    passes = serializers.BooleanField(help_text="True where waiting helps.")


class KeptShape(Shape):
    """What a delete would leave in the account."""

    resource = serializers.CharField()
    kind = serializers.CharField()
    id = serializers.CharField()
    reason = serializers.CharField()


class PlanShape(Shape):
    """What an operation would do, made from the last look at the account."""

    operation = serializers.CharField()
    facts_at = serializers.DateTimeField()
    steps = serializers.IntegerField()
    longest_chain = serializers.ListField(child=serializers.CharField())
    resources = PlannedResourceShape(many=True)
    adopted = serializers.DictField(help_text="What is there already, by logical name.")
    blockers = BlockerShape(many=True)
    kept = KeptShape(many=True)
    losses = serializers.ListField(child=serializers.CharField(), help_text="Data that would go for good.")
    look_again = serializers.BooleanField()


class Connect(View):
    """To connect a cloud to its account."""

    needs = {"POST": Permission.CLOUD_OPERATE}

    @extend_schema(request=Connection, responses={202: OperationShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Test the role, and store its ARN if it can be assumed with the external ID and never without.

        A role that AWS does not show yet is waited for.
        """
        return start(self, cloud_id, Kind.CONNECT, self.body(Connection))


class Setup(View):
    """To set a cloud up."""

    needs = {"POST": Permission.CLOUD_OPERATE}

    @extend_schema(request=Because, responses={202: OperationShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Create what the cloud needs in the account, then verify it. See it before: GET …/plan."""
        return start(self, cloud_id, Kind.SETUP, self.body(Because))


class Verify(View):
    """To verify a cloud."""

    needs = {"POST": Permission.CLOUD_OPERATE}

    @extend_schema(request=VerificationRequest, responses={202: OperationShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Run the checks. Findings appear at GET …/findings as they are known."""
        return start(self, cloud_id, Kind.VERIFY, self.body(VerificationRequest))


class PlanPreview(View):
    """To see what an operation would do."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = PlanQuery

    @extend_schema(parameters=[PlanQuery], responses=PlanShape)
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Show the steps of a set-up or delete, from the last look at the account, before anything runs."""
        query = self.asked
        cloud = cloud_for(self.actor, cloud_id)
        plan = _plan(cloud, Kind(query["operation"]), query["bucket"])
        return answer({"operation": query["operation"], "facts_at": cloud.facts_at, **_preview(plan)})


def start(view: View, cloud_id: str, kind: Kind, body: dict[str, Any]) -> Reply:
    """Accept work of this kind on a cloud; answer 202 and where to follow it."""
    operation = request_operation(
        actor=view.actor,
        cloud=cloud_for(view.actor, cloud_id),
        kind=kind,
        reason=body.pop("reason", ""),
        input=body,
        now=view.now,
    )
    return accepted(operation)


def _plan(cloud: Cloud, kind: Kind, bucket: Any) -> Plan:
    refuse_on_gcp(cloud, "plan")
    if cloud.facts is None:
        raise Problem(
            "not_looked_yet",
            "Nothing is known of the account yet, so there is nothing to plan from. Connect the cloud first.",
            status=409,
        )
    spec, facts = spec_of(cloud), Facts.from_json(cloud.facts)
    return plan_setup(spec, facts) if kind is Kind.SETUP else plan_delete(spec, facts, bucket=bucket)


def _preview(plan: Plan) -> dict[str, Any]:
    preview = plan.to_json()
    return {**preview, "resources": [_named(group) for group in preview["resources"]]}


def _named(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a group of steps under the name that GET …/resources uses."""
    return {"logical_name": group["resource"], **{k: v for k, v in group.items() if k != "resource"}}
