"""A new cloud in three short steps: reserve it, connect its account, create it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from clouds import queries
from clouds.export import bootstrap as export
from clouds.models import Cloud
from clouds.services import operations
from clouds.services.clouds import cloud_reserve
from clouds.states import CloudState, Kind
from iam.errors import NotFound, Problem
from iam.permissions import Permission
from portal.web import plans, playground
from portal.web.documents import bootstrap_of, download
from portal.web.errors import refusal
from portal.web.faces import CRUMB
from portal.web.pages import PageRequest, render
from portal.web.progress import Phase
from portal.web.regions import REGIONS
from portal.web.sessions import CHANGES, back_to, page

PATIENCE = 3600  # seconds to wait for a role that a person is about to create
ALL_ZONES = ("", "As many as fit")
ZONES = [ALL_ZONES, *((str(number), str(number)) for number in range(2, 7))]
DEFAULTS = {
    "region": "us-east-1",
    "kind": "managed",
    "vpc_cidr": "10.0.0.0/16",
    "zones": "3",
    "ingress_cidrs": "0.0.0.0/0",
}
OPTIONS = ("vpc_cidr", "zones", "ingress_cidrs")
LONGEST_NUMBER = 9  # digits; what is longer is refused as text, since reading it takes time
CONNECTING = (CloudState.RESERVED, CloudState.CONNECTING)
FORMS: Mapping[str, tuple[str, str, Any, str]] = {
    "cloudformation": (
        "CloudFormation",
        "raydock-role.json",
        export.cloudformation,
        "Create a stack from this template, in the AWS console or by CLI. It needs CAPABILITY_NAMED_IAM.",
    ),
    "aws-cli": (
        "AWS CLI",
        "raydock-role.sh",
        export.aws_cli,
        "Run this with credentials of the account. It stops before it changes anything in another account.",
    ),
    "terraform": (
        "Terraform",
        "raydock-role.tf",
        export.terraform,
        "Apply this with your own provider settings, or copy the two resources into your code.",
    ),
}


def _asked(request: PageRequest) -> dict[str, str]:
    fields = ("name", "account_id", "region", *OPTIONS)
    asked = {name: request.POST.get(name, "").strip() for name in fields}
    return {**asked, "kind": request.POST.get("kind", "managed")}


def _reserve_form(request: PageRequest, problem: Problem | None = None) -> HttpResponse:
    account = settings.RAYDOCK.sandbox_account_id if settings.RAYDOCK.sandbox else ""
    wrong = problem.fields if problem else {}
    context = {
        "values": _asked(request) if problem else {**DEFAULTS, "account_id": account},
        "problem": problem,
        "errors": wrong,
        "regions": REGIONS,
        "zone_choices": ZONES,
        "options_open": any(name in wrong for name in OPTIONS),
        "steps": steps("reserve"),
        "grants": plans.grants(),
        "plan_lines": plans.LINES,
    }
    status = problem.status if problem else 200
    return render(request, "web/new_cloud.html", context, crumbs=[CRUMB, ("New cloud", None)], status=status)


def _connect_page(request: PageRequest, problem: Problem | None = None, *, cloud_id: str) -> HttpResponse:
    cloud = queries.cloud_for(request.actor, cloud_id)
    if problem and cloud.on_gcp:
        return refusal(request, problem)
    described, waiting = bootstrap_of(cloud), cloud.state == CloudState.CONNECTING
    role_arn = request.POST.get("role_arn", "").strip()
    texts = [
        {"name": name, "label": label, "file": file, "text": write(described), "how": how}
        for name, (label, file, write, how) in FORMS.items()
    ]
    context = {
        "cloud": cloud,
        "operation": queries.last_operation(cloud),
        "forms": texts,
        "role_name": described.role_name,
        "portal_role_arn": described.portal_role_arn,
        "values": {"role_arn": role_arn or described.role_arn},
        "problem": problem,
        "errors": problem.fields if problem else {},
        "steps": steps("connect", cloud),
        "waiting": waiting,
    }
    status = problem.status if problem else 200
    crumbs = _crumbs(cloud, "Connect")
    return render(request, "web/connect.html", context, crumbs=crumbs, live=waiting, status=status)


@page(Permission.CLOUD_CREATE)
def reserve_form(request: PageRequest) -> HttpResponse:
    """Step 1: ask for the name, the account and the region."""
    return _reserve_form(request)


@page(Permission.CLOUD_CREATE, methods=CHANGES, again=_reserve_form)
def reserve(request: PageRequest) -> HttpResponse:
    """Reserve the cloud: that makes the id and the external ID; AWS is not touched."""
    asked = _asked(request)
    cloud = cloud_reserve(
        actor=request.actor,
        name=asked["name"],
        region=asked["region"],
        account_id=asked["account_id"],
        options=_options(asked) if asked["kind"] == "managed" else {},
        kind=asked["kind"],
        now=timezone.now(),
    )
    return redirect("web:cloud-connect", cloud_id=cloud.id)


@page(Permission.CLOUD_READ)
def connect(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Step 2: show how to make the role, and move on when it can be assumed."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.state not in CONNECTING:
        return _move_on(request, cloud)
    if request.htmx and cloud.state == CloudState.RESERVED:
        return HttpResponseClientRefresh()  # the waiting is over without success: the whole page has changed
    return _connect_page(request, cloud_id=cloud_id)


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=_connect_page)
def watch(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Watch for the role that a person makes or has made."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    return _watch(request, cloud, request.POST.get("role_arn", "").strip())


@page(Permission.SANDBOX_PLAY, methods=CHANGES, again=back_to("web:cloud-connect", "cloud_id"))
def sandbox_role(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Play the customer in the sandbox: create the role, then watch for it."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    described = bootstrap_of(cloud)
    playground.create_role(described)
    return _watch(request, cloud, described.role_arn)


@page(Permission.CLOUD_READ)
def bootstrap(request: PageRequest, cloud_id: str, form: str) -> HttpResponse:
    """Give one of the three forms of the role as a file."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if form not in FORMS:
        raise NotFound
    _, file, write, _ = FORMS[form]
    return download(write(bootstrap_of(cloud)), file)


