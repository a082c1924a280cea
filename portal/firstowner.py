"""The first organization and its owner, so that a fresh Raydock can be signed in to."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from iam import audit, tenancy
from iam.access import actor_for_session
from iam.actors import Actor
from iam.models import ApiToken, User
from iam.organizations import organization_found
from iam.permissions import SCOPES
from iam.secrets import TOKEN_KIND, prefix_of
from iam.tokens import token_create
from portal.privatefiles import read_if_there, write_privately

ORGANIZATION: Final = "Kestrel Robotics"
EMAIL: Final = "robin@kestrel.example"
PERSON: Final = "Robin Vale"
REQUEST_ID: Final = "req_prepare"


def fresh_password() -> str:
    """A password nobody guesses and anybody can type."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


def demo_owner(folder: Path, now: datetime) -> Mapping[str, Any]:
    """The owner described in owner.json, made or mended so that what stands there works."""
    path = folder / "owner.json"
    kept = read_if_there(path)
    if kept and _still_works(kept):
        return kept
    user = User.objects.filter(email=EMAIL).first()
    about = _let_in_again(user, now) if user else first_owner(ORGANIZATION, EMAIL, PERSON, now)
    write_privately(path, about)
    return about


def first_owner(organization: str, email: str, person: str, now: datetime) -> dict[str, Any]:
    """Found an organization; its owner's password and token are in the answer and nowhere else."""
    password = fresh_password()
    founding = organization_found(
        name=organization, email=email, person=person, password=password, request_id=REQUEST_ID, now=now
    )
    return _described(founding.actor, password, now)


def _still_works(kept: Mapping[str, Any]) -> bool:
    user = User.objects.filter(email=kept.get("email", ""), is_active=True).first()
    prefix = prefix_of(str(kept.get("api_token", "")), TOKEN_KIND)
    if user is None or prefix is None:
        return False
    with tenancy.everyone():
        return ApiToken.objects.filter(prefix=prefix, revoked_at=None).exists()


@transaction.atomic
def _let_in_again(user: User, now: datetime) -> dict[str, Any]:
    """A new password and token for the demo owner whose owner.json was lost."""
    actor = actor_for_session(user, None, source_ip=None, request_id=REQUEST_ID)
    password = fresh_password()
    user.password = make_password(password)
    user.save(update_fields=["password"])
    audit.append(
        actor=actor,
        action="user.reset_password",
        entity="user",
        target_id=user.id,
        target_name=user.email,
        reason="owner.json was missing from the data folder",
        now=now,
    )
    return _described(actor, password, now)


def _described(actor: Actor, password: str, now: datetime) -> dict[str, Any]:
    issued = token_create(actor=actor, name="run.json", scopes=[*SCOPES], expires_at=None, now=now)
    return {
        "email": actor.label,
        "password": password,
        "api_token": issued.secret,
        "organization_id": actor.organization_id,
    }
