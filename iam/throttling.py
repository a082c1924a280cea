"""How often an address or an e-mail may try, counted in the database before anything costly happens.

A budget is a bucket: each attempt pushes a point in time on by `every`; an attempt is refused while that
point lies more than `burst` attempts ahead of now (the generic cell rate algorithm).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from django.db import transaction

from iam.errors import TooMany
from iam.models import SignInAttempt


@dataclass(frozen=True)
class Budget:
    """So many attempts at once, then one each `every`."""

    name: str
    burst: int
    every: timedelta


# At most 10 + 40 passwords of one account are tried in an hour, wherever they come from.
SIGN_IN_EMAIL = Budget("sign-in e-mail", 10, timedelta(seconds=90))
SIGN_IN_ADDRESS = Budget("sign-in address", 30, timedelta(seconds=6))
TOKEN_ADDRESS = Budget("token address", 60, timedelta(seconds=1))
INVITATION_ADDRESS = Budget("invitation address", 20, timedelta(seconds=10))


def spend(budget: Budget, subject: str, *, now: datetime) -> None:
    """Count one attempt of the subject, or raise TooMany without counting it."""
    key = _key(budget, subject)
    with transaction.atomic():
        # Never further ahead than a full bucket, even if a clock was set back since.
        used_until = min(_used_until(key, now), now + budget.every * budget.burst)
        wait = used_until - now - budget.every * (budget.burst - 1)
        if wait > timedelta():
            raise TooMany(ceil(wait.total_seconds()))
        SignInAttempt.objects.filter(pk=key).update(used_until=max(used_until, now) + budget.every)


def forgive(budget: Budget, subject: str) -> None:
    """Give the subject its whole budget back: it has shown who it is."""
    SignInAttempt.objects.filter(pk=_key(budget, subject)).delete()


def _used_until(key: str, now: datetime) -> datetime:
    row = SignInAttempt.objects.select_for_update().filter(pk=key).first()
    if row is None:
        # A point in the past says nothing any more: the table holds no more than the attempts of late.
        SignInAttempt.objects.filter(used_until__lt=now).delete()
        SignInAttempt.objects.bulk_create([SignInAttempt(subject=key, used_until=now)], ignore_conflicts=True)
        row = SignInAttempt.objects.select_for_update().get(pk=key)
    return row.used_until


def _key(budget: Budget, subject: str) -> str:
    return sha256(f"{budget.name}:{subject}".encode(errors="replace")).hexdigest()
