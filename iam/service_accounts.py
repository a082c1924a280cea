"""Service accounts: programs with a place in an organization. They sign in with tokens only."""

from datetime import datetime

from django.db import transaction

from iam import audit, tenancy
from iam.access import service_account_for
from iam.actors import Actor
from iam.errors import Problem
from iam.models import ApiToken, ServiceAccount
from iam.organizations import locked
from iam.paging import Page, page
from iam.permissions import ROLES, MemberRole, Permission


def service_accounts(*, actor: Actor, cursor: str = "", limit: int = 50) -> Page[ServiceAccount]:
    """Return the present service accounts of the actor's organization, the newest first."""
    actor.require(Permission.MEMBER_READ, target_kind="service_account")
    present = ServiceAccount.objects.filter(organization_id=actor.organization_id, removed_at=None)
    return page(present, cursor=cursor, limit=limit)


def service_account_create(*, actor: Actor, name: str, role: MemberRole, now: datetime) -> ServiceAccount:
    """Make a service account with a name of its own and a role that the actor could have given."""
    actor.require(Permission.SERVICE_ACCOUNT_MANAGE, target_kind="service_account")
    actor.require_cover(ROLES[role], action="service_account.create", target_kind="service_account")
    with tenancy.scope(actor.organization_id), transaction.atomic():
        locked(actor.organization_id)
        _refuse_taken(actor.organization_id, name)
        account = ServiceAccount.objects.create(
            organization_id=actor.organization_id, name=name, role=role, created_at=now
        )
        audit.append(
            actor=actor,
            action="service_account.create",
            entity="service_account",
            target_id=account.id,
            target_name=name,
            after={"name": name, "role": role},
            now=now,
        )
    return account


def service_account_remove(*, actor: Actor, service_account_id: str, reason: str = "", now: datetime) -> None:
    """Remove a service account and revoke its tokens. Its name becomes free."""
    actor.require(
        Permission.SERVICE_ACCOUNT_MANAGE, target_kind="service_account", target_id=service_account_id
    )
    with tenancy.scope(actor.organization_id), transaction.atomic():
        account = service_account_for(actor, service_account_id, lock=True)
        actor.require_cover(
            ROLES[MemberRole(account.role)],
            action="service_account.remove",
            target_kind="service_account",
            target_id=account.id,
        )
        account.removed_at = now
        account.save(update_fields=["removed_at"])
        revoked = ApiToken.objects.filter(service_account=account, revoked_at=None).update(revoked_at=now)
        audit.append(
            actor=actor,
            action="service_account.remove",
            entity="service_account",
            target_id=account.id,
            target_name=account.name,
            before={"name": account.name, "role": account.role},
            after={"tokens_revoked": revoked},
            reason=reason,
            now=now,
        )


def _refuse_taken(organization_id: str, name: str) -> None:
    if ServiceAccount.objects.filter(organization_id=organization_id, name=name, removed_at=None).exists():
        raise Problem(
            "name_taken",
            "A service account has this name already. Choose another name.",
            status=409,
            fields={"name": ["Already taken."]},
        )
