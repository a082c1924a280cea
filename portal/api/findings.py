"""/clouds/{id}/findings, /verifications, /resources: what the checks found, and what there is of a cloud."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds import queries
from clouds.queries import cloud_for
from iam.idempotency import Reply
from iam.paging import Page
from iam.permissions import Permission
from portal.api.bodies import Paging
from portal.api.shapes import Shape, fields_of, list_of, names_of
from portal.api.view import View, page_of


class FindingShape(Shape):
    """One answer of one check."""

    check_id = serializers.CharField()
    area = serializers.CharField()
    severity = serializers.ChoiceField(choices=["must", "should"])
    status = serializers.ChoiceField(choices=["PASS", "WARN", "FAIL", "UNKNOWN"])
    subject = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    observed = serializers.CharField(allow_blank=True)
    expected = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    fix = serializers.CharField(allow_blank=True)
    cli = serializers.CharField(allow_blank=True, help_text="The same fix as an AWS CLI line.")
    terraform = serializers.CharField(allow_blank=True, help_text="The same fix in Terraform.")
    console_path = serializers.CharField(allow_blank=True, help_text="Where to click in the AWS console.")


class VerificationShape(Shape):
    """One run of the checks."""

    id = serializers.CharField()
    operation_id = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    passed = serializers.IntegerField()
    warned = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    failed_musts = serializers.IntegerField(help_text="Failed checks that the cloud cannot do without.")


class ResourceShape(Shape):
    """A resource of a cloud, as last known."""

    logical_name = serializers.CharField()
    kind = serializers.CharField(help_text="As CloudFormation names it, for example AWS::EC2::Subnet.")
    aws_id = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    arn = serializers.CharField(allow_blank=True)
    state = serializers.CharField()
    operation_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class Findings(View):
    """What the latest verification found."""

    needs = {"GET": Permission.CLOUD_READ}

    @extend_schema(responses=list_of(FindingShape))
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List what the latest verification found, also while it still runs."""
        found = queries.findings(cloud_for(self.actor, cloud_id))
        return self.listing(Page(found, ""), lambda row: fields_of(row, _FINDING))


class Verifications(View):
    """The runs of the checks."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = Paging

    @extend_schema(
        operation_id="verifications_list", parameters=[Paging], responses=list_of(VerificationShape)
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List the verifications of a cloud, the newest first."""
        query = self.asked
        found = queries.verifications(cloud_for(self.actor, cloud_id), **page_of(query))
        return self.listing(found, lambda row: fields_of(row, _VERIFICATION))


class Resources(View):
    """What a cloud consists of."""

    needs = {"GET": Permission.CLOUD_READ}

    @extend_schema(responses=list_of(ResourceShape))
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List the AWS resources of a cloud, as last known."""
        found = queries.resources(cloud_for(self.actor, cloud_id))
        return self.listing(Page(found, ""), lambda row: fields_of(row, _RESOURCE))


_FINDING = names_of(FindingShape)
_VERIFICATION = names_of(VerificationShape)
_RESOURCE = names_of(ResourceShape)
