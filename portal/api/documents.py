"""/clouds/{id}/trust, /policies: the documents by which a customer lets Raydock in, to the letter."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.export.attached import Comparison, Standing
from clouds.export.bootstrap import Bootstrap, aws_cli, cloudformation, terraform
from clouds.export.differences import Change
from clouds.export.policies import PolicyDocument, policy_documents
from clouds.models import Cloud
from clouds.queries import cloud_for, held_against, refuse_on_gcp, spec_of
from clouds.specs import CloudSpec
from iam.errors import NotFound
from iam.idempotency import Reply
from iam.paging import Page
from iam.permissions import Permission
from iam.policy.diff import Change as GapKind
from iam.policy.documents import Effect
from portal.api.bodies import Body
from portal.api.shapes import Shape, list_of
from portal.api.trust import RotationShape, rotation_reply
from portal.api.view import View, answer


class BootstrapShape(Shape):
    """The same role, to be created in one of three ways."""

    cloudformation = serializers.CharField(help_text="A CloudFormation template (JSON).")
    aws_cli = serializers.CharField(help_text="A bash script for the AWS CLI.")
    terraform = serializers.CharField(help_text="A Terraform file.")


class TrustShape(Shape):
    """How the customer lets Raydock into the account."""

    principal = serializers.CharField(help_text="The role that Raydock comes with.")
    external_id = serializers.CharField(help_text="Made by Raydock for this cloud. It is no secret.")
    role_name = serializers.CharField(help_text="The name that the bootstrap documents give the role.")
    role_arn = serializers.CharField(help_text="The ARN that the role has, or will have under that name.")
    trust_policy = serializers.DictField(help_text="During a rotation it takes both external IDs.")
    rotation = RotationShape(allow_null=True, help_text="Null where no rotation is under way.")
    bootstrap = BootstrapShape()


class PolicySummaryShape(Shape):
    """A policy document's name and purpose."""

    name = serializers.CharField()
    group = serializers.CharField(help_text="Where documents of this kind belong.")
    purpose = serializers.CharField()
    attach_to = serializers.CharField()
    version = serializers.IntegerField()


class FeatureUseShape(Shape):
    """What one feature needs of a document."""

    feature = serializers.CharField()
    called = serializers.BooleanField(help_text="Whether this version of Raydock calls the actions itself.")
    actions = serializers.ListField(child=serializers.CharField())


class DifferenceShape(Shape):
    """How one action differs from the usual policy for the same purpose."""

    action = serializers.CharField(help_text='An action, after "Deny" where it is denied.')
    change = serializers.ChoiceField(choices=[str(one) for one in Change])
    reason = serializers.CharField(allow_blank=True, help_text="Empty where it is the same.")


class GapShape(Shape):
    """Actions that differ alike between what is attached and what is wanted."""

    change = serializers.ChoiceField(choices=[str(one) for one in GapKind])
    effect = serializers.ChoiceField(choices=[str(one) for one in Effect])
    actions = serializers.ListField(child=serializers.CharField(), help_text='"*" stands for all others.')
    wanted = serializers.CharField(allow_blank=True, help_text="On what, and when, the document has them.")
    attached = serializers.CharField(allow_blank=True, help_text="On what, and when, what is attached does.")


class AttachedShape(Shape):
    """What is attached where the document belongs, held against it by meaning, from the last look."""

    standing = serializers.ChoiceField(choices=[str(one) for one in Standing])
    seen_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    gaps = GapShape(many=True)


class PolicyShape(PolicySummaryShape):
    """A policy document."""

    document = serializers.DictField()
    features = FeatureUseShape(many=True)
    differences = DifferenceShape(
        many=True, help_text="Empty where there is no usual policy to compare with."
    )
    managed_policies = serializers.ListField(
        child=serializers.CharField(), help_text="ARNs of the AWS managed policies that the role has besides."
    )
    aws_cli = serializers.CharField(
        allow_blank=True, help_text="AWS CLI lines that make the role, where it is more than this document."
    )
    attached = AttachedShape(
        allow_null=True, help_text="Null for a document that belongs where Raydock does not look."
    )


