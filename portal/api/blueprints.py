"""/clouds/{id}/exports: all that a cloud consists of, for a customer who creates it himself."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.infrastructure import FORMS, YAML, Form, blueprint_of
from clouds.queries import cloud_for
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Body
from portal.api.view import View


class BlueprintQuery(Body):
    """Whether the cross-account role is part of the export."""

    role = serializers.ChoiceField(
        required=False,
        choices=["create", "existing"],
        help_text="`create` makes the cross-account role too, `existing` uses the one that is there. Without "
        "it, the role is made as long as the cloud is not connected.",
    )


class TemplateQuery(BlueprintQuery):
    """The same, and in which notation."""

    format = serializers.ChoiceField(required=False, choices=["json", "yaml"], default="json")


class TerraformExport(View):
    """A cloud for Terraform."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = BlueprintQuery

    @extend_schema(parameters=[BlueprintQuery], responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Write a Terraform file that creates the cloud: network, bucket, roles.

        It works in the cloud's account only. The text of `terraform output -json` tells what was made.
        """
        return _written(self, cloud_id, FORMS["terraform"])


class CloudFormationExport(View):
    """A cloud for CloudFormation."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = TemplateQuery

    @extend_schema(
        parameters=[TemplateQuery],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/yaml"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Write a CloudFormation template that creates the cloud: network, bucket, roles.

        Its stack needs CAPABILITY_NAMED_IAM, and leaves the bucket when it is deleted.
        """
        return _written(self, cloud_id, YAML if self.asked["format"] == "yaml" else FORMS["cloudformation"])


class AwsCliExport(View):
    """A cloud for the AWS CLI."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = BlueprintQuery

    @extend_schema(parameters=[BlueprintQuery], responses={(200, "text/x-shellscript"): OpenApiTypes.STR})
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Write a bash script of AWS CLI commands that create the cloud: network, bucket, roles.

        It stops at the first error, and before any change in another account; it prints what it made as JSON.
        """
        return _written(self, cloud_id, FORMS["aws-cli"])


def _written(view: View, cloud_id: str, form: Form) -> Reply:
    cloud = cloud_for(view.actor, cloud_id)
    asked = view.asked.get("role")
    blueprint = blueprint_of(cloud, with_role=None if asked is None else asked == "create")
    headers = {
        "Content-Type": form.content_type,
        "Content-Disposition": f'attachment; filename="{form.file(cloud)}"',
    }
    return Reply(200, headers, form.write(blueprint).encode())
