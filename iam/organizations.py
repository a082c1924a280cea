"""Organizations: the first one with its owner, and what an owner may change about one."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from iam import audit, tenancy
from iam.actors import Actor
from iam.errors import NotFound, Problem
from iam.ids import new_id
from iam.models import Membership, Organization, User
from iam.permissions import MemberRole, Permission

LONGEST_NAME = 120


@dataclass(frozen=True)
class Founding:
    """A new organization with its first owner, and that owner as an actor."""

    organization: Organization
    owner: User
    actor: Actor


def organization_found(
    *, name: str, email: str, person: str, password: str, request_id: str = "", now: datetime
) -> Founding:
    """Found an organization with a new person as its owner.

    Raises Problem for a weak password and for a known e-mail.
    """
    organization = Organization(id=new_id("org"), name=name, created_at=now)
    with transaction.atomic(), tenancy.scope(organization.id):
        organization.save(force_insert=True)
        owner = person_create(email=email, name=person, password=password, now=now)
        actor = Actor(
            kind="user",
            id=owner.id,
            label=owner.email,
            organization_id=organization.id,
            role=MemberRole.OWNER,
            request_id=request_id,
        )
        Membership.objects.create(
            organization=organization, user=owner, role=MemberRole.OWNER, created_at=now
        )
        audit.append(
            actor=actor,
            action="organization.found",
            entity="organization",
            target_id=organization.id,
            target_name=name,
            after={"name": name, "owner": owner.email},
            now=now,
        )
    return Founding(organization, owner, actor)


def person_create(*, email: str, name: str, password: str, now: datetime) -> User:
    """Make a person who can sign in.

    Raises Problem where the name is too long, the password is weak or the e-mail is known.
    """
    user = User(email=email.strip().lower(), name=name, created_at=now)
    if len(name) > LONGEST_NAME:
        raise Problem(
            "name_invalid",
            f"A name has at most {LONGEST_NAME} characters. Write a shorter one.",
            fields={"name": [f"At most {LONGEST_NAME} characters."]},
        )
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Problem(
            "password_weak",
            "The password is too easy to guess. Choose a longer one that no list contains.",
            fields={"password": list(weak.messages)},
        ) from None
    if User.objects.filter(email=user.email).exists():
        raise Problem(
            "email_taken",
            "A person with this e-mail is already here. Sign in as that person instead.",
            status=409,
            fields={"email": ["Already taken."]},
        )
    user.password = make_password(password)
    user.save(force_insert=True)
    return user


def organization_rename(*, actor: Actor, name: str, reason: str = "", now: datetime) -> Organization:
    """Give the actor's organization another name."""
    actor.require(Permission.ORGANIZATION_MANAGE, target_kind="organization", target_id=actor.organization_id)
    with tenancy.scope(actor.organization_id), transaction.atomic():
        organization = locked(actor.organization_id)
        before, organization.name = organization.name, name
        organization.save(update_fields=["name"])
        audit.append(
            actor=actor,
            action="organization.rename",
            entity="organization",
            target_id=organization.id,
            target_name=name,
            before={"name": before},
            after={"name": name},
            reason=reason,
            now=now,
        )
    return organization


def locked(organization_id: str) -> Organization:
    """Return the organization, held until the transaction ends: changes of owners go one after another."""
    organization = Organization.objects.select_for_update().filter(pk=organization_id).first()
    if organization is None:
        raise NotFound
    return organization