@page(Permission.CLOUD_READ)
def create(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Step 3: show the plan with every resource, before anything runs."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if cloud.state in CONNECTING:
        return redirect("web:cloud-connect", cloud_id=cloud.id)
    if cloud.kind != "managed" or cloud.state not in {
        CloudState.CONNECTED,
        CloudState.SETUP_FAILED,
        CloudState.ATTENTION,
    }:
        return redirect("web:cloud", cloud_id=cloud.id)
    plan = plans.setup_preview(cloud, timezone.now())
    note = "Planned for three availability zones; set-up looks first and takes those of the region."
    context = {
        "cloud": cloud,
        "plan": plan,
        "plan_note": note
        if plan["assumed"]
        else "From the last look at the account. Set-up looks again first.",
        "steps": steps("create", cloud),
    }
    return render(request, "web/create.html", context, crumbs=_crumbs(cloud, "Create"))


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=back_to("web:cloud", "cloud_id"))
def setup(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Ask for the set-up and show it running."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    operations.request(actor=request.actor, cloud=cloud, kind=Kind.SETUP, now=timezone.now())
    return redirect("web:cloud", cloud_id=cloud.id)


def steps(now: str, cloud: Cloud | None = None) -> list[Phase]:
    """Return the stepper on top of the three pages."""
    parts = (
        ("reserve", "Reserve", cloud.name if cloud else "Name, account and region"),
        ("connect", "Connect", "A role that only Raydock can assume"),
        ("create", "Create", "Look at the plan, then watch it happen"),
    )
    if now == "register" or (cloud and cloud.kind == "registered"):
        parts = (*parts[:2], ("register", "Register", "Give what you have made"))
    order = [name for name, _, _ in parts]
    return [
        Phase(
            label,
            "done" if place < order.index(now) else "running" if name == now else "planned",
            note,
        )
        for place, (name, label, note) in enumerate(parts)
    ]


def _options(asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the spec options of a form. What cannot be read is passed on, to be refused with a reason."""
    ranges = [part.strip() for part in asked["ingress_cidrs"].split(",") if part.strip()]
    number = asked["zones"].isdecimal() and len(asked["zones"]) <= LONGEST_NUMBER
    zones: int | str | None = int(asked["zones"]) if number else asked["zones"] or None
    return {"vpc_cidr": asked["vpc_cidr"], "zones": zones, "ingress_cidrs": ranges}


def _watch(request: PageRequest, cloud: Cloud, role_arn: str) -> HttpResponse:
    """Ask for the connection; the page then waits and moves on by itself."""
    asked = {"role_arn": role_arn, "wait_seconds": PATIENCE}
    operations.request(actor=request.actor, cloud=cloud, kind=Kind.CONNECT, input=asked, now=timezone.now())
    return redirect("web:cloud-connect", cloud_id=cloud.id)


def _move_on(request: PageRequest, cloud: Cloud) -> HttpResponse:
    """Leave the waiting page: to the plan when the cloud is connected, else to the cloud."""
    following = "web:cloud-create" if cloud.kind == "managed" else "web:cloud-registration"
    name = following if cloud.state == CloudState.CONNECTED else "web:cloud"
    address = reverse(name, args=[cloud.id])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _crumbs(cloud: Cloud, label: str) -> list[tuple[str, str | None]]:
    return [CRUMB, (cloud.name, reverse("web:cloud", args=[cloud.id])), (label, None)]
