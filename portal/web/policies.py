"""The policy documents of a cloud: what each is for, where it belongs, how it differs from the usual one."""

from collections import Counter

from django.http import HttpResponse

from clouds import queries
from clouds.export.differences import Change
from clouds.export.policies import PolicyDocument, policy_documents
from clouds.models import Cloud
from iam.errors import NotFound
from iam.permissions import Permission
from portal.web.faces import face
from portal.web.pages import PageRequest
from portal.web.sessions import page


@page(Permission.CLOUD_READ)
def policies(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show every document by where it belongs."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    return face(request, cloud, "access", "web/policies.html", {"policies": _documents(cloud)})


@page(Permission.CLOUD_READ)
def policy(request: PageRequest, cloud_id: str, name: str) -> HttpResponse:
    """Show one document with the features that need it and its differences from the usual policy."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    found = next((one for one in _documents(cloud) if one.name == name), None)
    if found is None:
        raise NotFound
    differences = found.differences
    counted = Counter(one.change for one in differences)
    context = {
        "policy": found,
        "attached": queries.held_against(cloud, found),
        "differences": [one for one in differences if one.change is not Change.SAME],
        "same": [one.action for one in differences if one.change is Change.SAME],
        "counts": [(str(change), counted[change]) for change in Change if counted[change]],
    }
    return face(request, cloud, "access", "web/policy.html", context)


def _documents(cloud: Cloud) -> tuple[PolicyDocument, ...]:
    return policy_documents(queries.spec_of(cloud), cloud.external_id)
