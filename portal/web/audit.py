"""The audit log: filters in the address, one event with what changed, whether the chain holds."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse

from clouds import queries
from clouds.models import AwsCall
from iam import access
from iam import audit as log
from iam.audit import AuditFilters
from iam.permissions import Permission
from portal.web.pages import PageRequest, pager, render
from portal.web.sessions import page

EXPORT_URL = "/api/v1/audit-events/export"
FILTERS = (
    "q",
    "entity",
    "outcome",
    "from",
    "to",
    "actor",
    "action",
    "target",
    "cloud",
    "source_ip",
    "operation",
)
KEPT = ("actor", "action", "target", "cloud", "source_ip", "operation")  # set by links, shown as tags
ENTITIES = [
    (name, name.replace("_", " ").capitalize())
    for name in ("cloud", "operation", "member", "invitation", "service_account", "token", "session", "audit")
]
OUTCOMES = [(name, name.capitalize()) for name in ("succeeded", "failed", "denied")]
CALLS_SHOWN = 25


@page(Permission.AUDIT_READ)
def audit(request: PageRequest) -> HttpResponse:
    """Show the events that fit the filters, newest first."""
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    found = log.events(actor=request.actor, filters=filters(chosen), cursor=request.GET.get("cursor", ""))
    query = urlencode({name: value for name, value in chosen.items() if value})
    context = {
        "events": found.results,
        "head": log.head(request.actor.organization_id),
        "filters": chosen,
        "kept": KEPT,
        "query": query,
        "entities": ENTITIES,
        "outcomes": OUTCOMES,
        "export_url": EXPORT_URL,
        **pager(request, found.next, query),
    }
    return render(request, "web/audit.html", context, section="audit", crumbs=[("Audit", None)])


@page(Permission.AUDIT_READ)
def event(request: PageRequest, event_id: str) -> HttpResponse:
    """Show one event: who, where, what changed, and the AWS calls of its operation."""
    found = access.event_for(request.actor, event_id)
    calls = _calls(request, found.operation_id)
    context = {"event": found, "diff": diff(found.before, found.after), "calls": calls}
    crumbs = [("Audit", reverse("web:audit")), (found.action, None)]
    return render(request, "web/audit_event.html", context, section="audit", crumbs=crumbs)


@page(Permission.AUDIT_READ)
def integrity(request: PageRequest) -> HttpResponse:
    """Walk the whole chain and say whether it holds."""
    context = {"integrity": log.verify(request.actor.organization_id)}
    crumbs = [("Audit", reverse("web:audit")), ("Integrity", None)]
    return render(request, "web/audit_integrity.html", context, section="audit", crumbs=crumbs)


def filters(chosen: Mapping[str, str]) -> AuditFilters:
    """Return the filters of an address. A date that is none is left out: the field shows what was typed."""
    names = ("q", "entity", "outcome", "actor", "action", "target", "cloud", "source_ip", "operation")
    last = day(chosen.get("to", ""))
    return AuditFilters(
        **{name: chosen.get(name, "") for name in names},
        start=day(chosen.get("from", "")),
        end=last + timedelta(days=1) if last and last.date() < date.max else None,
    )


def day(text: str) -> datetime | None:
    """Return the first moment of a day in UTC, or None where the text is not a date."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def diff(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return one row for each field that the event names, with what it was and what it became."""
    old, new = before or {}, after or {}
    return [
        {
            "name": name,
            "before": _shown(old.get(name)),
            "after": _shown(new.get(name)),
            "changed": old.get(name) != new.get(name),
        }
        for name in dict.fromkeys([*old, *new])
    ]


def _shown(value: object) -> object:
    """Return a value as the page writes it: what has parts as JSON, line by line."""
    return json.dumps(value, indent=1, ensure_ascii=False) if isinstance(value, dict | list) else value


def _calls(request: PageRequest, operation_id: str) -> list[AwsCall]:
    """Return the AWS calls under an event; none where the reader may not see its operation."""
    if not operation_id or not request.actor.may(Permission.OPERATION_READ):
        return []
    return queries.aws_calls(queries.operation_for(request.actor, operation_id), limit=CALLS_SHOWN).results
