"""How programs come in: service accounts and API tokens."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from iam.errors import Problem
from iam.models import ApiToken
from iam.permissions import Permission
from iam.service_accounts import service_account_create, service_account_remove, service_accounts
from iam.tokens import token_create, token_revoke, tokens
from portal.web.members import MOST, ROLES, asked_role
from portal.web.pages import PageRequest, render
from portal.web.sessions import CHANGES, back_to, page

LONGEST_NAME = 120
LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year"}
SCOPES = [
    ("read", "Read", "see clouds, operations and members"),
    ("write", "Write", "create, operate and delete clouds"),
    ("audit", "Audit", "read and export the audit log"),
    ("admin", "Admin", "everything your role may do"),
]


def _accounts(request: PageRequest, problem: Problem | None = None) -> HttpResponse:
    context = {"accounts": service_accounts(actor=request.actor, limit=MOST).results, "roles": ROLES}
    return _render(
        request, "web/service_accounts.html", "service-accounts", "Service accounts", context, problem
    )


def _tokens(request: PageRequest, problem: Problem | None = None, **more: Any) -> HttpResponse:
    now, manages = timezone.now(), request.actor.may(Permission.SERVICE_ACCOUNT_MANAGE)
    context = {
        "tokens": [(token, _state(token, now)) for token in tokens(actor=request.actor, limit=MOST).results],
        "holders": service_accounts(actor=request.actor, limit=MOST).results if manages else [],
        "chosen": request.POST.getlist("scopes") or ["read"],
        "scopes": SCOPES,
        "lifetimes": LIFETIMES.items(),
        **more,
    }
    return _render(request, "web/tokens.html", "tokens", "API tokens", context, problem)


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= now else "live"


def _render(
    request: PageRequest,
    template: str,
    face: str,
    label: str,
    context: dict[str, Any],
    problem: Problem | None,
) -> HttpResponse:
    form = {"values": request.POST, "errors": problem.fields if problem else {}, "problem": problem}
    return render(
        request,
        template,
        {**context, **form, "face": face},
        section="organization",
        crumbs=[("Organization", reverse("web:members")), (label, None)],
        status=problem.status if problem else 200,
    )


@page(Permission.MEMBER_READ)
def accounts(request: PageRequest) -> HttpResponse:
    """Show the service accounts."""
    return _accounts(request)


@page(Permission.SERVICE_ACCOUNT_MANAGE, methods=CHANGES, again=_accounts)
def account_new(request: PageRequest) -> HttpResponse:
    """Make a service account."""
    name, role = _name(request), asked_role(request)
    service_account_create(actor=request.actor, name=name, role=role, now=timezone.now())
    messages.success(request, f"{name} was created. Give it a token to let it in.")
    return redirect("web:service-accounts")


@page(Permission.SERVICE_ACCOUNT_MANAGE, methods=CHANGES, again=back_to("web:service-accounts"))
def account_end(request: PageRequest, account_id: str) -> HttpResponse:
    """Remove a service account and its tokens."""
    service_account_remove(actor=request.actor, service_account_id=account_id, now=timezone.now())
    messages.success(request, "The service account and its tokens were removed.")
    return redirect("web:service-accounts")


@page(Permission.TOKEN_OWN)
def api_tokens(request: PageRequest) -> HttpResponse:
    """Show the API tokens that the person may see."""
    return _tokens(request)


@page(Permission.TOKEN_OWN, methods=CHANGES, again=_tokens)
def token_new(request: PageRequest) -> HttpResponse:
    """Make a token and show its text, this once."""
    now, days = timezone.now(), request.POST.get("days", "")
    issued = token_create(
        actor=request.actor,
        name=_name(request),
        scopes=request.POST.getlist("scopes"),
        expires_at=now + timedelta(days=int(days) if days in LIFETIMES else 30),
        service_account_id=request.POST.get("holder", ""),
        now=now,
    )
    return _tokens(request, issued=issued)


@page(Permission.TOKEN_OWN, methods=CHANGES, again=back_to("web:tokens"))
def token_end(request: PageRequest, token_id: str) -> HttpResponse:
    """Revoke a token at once."""
    token_revoke(actor=request.actor, token_id=token_id, now=timezone.now())
    messages.success(request, "The token was revoked.")
    return redirect("web:tokens")


def _name(request: PageRequest) -> str:
    name = request.POST.get("name", "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        said = "Give it a name of 1 to 120 characters, so that people know what it is for."
        raise Problem("name_invalid", said, fields={"name": [said]})
    return name
