"""Invitations: how a person comes into an organization. The secret in the link is shown once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, MaxLengthValidator
from django.db import transaction

from iam import audit, tenancy
from iam.access import authenticate, invitation_for
from iam.actors import Actor
from iam.errors import Problem
from iam.models import Invitation, Membership, User
from iam.organizations import locked, person_create
from iam.paging import Page, page
from iam.permissions import ROLES, MemberRole, Permission
from iam.secrets import INVITATION_KIND, digest, new_secret, prefix_of
from iam.throttling import INVITATION_ADDRESS, spend

LIFETIME = timedelta(days=7)
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Invited:
    """A new invitation and its secret, which is not kept."""

    invitation: Invitation
    secret: str


def invitations(*, actor: Actor, cursor: str = "", limit: int = 50) -> Page[Invitation]:
    """Return the invitations of the actor's organization, the newest first."""
    actor.require(Permission.MEMBER_READ, target_kind="invitation")
    found = Invitation.objects.filter(organization_id=actor.organization_id)
    return page(found, cursor=cursor, limit=limit)


def invitation_create(*, actor: Actor, email: str, role: MemberRole, now: datetime) -> Invited:
    """Invite an e-mail address into the actor's organization, for a week."""
    actor.require(Permission.MEMBER_MANAGE, target_kind="invitation")
    actor.require_cover(ROLES[role], action="invitation.create", target_kind="invitation")
    email, secret = _checked(email), new_secret(INVITATION_KIND)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        _refuse_member(actor.organization_id, email)
        invitation = Invitation.objects.create(
            organization_id=actor.organization_id,
            email=email,
            role=role,
            digest=secret.digest,
            invited_by=actor.label,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        _record(actor, "invitation.create", invitation, now, after={"email": email, "role": role})
    return Invited(invitation, secret.text)


def invitation_revoke(*, actor: Actor, invitation_id: str, reason: str = "", now: datetime) -> None:
    """Take an open invitation back."""
    actor.require(Permission.MEMBER_MANAGE, target_kind="invitation", target_id=invitation_id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        invitation = invitation_for(actor, invitation_id, lock=True)
        if invitation.accepted_at or invitation.revoked_at:
            raise Problem(
                "invitation_closed",
                "This invitation was accepted or taken back already. To end a membership, remove the member.",
                status=409,
            )
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        _record(actor, "invitation.revoke", invitation, now, reason=reason)


def invitation_accept(
    *, secret: str, name: str, password: str, source_ip: str | None, request_id: str, now: datetime
) -> Membership:
    """Make the invited person a member: new, with this name and password, or known, giving theirs.

    Raises Problem("invitation_invalid", 404) for a secret that is wrong, used, expired or taken back.
    """
    spend(INVITATION_ADDRESS, source_ip or "", now=now)
    offer = _open_invitation(secret, now)
    # Before the transaction: a failed attempt must stay counted.
    known = User.objects.filter(email=offer.email).exists()
    user = (
        authenticate(
            email=offer.email, password=password, source_ip=source_ip, request_id=request_id, now=now
        )
        if known
        else None
    )
    with tenancy.scope(offer.organization_id), transaction.atomic():
        locked(offer.organization_id)  # one after another, also with two invitations of the same person
        invitation = Invitation.objects.select_for_update().get(pk=offer.pk)
        if invitation.accepted_at or invitation.revoked_at:
            raise _invalid()
        user = user or person_create(email=offer.email, name=name, password=password, now=now)
        return _join(invitation, user, source_ip=source_ip, request_id=request_id, now=now)


def _join(
    invitation: Invitation, user: User, *, source_ip: str | None, request_id: str, now: datetime
) -> Membership:
    _refuse_member(invitation.organization_id, user.email)
    member = Membership.objects.create(
        organization_id=invitation.organization_id, user=user, role=invitation.role, created_at=now
    )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    actor = Actor(
        kind="user",
        id=user.id,
        label=user.email,
        organization_id=invitation.organization_id,
        role=MemberRole(invitation.role),
        source_ip=source_ip,
        request_id=request_id,
    )
    _record(actor, "invitation.accept", invitation, now, after={"member": member.id, "role": invitation.role})
    return member


def _open_invitation(secret: str, now: datetime) -> Invitation:
    if prefix_of(secret, INVITATION_KIND) is None:
        raise _invalid()
    with tenancy.everyone():
        found = Invitation.objects.filter(
            digest=digest(secret), accepted_at=None, revoked_at=None, expires_at__gt=now
        ).first()
    if found is None:
        raise _invalid()
    return found


def _invalid() -> Problem:
    return Problem(
        "invitation_invalid",
        "This invitation is not valid: it is mistyped, used, expired or taken back. Ask for a new one.",
        status=404,
    )


def _checked(email: str) -> str:
    """Return the address as it is kept; raise Problem for what is none."""
    email = email.strip().lower()
    try:
        EmailValidator()(email)
        MaxLengthValidator(LONGEST_EMAIL)(email)
    except ValidationError:
        said = "This is not an e-mail address. Write one like name@example.com."
        raise Problem("email_invalid", said, fields={"email": [said]}) from None
    return email


def _refuse_member(organization_id: str, email: str) -> None:
    present = Membership.objects.filter(organization_id=organization_id, user__email=email, removed_at=None)
    if present.exists():
        raise Problem(
            "already_member",
            "This person is a member already. Change the member's role instead of inviting again.",
            status=409,
            fields={"email": ["Already a member."]},
        )


def _record(
    actor: Actor,
    action: str,
    invitation: Invitation,
    now: datetime,
    *,
    after: dict[str, str] | None = None,
    reason: str = "",
) -> None:
    audit.append(
        actor=actor,
        action=action,
        entity="invitation",
        target_id=invitation.id,
        target_name=invitation.email,
        after=after,
        reason=reason,
        now=now,
    )
