"""What one changes about a cloud: verify it, rename it, protect it, delete it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clouds import queries
from clouds.models import Cloud
from clouds.services import operations
from clouds.services.clouds import cloud_describe, cloud_rename, set_protection
from clouds.states import CloudState, Kind, course
from iam.actors import Actor
from iam.errors import Problem
from iam.permissions import Permission
from portal.web import plans
from portal.web.drawing import ids_of
from portal.web.faces import face
from portal.web.new_gcp_cloud import listed
from portal.web.pages import PageRequest
from portal.web.sessions import CHANGES, back_to, page


def _settings(request: PageRequest, problem: Problem | None = None, *, cloud_id: str) -> HttpResponse:
    cloud = queries.cloud_for(request.actor, cloud_id)
    context = {
        "values": {"name": request.POST.get("name", cloud.name), **_record(request, cloud)},
        "problem": problem,
        "errors": problem.fields if problem else {},
        "why_not": _why_not(cloud, request.actor),
        **_leaving(cloud),
    }
    context["deletable"] = not context["why_not"]
    status = problem.status if problem else 200
    return face(request, cloud, "settings", "web/cloud_settings.html", context, status=status)


@page(Permission.CLOUD_READ)
def settings(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show the name, the protection and the danger zone."""
    return _settings(request, cloud_id=cloud_id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=_settings)
def rename(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Give the cloud another name."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    cloud_rename(
        actor=request.actor, cloud=cloud, name=request.POST.get("name", "").strip(), now=timezone.now()
    )
    messages.success(request, "The cloud was renamed.")
    return redirect("web:cloud-settings", cloud_id=cloud_id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=_settings)
def describe(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Mend the record of a cloud on GCP."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    asked = _record(request, cloud)
    options = {**asked, "service_accounts": listed(asked.get("service_accounts", ""))}
    cloud_describe(actor=request.actor, cloud=cloud, options=options, now=timezone.now())
    messages.success(request, "The record was changed.")
    return redirect("web:cloud-settings", cloud_id=cloud_id)


def _record(request: PageRequest, cloud: Cloud) -> dict[str, str]:
    """Return what the form on the record of a cloud on GCP says; nothing for one on AWS."""
    if not cloud.on_gcp:
        return {}
    kept = queries.gcp_record_of(cloud)
    shown = {
        "bucket": kept.bucket,
        "cluster_service_account": kept.cluster_service_account,
        "service_accounts": ", ".join(kept.service_accounts),
    }
    return {name: request.POST.get(name, value).strip() for name, value in shown.items()}


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=back_to("web:cloud-settings", "cloud_id"))
def protection(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Switch the protection against deletion on or off."""
    cloud, on = queries.cloud_for(request.actor, cloud_id), bool(request.POST.get("on"))
    set_protection(actor=request.actor, cloud=cloud, protected=on, now=timezone.now())
    messages.success(request, f"Deletion protection is {'on' if on else 'off'}.")
    return redirect("web:cloud-settings", cloud_id=cloud_id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=back_to("web:cloud", "cloud_id"))
def verify(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Ask for a verification and show it running."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    operations.request(actor=request.actor, cloud=cloud, kind=Kind.VERIFY, now=timezone.now())
    return redirect("web:cloud", cloud_id=cloud_id)


@page(Permission.CLOUD_DELETE, methods=CHANGES, again=back_to("web:cloud-settings", "cloud_id"))
def delete(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Ask for the delete, with the name typed, and show it running."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    asked = {
        "confirm_name": request.POST.get("confirm_name", ""),
        "bucket": request.POST.get("bucket", "keep"),
    }
    operations.request(
        actor=request.actor,
        cloud=cloud,
        kind=Kind.DELETE,
        input=asked,
        reason=request.POST.get("reason", "").strip(),
        now=timezone.now(),
    )
    return redirect("web:cloud", cloud_id=cloud_id)


def _why_not(cloud: Cloud, actor: Actor) -> str:
    """Say why a cloud cannot be deleted now; empty where it can."""
    if not actor.may(Permission.CLOUD_DELETE):
        return f"Your role ({actor.role}) cannot delete clouds. Ask an owner or administrator."
    if cloud.state == CloudState.DELETED:
        return "It is deleted already."
    if cloud.delete_protection:
        return "Deletion protection is on. Switch it off first."
    if course(Kind.DELETE, CloudState(cloud.state)) is None:
        return "An operation works on it now. Wait until it has ended, or cancel it."
    return ""


def _leaving(cloud: Cloud) -> dict[str, Any]:
    """Return what a delete takes away, what it leaves, and what stood in its way at the last look."""
    present = ids_of(queries.resources(cloud))
    bucket = present.pop("bucket", "")
    if cloud.kind == "registered":
        present, bucket = {}, ""
    role = cloud.role_arn or ""
    staying = (
        [{"label": "The cross-account role (you made it)", "id": role.rpartition("/")[2]}] if role else []
    )
    return {
        "plan": plans.delete_preview(cloud),
        "going": [{"label": name, "id": identity} for name, identity in present.items()],
        "staying": [*staying, {"label": "The history in Raydock", "id": "operations and audit events"}],
        "bucket": bucket,
    }
