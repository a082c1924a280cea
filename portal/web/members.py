"""Who is in the organization: members and invitations."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from iam.errors import Problem
from iam.invitations import invitation_create, invitation_revoke, invitations
from iam.members import member_change_role, member_remove, members
from iam.models import Invitation
from iam.permissions import MemberRole, Permission
from portal.web.pages import PageRequest, render
from portal.web.sessions import CHANGES, back_to, page

MOST = 200  # rows on the pages of the organization; whoever has more uses the REST API
BACK = back_to("web:members")
ROLES = [
    (MemberRole.OWNER.value, "Owner", "everything, the organization included"),
    (MemberRole.ADMIN.value, "Admin", "everything but the organization itself"),
    (MemberRole.MEMBER.value, "Member", "creates and operates clouds"),
    (MemberRole.AUDITOR.value, "Auditor", "reads everything, changes nothing"),
]


def _people(request: PageRequest, problem: Problem | None = None, **more: Any) -> HttpResponse:
    invited = invitations(actor=request.actor, limit=MOST).results
    context = {
        "members": members(actor=request.actor, limit=MOST).results,
        "invitations": [one for one in invited if is_open(one)],
        "roles": ROLES,
        "face": "members",
        "values": request.POST,
        "errors": problem.fields if problem else {},
        "problem": problem,
        **more,
    }
    status = problem.status if problem else 200
    crumbs = [("Organization", None)]
    return render(request, "web/members.html", context, section="organization", crumbs=crumbs, status=status)


@page(Permission.MEMBER_READ)
def people(request: PageRequest) -> HttpResponse:
    """Show who is in the organization and who is invited."""
    return _people(request)


@page(Permission.MEMBER_MANAGE, methods=CHANGES, again=_people)
def invite(request: PageRequest) -> HttpResponse:
    """Invite somebody. The link is shown once, on the page that answers."""
    email = request.POST.get("email", "")
    invited = invitation_create(
        actor=request.actor, email=email, role=asked_role(request), now=timezone.now()
    )
    link = request.build_absolute_uri(reverse("web:invitation", args=[invited.secret]))
    return _people(request, link=link, invited=invited.invitation)


@page(Permission.MEMBER_MANAGE, methods=CHANGES, again=BACK)
def invitation_end(request: PageRequest, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    invitation_revoke(actor=request.actor, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, "The invitation was taken back.")
    return redirect("web:members")


@page(Permission.MEMBER_MANAGE, methods=CHANGES, again=BACK)
def member_role(request: PageRequest, member_id: str) -> HttpResponse:
    """Give a member another role."""
    member = member_change_role(
        actor=request.actor, membership_id=member_id, role=asked_role(request), now=timezone.now()
    )
    messages.success(request, f"{member.user.email} is {member.role} now.")
    return redirect("web:members")


@page(Permission.MEMBER_MANAGE, methods=CHANGES, again=BACK)
def member_end(request: PageRequest, member_id: str) -> HttpResponse:
    """Remove a member, and with the membership the tokens."""
    member_remove(actor=request.actor, membership_id=member_id, now=timezone.now())
    messages.success(request, "The member was removed.")
    return redirect("web:members")


def asked_role(request: PageRequest) -> MemberRole:
    """Return the member role that a form names."""
    role = request.POST.get("role", "")
    if role not in set(MemberRole):
        raise Problem(
            "role_invalid", "Choose one of the roles.", fields={"role": ["Choose one of the roles."]}
        )
    return MemberRole(role)


def is_open(invitation: Invitation) -> bool:
    """Say whether an invitation can still be accepted."""
    ended = invitation.accepted_at or invitation.revoked_at
    return not ended and invitation.expires_at > timezone.now()
