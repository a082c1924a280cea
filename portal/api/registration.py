"""/clouds/{id}/register and /activate: to give a cloud what its customer made, and to let it be active."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.export.outputs import LONGEST_TEXT
from clouds.queries import cloud_for, refuse_on_gcp, registration_of
from clouds.registration import LONGEST, MOST_GROUPS, MOST_SUBNETS
from clouds.services.activation import LONGEST_REASON, cloud_activate
from clouds.states import Kind
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because, Body
from portal.api.clouds import CloudShape, cloud_reply
from portal.api.operations import OperationShape
from portal.api.shapes import Shape
from portal.api.view import View, answer
from portal.api.work import start


def _named(text: str) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=LONGEST, help_text=text)


class RegistrationRequest(Because):
    """What the customer made. Names, ids and ARNs are all accepted."""

    vpc = _named("Its id, its ARN or its Name tag.")
    subnets = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=LONGEST),
        min_length=1,
        max_length=MOST_SUBNETS,
    )
    security_groups = serializers.ListField(
        required=False, child=serializers.CharField(max_length=LONGEST), min_length=1, max_length=MOST_GROUPS
    )
    cluster_role = _named("The role of the nodes: its name, or its ARN where it has a path.")
    instance_profile = _named("Instead of the role, or beside it: the profile that holds it.")
    bucket = _named("Its name, its ARN or s3://name.")
    private_network = serializers.BooleanField(
        required=False, default=False, help_text="Nodes go out through a NAT or transit gateway."
    )
    outputs = serializers.CharField(
        required=False,
        max_length=LONGEST_TEXT,
        help_text="Instead of all but `private_network`: the text of `terraform output -json`, of `aws "
        "cloudformation describe-stacks`, or what the exported script printed.",
    )


class PartShape(Shape):
    """One thing that was given, and where it was found."""

    given = serializers.CharField(allow_blank=True, help_text="Empty where it was found through another one.")
    id = serializers.CharField(allow_blank=True, help_text="AWS's id, of EC2 only.")
    name = serializers.CharField(allow_blank=True)
    arn = serializers.CharField(allow_blank=True)
    several = serializers.ListField(
        child=serializers.CharField(),
        help_text="Ids of all that bear the given name, where that is no answer.",
    )


class RegistrationShape(Shape):
    """What a customer gave for a registered cloud; null before."""

    vpc = PartShape()
    subnets = PartShape(many=True)
    security_groups = PartShape(many=True)
    bucket = PartShape()
    cluster_role = PartShape(allow_null=True)
    instance_profile = PartShape(allow_null=True)
    private_network = serializers.BooleanField()


class RegistrationReplyShape(Shape):
    """What is registered, and what a person answered for."""

    registration = RegistrationShape(allow_null=True)
    acknowledged = serializers.DictField(
        allow_null=True, help_text="The checks that a person answered for: which, why, who and when."
    )


class Activation(Body):
    """The checks that are answered for."""

    acknowledge = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=200,
        help_text="The id of every check that stands in the way.",
    )
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_REASON, help_text="Why, for the audit log."
    )


class Register(View):
    """To register what a customer made."""

    needs = {"GET": Permission.CLOUD_READ, "POST": Permission.CLOUD_OPERATE}

    @extend_schema(responses=RegistrationReplyShape)
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Show what was given for a registered cloud and where it was found."""
        cloud = cloud_for(self.actor, cloud_id)
        refuse_on_gcp(cloud, "register")
        found = registration_of(cloud)
        return answer(
            {"registration": found.to_json() if found else None, "acknowledged": cloud.acknowledged}
        )

    @extend_schema(request=RegistrationRequest, responses={202: OperationShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Find what the customer made, and check it. Nothing is created in AWS.

        The cloud becomes active when no must-check stands in the way. Otherwise it is registered and not
        active: mend what GET …/findings names and verify, or POST …/activate.
        """
        return start(self, cloud_id, Kind.REGISTER, self.body(RegistrationRequest))


class Activate(View):
    """To activate a registered cloud."""

    needs = {"POST": Permission.CLOUD_OPERATE}

    @extend_schema(request=Activation, responses=CloudShape)
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Let a registered cloud be active although checks stand in the way: a person answers for each."""
        asked = self.body(Activation)
        cloud = cloud_activate(
            actor=self.actor,
            cloud=cloud_for(self.actor, cloud_id),
            acknowledge=asked.get("acknowledge", []),
            reason=asked.get("reason", ""),
            now=self.now,
        )
        return answer(cloud_reply(cloud))
