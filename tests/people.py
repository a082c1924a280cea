"""Everybody an access test needs: an owner, an administrator, a member, an auditor, a program, a stranger."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from rest_framework.test import APIClient

from iam import tenancy
from iam.access import actor_for_token
from iam.actors import Actor
from iam.ids import new_id
from iam.models import ApiToken, Membership, Organization, ServiceAccount
from iam.organizations import Founding, organization_found, person_create
from iam.permissions import SCOPES, MemberRole
from iam.secrets import TOKEN_KIND, new_secret

# Of letters that no id holds: a password that looks like the (random) e-mail address would be refused.
PASSWORD = "Lilo? Lulu! Oil, iou: ilou?!"


@dataclass(frozen=True)
class Person:
    """Somebody with an API token of every scope; `actor` is who that token makes of them."""

    actor: Actor
    token: str
    place_id: str

    @property
    def here(self) -> AbstractContextManager[None]:
        """The scope of the person's organization, as an entry point opens it."""
        return tenancy.scope(self.actor.organization_id)

    @property
    def api(self) -> APIClient:
        """A REST client that sends the token."""
        return client(self.token)


@dataclass(frozen=True)
class People:
    """An organization with one of each; the stranger owns another one."""

    organization: Organization
    owner: Person
    admin: Person
    member: Person
    auditor: Person
    program: Person
    stranger: Person
    others: Organization

    @property
    def insiders(self) -> dict[str, Person]:
        """All who belong to the organization, by what they are."""
        names = ("owner", "admin", "member", "auditor", "program")
        return {name: getattr(self, name) for name in names}


def people(now: datetime) -> People:
    """Found two organizations and fill the first."""
    ours, theirs = found("ours", now), found("theirs", now)
    join_us = partial(join, ours.organization, now=now)
    with tenancy.scope(ours.organization.id):
        account = ServiceAccount.objects.create(
            organization=ours.organization, name="robot", role=MemberRole.ADMIN, created_at=now
        )
    return People(
        organization=ours.organization,
        owner=_founder(ours, now),
        admin=join_us(role=MemberRole.ADMIN),
        member=join_us(role=MemberRole.MEMBER),
        auditor=join_us(role=MemberRole.AUDITOR),
        program=_with_token(account, now),
        stranger=_founder(theirs, now),
        others=theirs.organization,
    )


def found(name: str, now: datetime) -> Founding:
    """A new organization of this name, owned by owner-<something>@<name>.example."""
    email = f"owner-{new_id('x')[-8:]}@{name}.example"
    return organization_found(name=name, email=email, person="Olga Owner", password=PASSWORD, now=now)


def join(organization: Organization, *, role: MemberRole, now: datetime) -> Person:
    """A new person with this role in the organization."""
    email = f"{role}-{new_id('x')[-8:]}@{organization.name}.example"
    with tenancy.scope(organization.id):
        user = person_create(email=email, name=f"Mx {role}", password=PASSWORD, now=now)
        place = Membership.objects.create(organization=organization, user=user, role=role, created_at=now)
    return _with_token(place, now)


def _founder(founding: Founding, now: datetime) -> Person:
    with tenancy.scope(founding.organization.id):
        place = Membership.objects.get(user=founding.owner, organization=founding.organization)
    return _with_token(place, now)


def _with_token(holder: Membership | ServiceAccount, now: datetime) -> Person:
    secret = new_secret(TOKEN_KIND)
    with tenancy.scope(holder.organization_id):
        ApiToken.objects.create(
            organization_id=holder.organization_id,
            membership=holder if isinstance(holder, Membership) else None,
            service_account=holder if isinstance(holder, ServiceAccount) else None,
            name="all scopes",
            prefix=secret.prefix,
            digest=secret.digest,
            scopes=sorted(SCOPES),
            created_at=now,
        )
    actor = actor_for_token(secret.text, source_ip="192.0.2.7", request_id="req_test", now=now)
    return Person(actor, secret.text, holder.id)


def client(token: str = "", **options: bool) -> APIClient:
    """A REST client with this token; without one it is nobody."""
    made = APIClient(**options)
    if token:
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return made
