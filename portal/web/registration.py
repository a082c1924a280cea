"""What a customer gives for a registered cloud: the form, and answering for checks that stand in the way."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clouds import queries
from clouds.models import Cloud
from clouds.services import activation, operations
from clouds.states import ACTIVATABLE, CloudState, Kind, course
from iam.errors import Problem
from iam.permissions import Permission
from portal.web.errors import refusal
from portal.web.faces import face
from portal.web.new_cloud import CONNECTING, steps
from portal.web.pages import PageRequest
from portal.web.sessions import CHANGES, back_to, page

SINGLE = ("vpc", "cluster_role", "instance_profile", "bucket")
LISTS = ("subnets", "security_groups")


def _form(request: PageRequest, problem: Problem | None = None, *, cloud_id: str) -> HttpResponse:
    cloud = queries.cloud_for(request.actor, cloud_id)
    if problem and not _is_registered(cloud):
        return refusal(request, problem)
    state = CloudState(cloud.state)
    context = {
        "values": _asked(request) if problem else _known(cloud),
        "problem": problem,
        "errors": problem.fields if problem else {},
        "steps": steps("register", cloud),
        "first": cloud.registration is None,
        "early": state in CONNECTING,
        "registrable": course(Kind.REGISTER, state) is not None,
    }
    status = problem.status if problem else 200
    return face(request, cloud, "registration", "web/registration.html", context, typing=True, status=status)


@page(Permission.CLOUD_READ)
def registration(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Ask for the network, the role and the bucket that the customer made."""
    if not _is_registered(queries.cloud_for(request.actor, cloud_id)):
        return redirect("web:cloud", cloud_id=cloud_id)
    return _form(request, cloud_id=cloud_id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=_form)
def register(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Look for what was given, and check it."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    asked = _asked(request)
    given: dict[str, Any] = {
        **{name: asked[name] for name in SINGLE},
        **{name: _listed(asked[name]) for name in LISTS},
        "private_network": asked["private_network"] == "yes",
    }
    if "outputs" in request.POST:
        given = {"outputs": asked["outputs"], "private_network": given["private_network"]}
    operations.request(actor=request.actor, cloud=cloud, kind=Kind.REGISTER, input=given, now=timezone.now())
    return redirect("web:cloud", cloud_id=cloud.id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=back_to("web:cloud-checks", "cloud_id"))
def activate(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Let the cloud be active because a person answers for what stands in the way."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    activation.cloud_activate(
        actor=request.actor,
        cloud=cloud,
        acknowledge=request.POST.getlist("acknowledge"),
        reason=request.POST.get("reason", ""),
        now=timezone.now(),
    )
    messages.success(request, "The cloud is active. Who answered for what is in the audit log.")
    return redirect("web:cloud", cloud_id=cloud.id)


def answerable(cloud: Cloud) -> list[dict[str, Any]]:
    """Return the checks that somebody may answer for, each once; none where nobody can activate the cloud."""
    if not _is_registered(cloud) or CloudState(cloud.state) not in ACTIVATABLE:
        return []
    verification = activation.last_whole(cloud)
    found = activation.unacknowledged(cloud, verification) if verification else []
    if any(one.check_id in activation.NEVER for one in found):
        return []
    once = {one.check_id: one for one in found}
    return [{"id": name, "title": one.title, "observed": one.observed} for name, one in once.items()]


def _is_registered(cloud: Cloud) -> bool:
    """Say whether something can be given for the cloud: on GCP its record says all there is."""
    return cloud.kind == "registered" and not cloud.on_gcp


def _listed(text: str) -> list[str]:
    """Return what stands between commas and line ends; a name may hold blanks."""
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


def _known(cloud: Cloud) -> dict[str, str]:
    """Return what was given before, as the form shows it."""
    found = queries.registration_of(cloud)
    given = found.given() if found else {}
    return {
        **{name: str(given.get(name, "")) for name in SINGLE},
        **{name: ", ".join(given.get(name, ())) for name in LISTS},
        "private_network": "yes" if given.get("private_network") else "",
    }


def _asked(request: PageRequest) -> dict[str, str]:
    return {
        name: request.POST.get(name, "").strip() for name in (*SINGLE, *LISTS, "private_network", "outputs")
    }
