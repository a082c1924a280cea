"""The faces of one cloud: overview, checks, resources, activity, access."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from clouds import queries
from clouds.export.policies import policy_documents
from clouds.models import Cloud, CloudResource, Operation, VerificationFinding
from clouds.queries import OperationFilters
from clouds.states import CloudState
from iam import audit
from iam.audit import AuditFilters
from iam.errors import NotFound
from iam.permissions import Permission
from portal.web import words
from portal.web.documents import bootstrap_of, download, pretty
from portal.web.drawing import draw, ids_of
from portal.web.faces import face, under_way
from portal.web.pages import PageRequest
from portal.web.progress import OPEN, Moment
from portal.web.records import record_face
from portal.web.registration import answerable
from portal.web.sessions import page
from portal.web.trust import trust_part

SHORT, LONG = 6, 25
SHOW = [("all", "All checks"), ("open", "Not passed"), ("PASS", "Passed")]
BADNESS = {"FAIL": 0, "UNKNOWN": 1, "WARN": 2, "PASS": 3}
NOTICES = {
    CloudState.REGISTERED: {
        "tone": "warn",
        "icon": "triangle-alert",
        "title": "This cloud is registered and not active",
        "text": "Checks stand in the way. Mend what they name and verify, or answer for them (see Checks).",
    },
    CloudState.SUSPENDED: {
        "tone": "bad",
        "icon": "ban",
        "title": "This cloud is suspended",
        "text": "Its role lets Raydock in without the external ID. "
        "Mend the trust policy (see Access), then verify.",
    },
    CloudState.DELETED: {
        "tone": "info",
        "icon": "trash-2",
        "title": "This cloud is deleted",
        "text": "Nothing of it is in AWS but what you asked to keep. Its history stays readable here.",
    },
}


@page(Permission.CLOUD_READ)
def overview(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show what runs, what is there, what is wrong and what happened last."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.on_gcp:
        return record_face(request, cloud, "overview")
    found, resources = queries.findings(cloud), queries.resources(cloud)
    recent = queries.operations(request.actor, OperationFilters(cloud=cloud.id), limit=SHORT).results
    operation = next((one for one in recent if one.state in OPEN), recent[0] if recent else None)
    progress = under_way(operation)
    context = {
        **progress,
        # The sheet shows what Raydock makes; what a customer made is wired as the customer likes.
        "drawing": None
        if cloud.kind == "registered"
        else draw(
            resources,
            found,
            made=progress["made"],
            connected=bool(cloud.role_arn),
            zones=cloud.options.get("zones") or 3,
            vpc_cidr=queries.spec_of(cloud).vpc_cidr,
        ),
        "findings": found,
        "troubles": [one for one in worst(found) if one.status != "PASS"][:SHORT],
        "passed": passed(found),
        "areas": _areas(found),
        "facts": key_facts(cloud, resources),
        "activity": [_moment(one) for one in recent],
        "notice": NOTICES.get(CloudState(cloud.state)),
    }
    return face(request, cloud, "overview", "web/cloud.html", context)


@page(Permission.CLOUD_READ)
def checks(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show every check of the last verification, by area; what did not pass comes with its fix."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.on_gcp:
        return record_face(request, cloud, "checks")
    verification = queries.last_verification(cloud)
    found = queries.findings(cloud, verification) if verification else []
    shown = request.GET.get("show", "all")
    context = {
        "verification": verification,
        "findings": found,
        "passed": passed(found),
        "areas": _areas([one for one in found if _fits(one, shown)]),
        "shown": shown,
        "show_choices": SHOW,
        "answerable": answerable(cloud) if request.actor.may(Permission.CLOUD_OPERATE) else [],
    }
    return face(request, cloud, "checks", "web/checks.html", context)


@page(Permission.CLOUD_READ)
def resources(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show every resource with its id in AWS."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.on_gcp:
        return record_face(request, cloud, "resources")
    return face(request, cloud, "resources", "web/resources.html", {"resources": queries.resources(cloud)})


@page(Permission.OPERATION_READ)
def activity(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show the operations of the cloud and, for those who may, its audit events."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    reads = request.actor.may(Permission.AUDIT_READ)
    asked = AuditFilters(cloud=cloud.id)
    context = {
        "operations": queries.operations(request.actor, OperationFilters(cloud=cloud.id), limit=LONG).results,
        "events": audit.events(actor=request.actor, filters=asked, limit=LONG).results if reads else [],
    }
    return face(request, cloud, "activity", "web/cloud_activity.html", context)


@page(Permission.CLOUD_READ)
def access(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show who may enter the account, and rotate the external ID that lets them in."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.on_gcp:
        return record_face(request, cloud, "access")
    context = {
        "portal_role_arn": bootstrap_of(cloud).portal_role_arn,
        **trust_part(cloud),
    }
    return face(request, cloud, "access", "web/access.html", context, trail=[("Trust", None)])


@page(Permission.CLOUD_READ)
def policy(request: PageRequest, cloud_id: str, name: str) -> HttpResponse:
    """Give one policy document as a file."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    queries.refuse_on_gcp(cloud, "policies")
    for one in policy_documents(queries.spec_of(cloud), cloud.external_id):
        if one.name == name:
            return download(pretty(one.document), f"{name}.json")
    raise NotFound


def key_facts(cloud: Cloud, resources: Iterable[CloudResource]) -> list[dict[str, Any]]:
    """Return the ids one reaches for most; those that do not exist yet are left out."""
    present = ids_of(resources)
    found = [
        ("Cross-account role", cloud.role_arn),
        ("External ID", cloud.external_id),
        ("VPC", present.get("vpc")),
        ("Security group", present.get("security-group") or present.get("security-group-1")),
        ("Cluster role", present.get("cluster-role")),
        ("Bucket", f"s3://{present['bucket']}" if "bucket" in present else None),
    ]
    return [{"label": label, "value": value} for label, value in found if value]


def passed(findings: Iterable[VerificationFinding]) -> int:
    """Count the checks that passed."""
    return sum(one.status == "PASS" for one in findings)


def worst(findings: Iterable[VerificationFinding]) -> list[VerificationFinding]:
    """Return the findings with the worst first, else in the order they were found."""
    return sorted(findings, key=lambda one: BADNESS.get(one.status, 0))


def _areas(findings: list[VerificationFinding]) -> list[dict[str, Any]]:
    """Return the findings by area, the areas with the worst first, else in their usual order."""
    order = [*words.AREAS, *{one.area: None for one in findings if one.area not in words.AREAS}]
    grouped = {area: worst([one for one in findings if one.area == area]) for area in order}
    found = [
        {
            "label": words.AREAS.get(area, area.capitalize()),
            "findings": mine,
            "passed": passed(mine),
            "status": mine[0].status,
        }
        for area, mine in grouped.items()
        if mine
    ]
    return sorted(found, key=lambda one: BADNESS.get(str(one["status"]), 0))


def _fits(finding: VerificationFinding, shown: str) -> bool:
    if shown == "open":
        return finding.status != "PASS"
    return shown in {"all", finding.status}


def _moment(operation: Operation) -> Moment:
    kind, shown = words.OPERATION_KINDS.get(operation.kind, operation.kind), words.word(operation.state)
    return Moment(
        label=f"{kind} {shown.label.lower()}",
        note=operation.message,
        tone="" if shown.tone == "idle" else shown.tone,
        icon=shown.icon,
        at=operation.finished_at or operation.created_at,
        url=reverse("web:operation", args=[operation.id]),
    )
