"""The mapping of a cloud: edit it as rules or YAML, see what it does, save it, go back to a version."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as fragment
from django.urls import reverse
from django.utils import timezone

from clouds import configurations, queries
from clouds.config.differences import differences, text_difference
from clouds.config.document import from_yaml
from clouds.config.examining import examine
from clouds.config.faults import ConfigFault, as_problem
from clouds.config.reading import tidy
from clouds.configurations import identity_of, ready_mapping
from clouds.models import Cloud
from clouds.services.configurations import config_rollback, config_save
from iam.errors import Problem
from iam.mapping import WORKLOAD_TYPES, DefaultRule, OverrideMode
from iam.permissions import Permission
from portal.web import drafts
from portal.web.faces import face
from portal.web.pages import PageRequest
from portal.web.sessions import CHANGES, back_to, page

LISTED = 12
RULE = re.compile(r"rules\[(\d+)\]")
OWN = {"AWS": "the cloud's own role", "GCP": "the default service account"}
OVERRIDES = (
    ("", "may set any (as usual)"),
    (OverrideMode.ALLOW.value, "may set any"),
    (OverrideMode.ALLOW_LIST.value, "may set one of the list"),
    (OverrideMode.DENY.value, "may set none"),
)


@page(Permission.CLOUD_READ)
def mapping(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show the mapping, what it does, and its versions; the simulator asks by the address."""
    return _shown(request, queries.cloud_for(request.actor, cloud_id))


def _again(request: PageRequest, problem: Problem, *, cloud_id: str) -> HttpResponse:
    """Show the editor with the draft as it was sent, and why it was not saved."""
    return _shown(request, queries.cloud_for(request.actor, cloud_id), problem=problem)


@page(Permission.CLOUD_CONFIGURE, methods=CHANGES)
def draft(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Examine a draft while it is written; buttons of the list change it. Nothing is saved."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if not request.htmx:
        return _shown(request, cloud)
    context = _context(request, cloud)
    template = "parts/mapping_editor.html" if request.POST.get("do") else "parts/mapping_parts.html"
    return fragment(request, template, context)


@page(Permission.CLOUD_CONFIGURE, methods=CHANGES, again=_again)
def save(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Put the draft in force, with a comment, unless somebody else saved meanwhile."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    made = drafts.sent(request.POST, identity_of(cloud))
    try:
        document = from_yaml(made.text, identity_of(cloud))
    except ConfigFault as error:
        raise as_problem(error) from error
    version = config_save(
        actor=request.actor,
        cloud=cloud,
        document=document,
        expected=made.base,
        reason=request.POST.get("reason", "").strip(),
        now=timezone.now(),
    )
    changed = version.number != made.base
    said = f"Saved as version {version.number}." if changed else "Nothing was changed, so nothing was saved."
    messages.success(request, said)
    return redirect("web:cloud-mapping", cloud_id=cloud_id)


@page(Permission.CLOUD_READ)
def version(request: PageRequest, cloud_id: str, number: int) -> HttpResponse:
    """Show one version: who saved it and why, what it changed, its YAML and what its values stood for."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    found = configurations.version_for(cloud, number)
    before = configurations.base_for(cloud, found.number - 1)
    names = (f"version {before.number}", f"version {found.number}")
    context = {
        "version": found,
        "before": before.number,
        "current": configurations.current(cloud).number,
        "changes": [_told(one.to_json()) for one in differences(before.document, found.document)],
        "text": text_difference(before.source, found.source, names=names),
    }
    trail = [("Mapping", reverse("web:cloud-mapping", args=[cloud.id])), (f"Version {found.number}", None)]
    return face(request, cloud, "access", "web/mapping_version.html", context, typing=True, trail=trail)


@page(
    Permission.CLOUD_CONFIGURE,
    methods=CHANGES,
    again=back_to("web:cloud-mapping-version", "cloud_id", "number"),
)
def rollback(request: PageRequest, cloud_id: str, number: int) -> HttpResponse:
    """Put an earlier version in force again."""
    made = config_rollback(
        actor=request.actor,
        cloud=queries.cloud_for(request.actor, cloud_id),
        number=number,
        reason=request.POST.get("reason", "").strip(),
        now=timezone.now(),
    )
    messages.success(request, f"Version {number} counts again, as version {made.number}.")
    return redirect("web:cloud-mapping", cloud_id=cloud_id)


def _shown(request: PageRequest, cloud: Cloud, *, problem: Problem | None = None) -> HttpResponse:
    context = {
        **_context(request, cloud),
        "problem": problem,
        "versions": configurations.versions(cloud, limit=LISTED).results,
    }
    status = problem.status if problem else 200
    return face(
        request,
        cloud,
        "access",
        "web/mapping.html",
        context,
        typing=True,
        status=status,
        trail=[("Mapping", None)],
    )


def _context(request: PageRequest, cloud: Cloud) -> dict[str, Any]:
    """Return the draft (what was sent, else what counts) and what it does."""
    own, current = identity_of(cloud), configurations.current(cloud)
    now = ready_mapping(cloud).mapping
    writing = request.method == "POST"
    made = drafts.sent(request.POST, own) if writing else drafts.saved(current.source, current.number, own)
    if request.POST.get("do") == "rebase":
        made.base = current.number
    config = made.document.mapping if made.document else None
    if config is not None:
        known = configurations.known_of(cloud, config)
        made.remarks = examine(config, known, provider=own.provider, account_id=own.account_id)
    fields = request.POST if writing else request.GET
    given = tidy(request.POST.get("yaml", ""))
    return {
        "cloud": cloud,
        "draft": made,
        "current": current,
        "stale": made.base != current.number,
        "touched": made.text != current.source,
        "answers": drafts.answers(now, config, queries.default_role_of(cloud), fields.dict())
        if config
        else None,
        "asked": {name: fields.get(f"sim-{name}", "") for name in (*drafts.LABEL_FIELDS, "profile")},
        "reason": request.POST.get("reason", ""),
        "own": OWN[own.provider],
        "defaults": (
            (DefaultRule.CLOUD_DEFAULT.value, f"gets {OWN[own.provider]}"),
            (DefaultRule.FAIL.value, "does not start"),
        ),
        "overrides": OVERRIDES,
        "yaml_changed": writing and drafts.digest(given) != request.POST.get("shown"),
        "yaml_written": made.text != given,
        "types": WORKLOAD_TYPES,
        "gcp": own.provider == "GCP",
        "may": {one.name.lower(): True for one in request.actor.permissions},
    }


def _told(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change with its place in words, and its sides as one line each."""
    where = change["path"].removeprefix("dataplane_iam_mapping.")
    where = RULE.sub(lambda found: f"Rule {int(found[1]) + 1}", where)
    return {**change, "where": where, "before": _line(change["before"]), "after": _line(change["after"])}


def _line(side: object) -> str:
    if isinstance(side, dict) and "selector" in side:
        return f"{side['selector'] or '(every workload)'} → {side['value']}"
    if isinstance(side, dict):
        return ", ".join(f"{name}: {value}" for name, value in side.items())
    return "" if side is None else str(side)
