"""/clouds/{id}/trust/rotate: to give a cloud another external ID, in two steps of the customer's."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.export.rotation import rotation_steps
from clouds.models import Cloud
from clouds.queries import open_operation, spec_of
from clouds.services.requests import LONGEST_ROTATION
from clouds.states import Kind
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because
from portal.api.operations import OperationShape
from portal.api.shapes import Shape
from portal.api.view import View
from portal.api.work import start


class TrustStepShape(Shape):
    """One trust policy for the customer to attach."""

    name = serializers.ChoiceField(choices=["both", "final"])
    title = serializers.CharField()
    why = serializers.CharField()
    state = serializers.ChoiceField(choices=["done", "now", "next"])
    trust_policy = serializers.DictField()
    aws_cli = serializers.CharField(help_text="The line that attaches it.")
    terraform = serializers.CharField(help_text="The attribute of aws_iam_role that does the same.")


class RotationShape(Shape):
    """A rotation under way, or one whose old external ID was not seen refused yet."""

    operation_id = serializers.CharField(
        allow_null=True, help_text="Null where none works on it: rotate again, and it goes on."
    )
    pending_external_id = serializers.CharField(
        allow_null=True, help_text="In force once the role admits it."
    )
    retiring_external_id = serializers.CharField(allow_null=True, help_text="Until AWS refuses it.")
    steps = TrustStepShape(many=True)


class Rotation(Because):
    """How patiently to rotate."""

    wait_seconds = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LONGEST_ROTATION,
        help_text="How long to wait for each of the two changes of the role; a day by default.",
    )


class TrustRotation(View):
    """To rotate the external ID."""

    needs = {"POST": Permission.CLOUD_OPERATE}

    @extend_schema(request=Rotation, responses={202: OperationShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Make a new external ID, and put it in force when the role admits it. GET …/trust shows both steps.

        The present ID stays in force until then. A rotation whose old ID is still admitted goes on where it
        stopped.
        """
        return start(self, cloud_id, Kind.ROTATE, self.body(Rotation))


def rotation_reply(cloud: Cloud) -> dict[str, Any] | None:
    """Return the rotation that a cloud is in as the API shows it."""
    steps = rotation_steps(spec_of(cloud))
    if not steps:
        return None
    operation = open_operation(cloud)
    return {
        "operation_id": operation.id if operation and operation.kind == Kind.ROTATE else None,
        "pending_external_id": cloud.pending_external_id,
        "retiring_external_id": cloud.retiring_external_id,
        "steps": [
            {
                "name": one.name,
                "title": one.title,
                "why": one.why,
                "state": one.state,
                "trust_policy": one.trust,
                "aws_cli": one.aws_cli,
                "terraform": one.terraform,
            }
            for one in steps
        ],
    }
