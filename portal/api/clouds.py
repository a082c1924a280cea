"""/clouds: reserve, look at, rename, protect and delete clouds."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds import queries
from clouds.models import Cloud
from clouds.providers import Provider
from clouds.queries import CloudFilters, cloud_for
from clouds.services.clouds import cloud_describe, cloud_rename, cloud_reserve, set_protection
from clouds.services.operations import request as request_operation
from clouds.states import CloudState, Kind
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because, Body, Paging
from portal.api.operations import OperationShape, accepted
from portal.api.shapes import Shape, fields_of, list_of, names_of
from portal.api.view import View, answer, page_of

PROVIDERS = [provider.value for provider in Provider]
KINDS = ["managed", "registered"]


class CloudShape(Shape):
    """A cloud: an AWS account, or a GCP project, and a region to run Ray in."""

    id = serializers.CharField()
    deployment_id = serializers.CharField()
    name = serializers.CharField()
    provider = serializers.ChoiceField(choices=PROVIDERS)
    kind = serializers.ChoiceField(choices=KINDS)
    region = serializers.CharField()
    account_id = serializers.CharField(allow_blank=True, help_text="Empty on GCP.")
    project_id = serializers.CharField(allow_null=True, help_text="Null on AWS.")
    state = serializers.ChoiceField(choices=[state.value for state in CloudState])
    options = serializers.DictField()
    role_arn = serializers.CharField(allow_null=True, help_text="Null until the cloud is connected.")
    role_behind = serializers.BooleanField(
        allow_null=True,
        help_text="True where the role's documents, as last seen, are not those of this release.",
    )
    version = serializers.IntegerField()
    delete_protection = serializers.BooleanField()
    checks_passed = serializers.IntegerField()
    checks_total = serializers.IntegerField()
    verified_at = serializers.DateTimeField(allow_null=True)
    facts_at = serializers.DateTimeField(allow_null=True, help_text="When the account was last looked at.")
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class CloudOptions(Body):
    """How the cloud's network is to be on AWS; where the cloud's parts are on GCP."""

    vpc_cidr = serializers.CharField(
        required=False, max_length=18, help_text="/16 to /19; 10.0.0.0/16 by default."
    )
    zones = serializers.IntegerField(
        required=False, allow_null=True, min_value=2, max_value=16, help_text="Every zone by default."
    )
    ingress_cidrs = serializers.ListField(
        child=serializers.CharField(max_length=18),
        required=False,
        min_length=1,
        max_length=50,
        help_text="Who may reach the clusters on port 443; anyone by default.",
    )
    bucket = serializers.CharField(required=False, max_length=222, help_text="On GCP: the bucket's name.")
    cluster_service_account = serializers.CharField(
        required=False, max_length=254, help_text="On GCP: the e-mail address that nodes run as by default."
    )
    service_accounts = serializers.ListField(
        child=serializers.CharField(max_length=254),
        required=False,
        max_length=100,
        help_text="On GCP: further service accounts that the mapping may give to nodes.",
    )


class NewCloud(Body):
    """A cloud to reserve."""

    name = serializers.CharField(max_length=63)
    provider = serializers.ChoiceField(required=False, choices=PROVIDERS, default=Provider.AWS.value)
    kind = serializers.ChoiceField(
        required=False,
        choices=KINDS,
        help_text="`managed`: Raydock makes what the cloud needs; `registered`: you did, and give it with "
        "POST …/register. On GCP `registered` alone.",
    )
    region = serializers.CharField(
        max_length=32, help_text="For example eu-central-1, or europe-west4 on GCP."
    )
    account_id = serializers.CharField(required=False, max_length=12, help_text="On AWS: twelve digits.")
    project_id = serializers.CharField(required=False, max_length=30, help_text="On GCP: the project's id.")
    options = CloudOptions(required=False)


class RecordOptions(Body):
    """What the record of a cloud on GCP says. What is left out stays."""

    bucket = serializers.CharField(required=False, max_length=222)
    cluster_service_account = serializers.CharField(required=False, max_length=254)
    service_accounts = serializers.ListField(
        child=serializers.CharField(max_length=254), required=False, max_length=100
    )


class CloudChange(Body):
    """What may be changed about a cloud."""

    name = serializers.CharField(required=False, max_length=63)
    delete_protection = serializers.BooleanField(required=False)
    options = RecordOptions(required=False, help_text="On GCP only.")


class CloudRemoval(Because):
    """How to delete a cloud."""

    confirm_name = serializers.CharField(max_length=63, help_text="The cloud's name, typed out.")
    bucket = serializers.ChoiceField(
        required=False,
        choices=["keep", "delete"],
        default="keep",
        help_text="`delete` deletes the bucket and all data in it for good.",
    )


class CloudQuery(Paging):
    """Which clouds to list. Filters are combined with AND."""

    state = serializers.ChoiceField(required=False, choices=[state.value for state in CloudState])
    region = serializers.CharField(required=False, max_length=32)
    account_id = serializers.CharField(required=False, max_length=12)
    provider = serializers.ChoiceField(required=False, choices=PROVIDERS)
    q = serializers.CharField(required=False, max_length=63, help_text="Part of a name, an id or an account.")
    deleted = serializers.BooleanField(required=False, default=False, help_text="Show deleted ones as well.")
    roles_behind = serializers.BooleanField(
        required=False, default=False, help_text="Only those whose role is behind this release."
    )


class Clouds(View):
    """The clouds."""

    needs = {"GET": Permission.CLOUD_READ, "POST": Permission.CLOUD_CREATE}
    queries = CloudQuery

    @extend_schema(operation_id="clouds_list", parameters=[CloudQuery], responses=list_of(CloudShape))
    def get(self, request: Request) -> Reply:
        """List the clouds of the organization, the newest first."""
        query = self.asked
        paging = page_of(query)
        filters = CloudFilters(**{name: value for name, value in query.items() if name not in paging})
        return self.listing(queries.clouds(self.actor, filters, **paging), cloud_reply)

    @extend_schema(request=NewCloud, responses={201: CloudShape})
    def post(self, request: Request) -> Reply:
        """Reserve a cloud: it gets an id and an external ID, and nothing happens in AWS yet.

        Next: create the role that GET /clouds/{id}/trust describes, then POST /clouds/{id}/connect.

        A cloud on GCP is a record at once: Raydock does not connect, create, verify or delete anything there,
        while its mapping works in full.
        """
        wanted = self.body(NewCloud)
        cloud = cloud_reserve(actor=self.actor, now=self.now, **wanted)
        return answer(cloud_reply(cloud), status=201, location=f"{request.path}/{cloud.id}")


class CloudDetail(View):
    """One cloud."""

    needs = {
        "GET": Permission.CLOUD_READ,
        "PATCH": Permission.CLOUD_OPERATE,
        "DELETE": Permission.CLOUD_DELETE,
    }

    @extend_schema(responses=CloudShape)
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Show a cloud."""
        return answer(cloud_reply(cloud_for(self.actor, cloud_id)))

    @extend_schema(request=CloudChange, responses=CloudShape)
    def patch(self, request: Request, cloud_id: str) -> Reply:
        """Rename a cloud, protect it against deletion, or mend the record of one on GCP."""
        change = self.body(CloudChange)
        cloud = cloud_for(self.actor, cloud_id, lock=True)
        self.require_unchanged(cloud_reply(cloud))
        if "name" in change:
            cloud = cloud_rename(actor=self.actor, cloud=cloud, name=change["name"], now=self.now)
        if "delete_protection" in change:
            wanted = change["delete_protection"]
            cloud = set_protection(actor=self.actor, cloud=cloud, protected=wanted, now=self.now)
        if "options" in change:
            cloud = cloud_describe(actor=self.actor, cloud=cloud, options=change["options"], now=self.now)
        return answer(cloud_reply(cloud))

    @extend_schema(request=CloudRemoval, responses={202: OperationShape})
    def delete(self, request: Request, cloud_id: str) -> Reply:
        """Delete a cloud and what was created for it. The bucket stays unless told otherwise.

        Of a cloud on GCP only the record is forgotten.
        """
        wanted = self.body(CloudRemoval)
        operation = request_operation(
            actor=self.actor,
            cloud=cloud_for(self.actor, cloud_id),
            kind=Kind.DELETE,
            reason=wanted.pop("reason", ""),
            input=wanted,
            now=self.now,
        )
        return accepted(operation)


def cloud_reply(cloud: Cloud) -> dict[str, object]:
    """Return a cloud as the API shows it."""
    return {**fields_of(cloud, _FIELDS), "role_behind": queries.role_behind(cloud)}


_FIELDS = [name for name in names_of(CloudShape) if name != "role_behind"]
