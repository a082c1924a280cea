"""/service-accounts: programs with a place in the organization."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam.access import service_account_for
from iam.idempotency import Reply
from iam.models import ServiceAccount
from iam.permissions import MemberRole, Permission
from iam.service_accounts import service_account_create, service_account_remove, service_accounts
from portal.api.bodies import Because, Body, Paging
from portal.api.shapes import Shape, list_of, role_field
from portal.api.view import View, answer, page_of


class ServiceAccountShape(Shape):
    """A service account."""

    id = serializers.CharField()
    name = serializers.CharField()
    role = role_field()
    created_at = serializers.DateTimeField()


class NewServiceAccount(Body):
    """A service account to make."""

    name = serializers.CharField(max_length=120)
    role = role_field()


class ServiceAccounts(View):
    """The service accounts."""

    needs = {"GET": Permission.MEMBER_READ, "POST": Permission.SERVICE_ACCOUNT_MANAGE}
    queries = Paging

    @extend_schema(
        operation_id="service_accounts_list", parameters=[Paging], responses=list_of(ServiceAccountShape)
    )
    def get(self, request: Request) -> Reply:
        """List the service accounts, the newest first."""
        query = self.asked
        return self.listing(service_accounts(actor=self.actor, **page_of(query)), service_account_reply)

    @extend_schema(request=NewServiceAccount, responses={201: ServiceAccountShape})
    def post(self, request: Request) -> Reply:
        """Make a service account. It acts with tokens: make one with POST /tokens."""
        wanted = self.body(NewServiceAccount)
        made = service_account_create(
            actor=self.actor, name=wanted["name"], role=MemberRole(wanted["role"]), now=self.now
        )
        return answer(service_account_reply(made), status=201, location=f"{request.path}/{made.id}")


class ServiceAccountDetail(View):
    """One service account."""

    needs = {"GET": Permission.MEMBER_READ, "DELETE": Permission.SERVICE_ACCOUNT_MANAGE}

    @extend_schema(responses=ServiceAccountShape)
    def get(self, request: Request, service_account_id: str) -> Reply:
        """Show a service account."""
        return answer(service_account_reply(service_account_for(self.actor, service_account_id)))

    @extend_schema(request=Because, responses={204: None})
    def delete(self, request: Request, service_account_id: str) -> Reply:
        """Remove a service account and revoke its tokens."""
        why = self.body(Because)
        service_account_remove(actor=self.actor, service_account_id=service_account_id, now=self.now, **why)
        return answer(status=204)


def service_account_reply(account: ServiceAccount) -> dict[str, object]:
    """Return a service account as the API shows it."""
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "created_at": account.created_at,
    }
