"""A new cloud on GCP: one page, since Raydock only writes down what it is told."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from clouds.gcp import NOT_CHECKED, WORKS
from clouds.providers import Provider
from clouds.services.clouds import cloud_reserve
from iam.errors import Problem
from iam.permissions import Permission
from portal.web.faces import CRUMB
from portal.web.pages import PageRequest, render
from portal.web.regions import GCP_REGIONS
from portal.web.sessions import CHANGES, page

FIELDS = ("name", "project_id", "region", "bucket", "cluster_service_account", "service_accounts")


def _form(request: PageRequest, problem: Problem | None = None) -> HttpResponse:
    context = {
        "values": _asked(request) if problem else {"region": "us-central1"},
        "problem": problem,
        "errors": problem.fields if problem else {},
        "regions": GCP_REGIONS,
        "not_checked": NOT_CHECKED,
        "works": WORKS,
        "provider": Provider.GCP,
    }
    status = problem.status if problem else 200
    crumbs = [CRUMB, ("New cloud", None)]
    return render(request, "web/new_gcp_cloud.html", context, crumbs=crumbs, status=status)


@page(Permission.CLOUD_CREATE)
def form(request: PageRequest) -> HttpResponse:
    """Ask for the project, the region, the bucket and the service accounts."""
    return _form(request)


@page(Permission.CLOUD_CREATE, methods=CHANGES, again=_form)
def record(request: PageRequest) -> HttpResponse:
    """Write the cloud down. Nothing is asked of GCP."""
    asked = _asked(request)
    cloud = cloud_reserve(
        actor=request.actor,
        provider=Provider.GCP,
        name=asked["name"],
        region=asked["region"],
        project_id=asked["project_id"],
        options={
            "bucket": asked["bucket"],
            "cluster_service_account": asked["cluster_service_account"],
            "service_accounts": listed(asked["service_accounts"]),
        },
        now=timezone.now(),
    )
    messages.success(request, "The cloud was recorded.")
    return redirect("web:cloud", cloud_id=cloud.id)


def listed(text: str) -> list[str]:
    """Return what stands in a field between commas, blanks and line ends."""
    return text.replace(",", " ").split()


def _asked(request: PageRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "").strip() for name in FIELDS}
