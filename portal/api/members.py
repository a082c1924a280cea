"""/members: who is in the organization, with which member role."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam.access import member_for
from iam.idempotency import Reply
from iam.members import member_change_role, member_remove, members
from iam.models import Membership
from iam.organizations import locked
from iam.permissions import MemberRole, Permission
from portal.api.bodies import Because, Paging
from portal.api.shapes import Shape, list_of, role_field
from portal.api.view import View, answer, page_of


class MemberShape(Shape):
    """A member of an organization."""

    id = serializers.CharField(help_text="Of the membership: a person who comes back gets a new one.")
    user_id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = role_field()
    created_at = serializers.DateTimeField()


class MemberChange(Because):
    """What may be changed about a member."""

    role = role_field()


class Members(View):
    """The members."""

    needs = {"GET": Permission.MEMBER_READ}
    queries = Paging

    @extend_schema(operation_id="members_list", parameters=[Paging], responses=list_of(MemberShape))
    def get(self, request: Request) -> Reply:
        """List the members of the organization, the newest first."""
        query = self.asked
        return self.listing(members(actor=self.actor, **page_of(query)), member_reply)


class MemberDetail(View):
    """One member."""

    needs = {
        "GET": Permission.MEMBER_READ,
        "PATCH": Permission.MEMBER_MANAGE,
        "DELETE": Permission.MEMBER_MANAGE,
    }

    @extend_schema(responses=MemberShape)
    def get(self, request: Request, member_id: str) -> Reply:
        """Show a member."""
        return answer(member_reply(member_for(self.actor, member_id)))

    @extend_schema(request=MemberChange, responses=MemberShape)
    def patch(self, request: Request, member_id: str) -> Reply:
        """Give a member another role. Only owners make owners; the last owner stays one."""
        change = self.body(MemberChange)
        locked(self.actor.organization_id)  # so that nobody changes what If-Match is held against
        self.require_unchanged(member_reply(member_for(self.actor, member_id)))
        member = member_change_role(
            actor=self.actor,
            membership_id=member_id,
            role=MemberRole(change["role"]),
            reason=change.get("reason", ""),
            now=self.now,
        )
        return answer(member_reply(member))

    @extend_schema(request=Because, responses={204: None})
    def delete(self, request: Request, member_id: str) -> Reply:
        """Remove a member and revoke the member's tokens."""
        why = self.body(Because)
        member_remove(actor=self.actor, membership_id=member_id, now=self.now, **why)
        return answer(status=204)


def member_reply(member: Membership) -> dict[str, object]:
    """Return a member as the API shows it."""
    return {
        "id": member.id,
        "user_id": member.user_id,
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
        "created_at": member.created_at,
    }
