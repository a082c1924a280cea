"""/invitations: how people come into the organization."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam.access import invitation_for
from iam.idempotency import Reply
from iam.invitations import invitation_accept, invitation_create, invitation_revoke, invitations
from iam.models import Invitation
from iam.permissions import MemberRole, Permission
from portal.api.authentication import origin
from portal.api.bodies import Because, Body, Paging
from portal.api.members import MemberShape, member_reply
from portal.api.shapes import Shape, fields_of, list_of, names_of, role_field
from portal.api.view import PUBLIC, View, answer, page_of


class InvitationShape(Shape):
    """An invitation."""

    id = serializers.CharField()
    email = serializers.EmailField()
    role = role_field()
    invited_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewInvitationShape(InvitationShape):
    """An invitation with its secret, which is shown this once."""

    secret = serializers.CharField(help_text="To be given to the invited person. Shown once, not kept.")


class NewInvitation(Body):
    """Whom to invite, as what."""

    email = serializers.EmailField(max_length=254)
    role = role_field()


class Acceptance(Body):
    """What an invited person sends: the secret, and who they are (a known person: their own password)."""

    secret = serializers.CharField(max_length=80)
    name = serializers.CharField(max_length=120)
    password = serializers.CharField(max_length=1_000, trim_whitespace=False)


class Invitations(View):
    """The invitations."""

    needs = {"GET": Permission.MEMBER_READ, "POST": Permission.MEMBER_MANAGE}
    queries = Paging

    @extend_schema(operation_id="invitations_list", parameters=[Paging], responses=list_of(InvitationShape))
    def get(self, request: Request) -> Reply:
        """List the invitations, the newest first, open or not."""
        query = self.asked
        return self.listing(invitations(actor=self.actor, **page_of(query)), invitation_reply)

    @extend_schema(request=NewInvitation, responses={201: NewInvitationShape})
    def post(self, request: Request) -> Reply:
        """Invite an e-mail address. The secret in the reply is shown once; it lasts a week."""
        wanted = self.body(NewInvitation)
        made = invitation_create(
            actor=self.actor, email=wanted["email"], role=MemberRole(wanted["role"]), now=self.now
        )
        body = {**invitation_reply(made.invitation), "secret": made.secret}
        return answer(body, status=201, location=f"{request.path}/{made.invitation.id}")


class InvitationDetail(View):
    """One invitation."""

    needs = {"GET": Permission.MEMBER_READ, "DELETE": Permission.MEMBER_MANAGE}

    @extend_schema(responses=InvitationShape)
    def get(self, request: Request, invitation_id: str) -> Reply:
        """Show an invitation."""
        return answer(invitation_reply(invitation_for(self.actor, invitation_id)))

    @extend_schema(request=Because, responses={204: None})
    def delete(self, request: Request, invitation_id: str) -> Reply:
        """Take an open invitation back."""
        why = self.body(Because)
        invitation_revoke(actor=self.actor, invitation_id=invitation_id, now=self.now, **why)
        return answer(status=204)


class InvitationAcceptance(View):
    """The invited person's answer."""

    needs = {"POST": PUBLIC}

    @extend_schema(request=Acceptance, responses={201: MemberShape})
    def post(self, request: Request) -> Reply:
        """Accept an invitation. Whoever holds the secret may; a person known here proves it by password."""
        member = invitation_accept(**self.body(Acceptance), **origin(request), now=self.now)
        return answer(member_reply(member), status=201)


def invitation_reply(invitation: Invitation) -> dict[str, object]:
    """Return an invitation as the API shows it, without its secret."""
    return fields_of(invitation, names_of(InvitationShape))
