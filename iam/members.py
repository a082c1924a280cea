"""Members: who is in an organization, with which member role. Nobody gives or takes more than they hold."""

from datetime import datetime

from django.db import transaction

from iam import audit, tenancy
from iam.access import member_for
from iam.actors import Actor
from iam.errors import Problem
from iam.models import ApiToken, Invitation, Membership
from iam.organizations import locked
from iam.paging import Page, page
from iam.permissions import ROLES, MemberRole, Permission


def members(*, actor: Actor, cursor: str = "", limit: int = 50) -> Page[Membership]:
    """Return the present members of the actor's organization, the newest first."""
    actor.require(Permission.MEMBER_READ, target_kind="member")
    present = Membership.objects.filter(organization_id=actor.organization_id, removed_at=None)
    return page(present.select_related("user"), cursor=cursor, limit=limit)


def member_change_role(
    *, actor: Actor, membership_id: str, role: MemberRole, reason: str = "", now: datetime
) -> Membership:
    """Give a member another role. The last owner stays one."""
    with tenancy.scope(actor.organization_id), transaction.atomic():
        member = _held(actor, membership_id, "member.change_role")
        actor.require_cover(
            ROLES[role], action="member.change_role", target_kind="member", target_id=member.id
        )
        if role != MemberRole.OWNER:
            _keep_one_owner(member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        audit.append(
            actor=actor,
            action="member.change_role",
            entity="member",
            target_id=member.id,
            target_name=member.user.email,
            before={"role": before},
            after={"role": role},
            reason=reason,
            now=now,
        )
    return member


def member_remove(*, actor: Actor, membership_id: str, reason: str = "", now: datetime) -> None:
    """End a membership, with its tokens and what invitations the person still holds.

    A person who comes back starts with a new membership.
    """
    with tenancy.scope(actor.organization_id), transaction.atomic():
        member = _held(actor, membership_id, "member.remove")
        _keep_one_owner(member)
        member.removed_at = now
        member.save(update_fields=["removed_at"])
        revoked = ApiToken.objects.filter(membership=member, revoked_at=None).update(revoked_at=now)
        offers = Invitation.objects.filter(
            organization_id=actor.organization_id, email=member.user.email, accepted_at=None, revoked_at=None
        )
        taken_back = offers.update(revoked_at=now)
        audit.append(
            actor=actor,
            action="member.remove",
            entity="member",
            target_id=member.id,
            target_name=member.user.email,
            before={"role": member.role},
            after={"tokens_revoked": revoked, "invitations_revoked": taken_back},
            reason=reason,
            now=now,
        )


def _held(actor: Actor, membership_id: str, action: str) -> Membership:
    """Return the member to change, with the organization locked, if the actor stands at least as high."""
    actor.require(Permission.MEMBER_MANAGE, target_kind="member", target_id=membership_id)
    locked(actor.organization_id)
    member = member_for(actor, membership_id, lock=True)
    held = ROLES[MemberRole(member.role)]
    actor.require_cover(held, action=action, target_kind="member", target_id=member.id)
    return member


def _keep_one_owner(member: Membership) -> None:
    owners = Membership.objects.filter(
        organization_id=member.organization_id, role=MemberRole.OWNER, removed_at=None
    )
    if member.role == MemberRole.OWNER and owners.count() == 1:
        raise Problem(
            "last_owner",
            "This is the organization's last owner, and it needs one. Make another member an owner first.",
            status=409,
        )
