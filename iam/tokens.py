"""API tokens: made for oneself or for a service account, shown once, cut to scopes, ended when told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from iam import audit, tenancy
from iam.access import service_account_for, token_for, visible_tokens
from iam.actors import Actor
from iam.errors import Denied, NotFound, Problem
from iam.models import ApiToken, Membership, ServiceAccount
from iam.paging import Page, page
from iam.permissions import SCOPES, MemberRole, Permission, effective
from iam.secrets import TOKEN_KIND, new_secret

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Issued:
    """A new token and its text, which is not kept."""

    token: ApiToken
    secret: str


def tokens(*, actor: Actor, cursor: str = "", limit: int = 50) -> Page[ApiToken]:
    """Return the tokens that the actor may see, the newest first, without their secrets."""
    found = visible_tokens(actor).select_related("membership__user", "service_account")
    return page(found, cursor=cursor, limit=limit)


def token_create(
    *,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    service_account_id: str = "",
    now: datetime,
) -> Issued:
    """Make a token for the actor or, where one is named, for a service account.

    A token cannot make one that may do more than itself, nor one that outlives it.
    """
    _check(scopes, expires_at, now)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        _refuse_longer(actor, expires_at)
        holder = _holder(actor, service_account_id)
        actor.require_cover(
            effective(MemberRole(holder.role), scopes), action="token.create", target_kind="token"
        )
        secret = new_secret(TOKEN_KIND)
        token = ApiToken.objects.create(
            organization_id=actor.organization_id,
            membership=holder if isinstance(holder, Membership) else None,
            service_account=holder if isinstance(holder, ServiceAccount) else None,
            name=name,
            prefix=secret.prefix,
            digest=secret.digest,
            scopes=sorted(set(scopes)),
            created_at=now,
            expires_at=expires_at,
        )
        after = {
            "prefix": token.prefix,
            "scopes": token.scopes,
            "holder": holder.id,
            "expires_at": expires_at,
        }
        _record(actor, "token.create", token, now, after=after)
    return Issued(token, secret.text)


def token_revoke(*, actor: Actor, token_id: str, reason: str = "", now: datetime) -> None:
    """End a token at once. Ending it again changes nothing."""
    with tenancy.scope(actor.organization_id), transaction.atomic():
        token = token_for(actor, token_id, lock=True)
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            _record(actor, "token.revoke", token, now, reason=reason)


def _check(scopes: Sequence[str], expires_at: datetime | None, now: datetime) -> None:
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Problem(
            "scopes_invalid",
            f"A token needs one or more of the scopes {', '.join(SCOPES)}.",
            fields={"scopes": [f"Choose from {', '.join(SCOPES)}."]},
        )
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise Problem(
            "expiry_invalid",
            "A token expires in the future and within a year. Choose another time.",
            fields={"expires_at": ["Between now and a year from now."]},
        )


def _refuse_longer(actor: Actor, expires_at: datetime | None) -> None:
    """Whoever holds a token that ends soon must not keep the door open with another one."""
    own = ApiToken.objects.filter(pk=actor.token_id).first() if actor.token_id else None
    if own and own.expires_at and (expires_at is None or expires_at > own.expires_at):
        raise Problem(
            "expiry_invalid",
            f"The token you use ends at {own.expires_at:%Y-%m-%d %H:%M} UTC, and cannot make one that lasts "
            "longer. Choose an earlier time, or use another token or the console.",
            fields={"expires_at": ["Not later than the token that makes it."]},
        )


def _holder(actor: Actor, service_account_id: str) -> Membership | ServiceAccount:
    if service_account_id:
        actor.require(
            Permission.SERVICE_ACCOUNT_MANAGE, target_kind="service_account", target_id=service_account_id
        )
        return service_account_for(actor, service_account_id, lock=True)
    actor.require(Permission.TOKEN_OWN, target_kind="token")
    if actor.kind == "service_account":
        return service_account_for(actor, actor.id, lock=True)
    if actor.kind != "user":
        raise Denied(Permission.TOKEN_OWN, "token.create", target_kind="token")
    member = Membership.objects.filter(
        organization_id=actor.organization_id, user_id=actor.id, removed_at=None
    ).first()
    if member is None:
        raise NotFound
    return member


def _record(
    actor: Actor,
    action: str,
    token: ApiToken,
    now: datetime,
    *,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    audit.append(
        actor=actor,
        action=action,
        entity="token",
        target_id=token.id,
        target_name=token.name,
        after=after,
        reason=reason,
        now=now,
    )
