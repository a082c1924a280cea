"""A cloud for Ray's own launcher: the cluster file and the lines for its roles, to copy or to download."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse

from clouds import queries
from clouds.ray_exports import RayExport, ray_export
from iam.errors import Problem
from iam.mapping import LABELS, WORKLOAD_TYPES
from iam.permissions import Permission
from portal.web.documents import download
from portal.web.faces import face, resources_trail
from portal.web.pages import PageRequest
from portal.web.sessions import page

LONGEST_LABEL = 254
TYPES = [("", "Any type"), *((one, one.capitalize()) for one in WORKLOAD_TYPES)]


@page(Permission.CLOUD_READ)
def ray(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show both files. The labels in the address decide, through the mapping, which role the workers have."""
    cloud, labels = queries.cloud_for(request.actor, cloud_id), _labels(request)
    context: dict[str, Any] = {
        "labels": {name.replace("-", "_"): labels.get(name, "") for name in LABELS},
        "types": TYPES,
        "query": urlencode(labels),
        "problem": None,
    }
    try:
        found = ray_export(cloud, labels)
        context |= {"yaml": found.yaml, "roles": found.roles, "workers": found.workers}
    except Problem as problem:
        # Said on the page, where other labels can be chosen.
        context["problem"] = problem
    return face(
        request,
        cloud,
        "resources",
        "web/ray.html",
        context,
        trail=resources_trail(cloud, "Ray cluster files"),
    )


@page(Permission.CLOUD_READ)
def cluster_file(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Give the cluster file."""
    return download(_export(request, cloud_id).yaml, "ray-cluster.yaml")


@page(Permission.CLOUD_READ)
def roles_file(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Give the lines that make the roles."""
    return download(_export(request, cloud_id).roles, "ray-roles.sh")


def _export(request: PageRequest, cloud_id: str) -> RayExport:
    return ray_export(queries.cloud_for(request.actor, cloud_id), _labels(request))


def _labels(request: PageRequest) -> dict[str, str]:
    """Return the labels of the address; one that is empty is not given."""
    given = {name: request.GET.get(name, "").strip()[:LONGEST_LABEL] for name in LABELS}
    return {name: value for name, value in given.items() if value}
