"""/organizations: the organization that the actor acts in."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam.access import organization_for
from iam.idempotency import Reply
from iam.models import Organization
from iam.organizations import locked, organization_rename
from iam.paging import Page
from iam.permissions import Permission
from portal.api.bodies import Because, Paging
from portal.api.shapes import Shape, list_of
from portal.api.view import View, answer


class OrganizationShape(Shape):
    """An organization."""

    id = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class OrganizationChange(Because):
    """What may be changed about an organization."""

    name = serializers.CharField(max_length=120)


class Organizations(View):
    """The organizations that this token or session reaches: one."""

    needs = {"GET": Permission.ORGANIZATION_READ}
    queries = Paging

    @extend_schema(
        operation_id="organizations_list", parameters=[Paging], responses=list_of(OrganizationShape)
    )
    def get(self, request: Request) -> Reply:
        """List the organizations that you act in."""
        organization = organization_for(self.actor, self.actor.organization_id)
        return self.listing(Page([organization_reply(organization)], ""))


class OrganizationDetail(View):
    """One organization."""

    needs = {"GET": Permission.ORGANIZATION_READ, "PATCH": Permission.ORGANIZATION_MANAGE}

    @extend_schema(responses=OrganizationShape)
    def get(self, request: Request, organization_id: str) -> Reply:
        """Show the organization."""
        return answer(organization_reply(organization_for(self.actor, organization_id)))

    @extend_schema(request=OrganizationChange, responses=OrganizationShape)
    def patch(self, request: Request, organization_id: str) -> Reply:
        """Rename the organization."""
        change = self.body(OrganizationChange)
        locked(self.actor.organization_id)  # so that nobody changes what If-Match is held against
        self.require_unchanged(organization_reply(organization_for(self.actor, organization_id)))
        return answer(organization_reply(organization_rename(actor=self.actor, now=self.now, **change)))


def organization_reply(organization: Organization) -> dict[str, object]:
    """Return an organization as the API shows it."""
    return {
        "id": organization.id,
        "name": organization.name,
        "created_at": organization.created_at,
    }
