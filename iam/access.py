"""How a request becomes an actor, and how an actor gets hold of one thing by its id.

The look-ups answer alike for "not yours" and "does not exist": NotFound.
"""

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import TypeVar

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Model, Q, QuerySet

from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import NotFound, Problem
from iam.models import (
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    Organization,
    ServiceAccount,
    User,
)
from iam.permissions import MemberRole, Permission
from iam.secrets import TOKEN_KIND, digest, prefix_of
from iam.throttling import SIGN_IN_ADDRESS, SIGN_IN_EMAIL, TOKEN_ADDRESS, forgive, spend

LAST_USE_EVERY = timedelta(minutes=1)
M = TypeVar("M", bound=Model)


# Sessions and passwords


def authenticate(*, email: str, password: str, source_ip: str | None, request_id: str, now: datetime) -> User:
    """Return the person with this e-mail and password.

    Raises Problem("sign_in_failed", 401) in the same words and the same time for an unknown e-mail and a
    wrong password, and TooMany before any password is looked at. Both outcomes are in the audit log.
    """
    email = email.strip().lower()
    # The address first: one that is held up must not use up what other people's e-mails have left.
    spend(SIGN_IN_ADDRESS, source_ip or "", now=now)
    spend(SIGN_IN_EMAIL, email, now=now)
    user = User.objects.filter(email=email).first()
    right = _password_fits(user, password)
    if user is not None:
        _record_sign_in(user, succeeded=right, source_ip=source_ip, request_id=request_id, now=now)
    if user is None or not right:
        raise Problem(
            "sign_in_failed",
            "This e-mail and password do not belong together. Check both and try again.",
            status=401,
        )
    forgive(SIGN_IN_EMAIL, email)
    return user


def _password_fits(user: User | None, password: str) -> bool:
    if user is None or not user.is_active:
        make_password(password)  # takes as long as checking one
        return False
    return check_password(password, user.password)


def _record_sign_in(
    user: User, *, succeeded: bool, source_ip: str | None, request_id: str, now: datetime
) -> None:
    try:
        actor = actor_for_session(user, None, source_ip=source_ip, request_id=request_id)
    except NotFound:
        return  # of no organization's concern
    audit.append(
        actor=actor,
        action="session.sign_in",
        entity="session",
        target_id=user.id,
        target_name=user.email,
        outcome="succeeded" if succeeded else "denied",
        reason="" if succeeded else "The password was wrong.",
        now=now,
    )


def actor_for_session(
    user: User, organization_id: str | None, *, source_ip: str | None, request_id: str
) -> Actor:
    """Return the signed-in person acting in an organization: the named one, or the one joined first."""
    places = Membership.objects.filter(user=user, user__is_active=True, removed_at=None)
    if organization_id:
        places = places.filter(organization_id=organization_id)
    with tenancy.everyone():
        place = places.order_by("id").first()
    if place is None:
        raise NotFound
    return Actor(
        kind="user",
        id=user.id,
        label=user.email,
        organization_id=place.organization_id,
        role=MemberRole(place.role),
        source_ip=source_ip,
        request_id=request_id,
    )


def organizations_of(user: User) -> list[Organization]:
    """Return the organizations a person is in, the one joined first coming first."""
    with tenancy.everyone():
        places = Membership.objects.filter(user=user, removed_at=None).select_related("organization")
        return [place.organization for place in places.order_by("id")]


# Tokens


def actor_for_token(raw: str, *, source_ip: str | None, request_id: str, now: datetime) -> Actor:
    """Return who acts with this bearer token; raise Problem("token_invalid", 401) whatever is wrong with it.

    Failures of one address are counted; past the budget they get TooMany. A valid token is never held up.
    """
    prefix = prefix_of(raw, TOKEN_KIND)
    with tenancy.everyone():
        token = _token(prefix, now) if prefix else None
        if token is not None and compare_digest(token.digest, digest(raw)):
            _note_use(token, now)
            return _token_actor(token, source_ip=source_ip, request_id=request_id)
    spend(TOKEN_ADDRESS, source_ip or "", now=now)
    raise Problem(
        "token_invalid",
        "This API token is not valid: it is mistyped, expired or revoked. Make a new one and use that.",
        status=401,
    )


