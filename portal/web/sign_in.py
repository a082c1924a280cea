"""Signing in and out, and changing the organization one works in."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from iam import access
from iam.errors import Problem
from iam.invitations import invitation_accept
from iam.models import User
from portal.web.pages import PageRequest, theme
from portal.web.sessions import ORGANIZATION_KEY, open_to_anyone

BACKEND = "django.contrib.auth.backends.ModelBackend"


@open_to_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or sign a person in. What was wrong is said in the same words for every cause."""
    if not isinstance(request.user, AnonymousUser):
        return redirect(_next(request))
    if request.method != "POST":
        return _form(request)
    asked = cast("PageRequest", request)
    try:
        user = access.authenticate(
            email=request.POST.get("email", ""),
            password=request.POST.get("password", ""),
            source_ip=asked.source_ip,
            request_id=asked.request_id,
            now=timezone.now(),
        )
    except Problem as problem:
        return _form(request, problem)
    login(request, user, backend=BACKEND)
    return redirect(_next(request))


@open_to_anyone
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show an invitation, or accept it: a new person chooses a password, a known one gives theirs."""
    if request.method != "POST":
        return _invitation_form(request)
    asked = cast("PageRequest", request)
    try:
        member = invitation_accept(
            secret=secret,
            name=request.POST.get("name", "").strip(),
            password=request.POST.get("password", ""),
            source_ip=asked.source_ip,
            request_id=asked.request_id,
            now=timezone.now(),
        )
    except Problem as problem:
        return _invitation_form(request, problem)
    login(request, member.user, backend=BACKEND)
    request.session[ORGANIZATION_KEY] = member.organization_id
    return redirect("web:clouds")


@open_to_anyone
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("web:sign-in")


@open_to_anyone
@require_POST
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Work in another of the person's organizations from now on; one that is not theirs changes nothing."""
    wanted = request.POST.get("organization", "")
    if isinstance(request.user, User) and wanted in {one.id for one in access.organizations_of(request.user)}:
        request.session[ORGANIZATION_KEY] = wanted
    return redirect("web:clouds")


def _form(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    return _alone(request, "web/sign_in.html", problem, email=request.POST.get("email", ""))


def _invitation_form(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    return _alone(request, "web/invitation.html", problem, name=request.POST.get("name", ""))


def _alone(request: HttpRequest, template: str, problem: Problem | None, **values: str) -> HttpResponse:
    """Render a page that needs nobody signed in. A password is never written back into the form."""
    context = {
        "problem": problem,
        "errors": problem.fields if problem else {},
        "values": values,
        "next": _next(request),
        "sandbox_on": settings.RAYDOCK.sandbox,
        "theme": theme(request),
    }
    return render(request, template, context, status=problem.status if problem else 200)


def _next(request: HttpRequest) -> str:
    """Return where to go afterwards: a page of this console or the start."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    fits = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if fits else "/"
