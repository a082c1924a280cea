"""How a page is put together: the frame around it, the menu, the whole of it or only the live part."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from iam.actors import Actor
from iam.models import Organization
from iam.permissions import Permission

THEME_COOKIE = "raydock_theme"
THEMES = (("system", "System", "monitor"), ("light", "Light", "sun"), ("dark", "Dark", "moon"))
Crumb = tuple[str, str | None]


class PageRequest(HttpRequest):
    """A request as a page sees it: signed in, with an actor inside one organization."""

    actor: Actor
    organizations: Sequence[Organization]
    htmx: HtmxDetails
    request_id: str
    source_ip: str | None


class Section(NamedTuple):
    """One entry of the menu. People who lack the permission do not see it."""

    name: str
    label: str
    icon: str
    view: str
    permission: Permission


SECTIONS = (
    Section("clouds", "Clouds", "cloud", "web:clouds", Permission.CLOUD_READ),
    Section("operations", "Operations", "activity", "web:operations", Permission.OPERATION_READ),
    Section("audit", "Audit", "scroll-text", "web:audit", Permission.AUDIT_READ),
    Section("organization", "Organization", "users", "web:members", Permission.MEMBER_READ),
)
SANDBOX = Section("sandbox", "Sandbox account", "flask-conical", "web:sandbox", Permission.CLOUD_READ)


def render(
    request: PageRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    section: str = "clouds",
    crumbs: Sequence[Crumb] = (),
    live: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Answer with the page, or with its live part alone when htmx asks.

    `live` makes the page ask for itself every two seconds; the answer that is no longer live ends that.
    """
    shown = {**frame(request), "section": section, "crumbs": crumbs, "errors": {}, **(context or {})}
    shown["base"] = "bases/fragment.html" if request.htmx else "bases/page.html"
    shown["poll"] = request.get_full_path() if live else ""
    return django_render(request, template, shown, status=status)


def frame(request: PageRequest) -> dict[str, Any]:
    """Return what the frame around every page shows."""
    actor = request.actor
    sections = (*SECTIONS, SANDBOX) if settings.RAYDOCK.sandbox else SECTIONS
    return {
        "actor": actor,
        "may": {permission.name.lower(): True for permission in actor.permissions},
        "organizations": request.organizations,
        "organization": next(one for one in request.organizations if one.id == actor.organization_id),
        "nav": [
            {"name": one.name, "label": one.label, "icon": one.icon, "url": reverse(one.view)}
            for one in sections
            if actor.may(one.permission)
        ],
        "sandbox_on": settings.RAYDOCK.sandbox,
        "origin": settings.RAYDOCK.base_url,
        "docs_url": "/api/v1/docs",
        "themes": THEMES,
        "theme": theme(request),
    }


def theme(request: HttpRequest) -> str:
    """Return the theme the person has chosen: light, dark, or empty for what the system says."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in {"light", "dark"} else ""


def pager(request: PageRequest, cursor: str, query: str) -> dict[str, str]:
    """Return the addresses of the first and the next page of a list."""
    more = urlencode({"cursor": cursor}) if cursor else ""
    return {
        "next_url": f"{request.path}?{query}&{more}".replace("?&", "?") if cursor else "",
        "first_url": f"{request.path}?{query}".rstrip("?") if request.GET.get("cursor") else "",
    }