def _token(prefix: str, now: datetime) -> ApiToken | None:
    alive = Q(expires_at=None) | Q(expires_at__gt=now)
    held = Q(membership__removed_at=None, membership__user__is_active=True, service_account=None)
    served = Q(service_account__removed_at=None, membership=None)
    tokens = ApiToken.objects.filter(alive, held | served, prefix=prefix, revoked_at=None)
    return tokens.select_related("membership__user", "service_account").first()


def _note_use(token: ApiToken, now: datetime) -> None:
    """Write the last use, at most once a minute: reading must not cost a write each time."""
    if token.last_used_at is None or token.last_used_at <= now - LAST_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _token_actor(token: ApiToken, *, source_ip: str | None, request_id: str) -> Actor:
    place, program = token.membership, token.service_account
    return Actor(
        kind="service_account" if program else "user",
        id=program.id if program else place.user.id if place else "",
        label=program.name if program else place.user.email if place else "",
        organization_id=token.organization_id,
        role=MemberRole(program.role if program else place.role if place else ""),
        scopes=frozenset(token.scopes),
        token_id=token.id,
        source_ip=source_ip,
        request_id=request_id,
    )


# One thing by its id


def organization_for(actor: Actor, organization_id: str) -> Organization:
    """Return the actor's organization, if that is the one meant."""
    actor.require(Permission.ORGANIZATION_READ, target_kind="organization", target_id=organization_id)
    if organization_id != actor.organization_id:
        raise NotFound
    return _one(Organization.objects.filter(pk=organization_id))


def member_for(actor: Actor, membership_id: str, *, lock: bool = False) -> Membership:
    """Return a present member of the actor's organization."""
    actor.require(Permission.MEMBER_READ, target_kind="member", target_id=membership_id)
    found = Membership.objects.filter(
        pk=membership_id, organization_id=actor.organization_id, removed_at=None
    )
    return _one(_locked(found.select_related("user"), lock=lock))


def invitation_for(actor: Actor, invitation_id: str, *, lock: bool = False) -> Invitation:
    """Return an invitation of the actor's organization, open or not."""
    actor.require(Permission.MEMBER_READ, target_kind="invitation", target_id=invitation_id)
    found = Invitation.objects.filter(pk=invitation_id, organization_id=actor.organization_id)
    return _one(_locked(found, lock=lock))


def service_account_for(actor: Actor, service_account_id: str, *, lock: bool = False) -> ServiceAccount:
    """Return a present service account of the actor's organization."""
    actor.require(Permission.MEMBER_READ, target_kind="service_account", target_id=service_account_id)
    found = ServiceAccount.objects.filter(
        pk=service_account_id, organization_id=actor.organization_id, removed_at=None
    )
    return _one(_locked(found, lock=lock))


def visible_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Return the tokens an actor may see: the actor's own, or all of the organization with TOKEN_MANAGE."""
    tokens = ApiToken.objects.filter(organization_id=actor.organization_id)
    if actor.may(Permission.TOKEN_MANAGE):
        return tokens
    actor.require(Permission.TOKEN_OWN, target_kind="token")
    return tokens.filter(Q(membership__user_id=actor.id) | Q(service_account_id=actor.id))


def token_for(actor: Actor, token_id: str, *, lock: bool = False) -> ApiToken:
    """Return one of the tokens that the actor may see."""
    found = visible_tokens(actor).filter(pk=token_id)
    return _one(_locked(found.select_related("membership__user", "service_account"), lock=lock))


def event_for(actor: Actor, event_id: str) -> AuditEvent:
    """Return an audit event of the actor's organization."""
    actor.require(Permission.AUDIT_READ, target_kind="audit_event", target_id=event_id)
    return _one(AuditEvent.objects.filter(pk=event_id, organization_id=actor.organization_id))


def _one(found: QuerySet[M]) -> M:
    row = found.first()
    if row is None:
        raise NotFound
    return row


def _locked(found: QuerySet[M], *, lock: bool) -> QuerySet[M]:
    return found.select_for_update(of=("self",)) if lock else found