class RoleQuery(Body):
    """A name of the customer's own choice for the role that is still to be made."""

    role_name = serializers.RegexField(
        r"^[A-Za-z0-9_+=,.@-]{1,64}\Z",
        required=False,
        help_text="Write the documents for a role of this name, as long as the cloud is not connected.",
        error_messages={"invalid": "A role's name has 1 to 64 letters, digits or +=,.@_- characters."},
    )


class Trust(View):
    """How to let Raydock in."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = RoleQuery

    @extend_schema(parameters=[RoleQuery], responses=TrustShape)
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Show the trust policy of the cross-account role, and three ways to create that role."""
        cloud = cloud_for(self.actor, cloud_id)
        refuse_on_gcp(cloud, "trust")
        spec = _spec(cloud, self.asked)
        made = Bootstrap.of(spec, cloud.external_id, spec.cross_account_role_name)
        body = {
            "principal": settings.RAYDOCK.portal_role_arn,
            "external_id": cloud.external_id,
            "role_name": made.role_name,
            "role_arn": cloud.role_arn or made.role_arn,
            "trust_policy": made.trust,
            "rotation": rotation_reply(cloud),
            "bootstrap": {
                "cloudformation": cloudformation(made),
                "aws_cli": aws_cli(made),
                "terraform": terraform(made),
            },
        }
        return answer(body)


class Policies(View):
    """The policy documents of a cloud."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = RoleQuery

    @extend_schema(
        operation_id="policies_list", parameters=[RoleQuery], responses=list_of(PolicySummaryShape)
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List the policy documents of a cloud: what each is for and where it belongs."""
        found = _documents(cloud_for(self.actor, cloud_id), self.asked)
        return self.listing(Page(list(found), ""), summary_reply)


class PolicyDetail(View):
    """One policy document."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = RoleQuery

    @extend_schema(parameters=[RoleQuery], responses=PolicyShape)
    def get(self, request: Request, cloud_id: str, name: str) -> Reply:
        """Show a policy document with this cloud's own ids in it."""
        cloud = cloud_for(self.actor, cloud_id)
        for one in _documents(cloud, self.asked):
            if one.name == name:
                return answer({**detail_reply(one), "attached": attached_reply(held_against(cloud, one))})
        raise NotFound


def _documents(cloud: Cloud, asked: Mapping[str, Any]) -> tuple[PolicyDocument, ...]:
    refuse_on_gcp(cloud, "policies")
    return policy_documents(_spec(cloud, asked), cloud.external_id)


def _spec(cloud: Cloud, asked: Mapping[str, Any]) -> CloudSpec:
    """Return the cloud's spec, before it is connected with the role that the customer is going to make."""
    spec = spec_of(cloud)
    if spec.cross_account_role_arn or not asked.get("role_name"):
        return spec
    arn = f"arn:aws:iam::{cloud.account_id}:role/{asked['role_name']}"
    return replace(spec, cross_account_role_arn=arn)


def summary_reply(one: PolicyDocument) -> dict[str, object]:
    """Return a policy document as lists show it."""
    return {
        "name": one.name,
        "group": str(one.group),
        "purpose": one.purpose,
        "attach_to": one.attach_to,
        "version": one.version,
    }


def detail_reply(one: PolicyDocument) -> dict[str, object]:
    """Return a policy document with all that is to be said about it."""
    return {
        **summary_reply(one),
        "document": one.document,
        "features": [asdict(use) for use in one.features],
        "differences": [
            {"action": row.action, "change": str(row.change), "reason": row.reason} for row in one.differences
        ],
        "managed_policies": list(one.managed_policies),
        "aws_cli": one.aws_cli,
    }


def attached_reply(found: Comparison | None) -> dict[str, object] | None:
    """Return how what is attached lies to a document; None where nothing is looked at."""
    if found is None:
        return None
    return {
        "standing": str(found.standing),
        "seen_at": found.seen_at,
        "problem": found.problem,
        "gaps": [{**asdict(gap), "change": str(gap.change)} for gap in found.gaps],
    }
