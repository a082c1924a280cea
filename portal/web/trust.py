"""The trust part of a cloud's access page: who may enter, what is attached, and rotating the external ID."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from clouds import queries
from clouds.export.rotation import attach_line, attach_terraform, rotation_steps, wanted_trust
from clouds.facts import Facts
from clouds.models import Cloud, Operation
from clouds.services import operations
from clouds.specs import CloudSpec
from clouds.states import CloudState, Kind, course
from iam.errors import NotFound
from iam.permissions import Permission
from iam.policy.documents import canonical
from iam.policy.trust import lint
from portal.web import playground
from portal.web.documents import bootstrap_of
from portal.web.pages import PageRequest
from portal.web.progress import rotation_phases
from portal.web.sessions import CHANGES, back_to, page

AGAIN = back_to("web:cloud-access", "cloud_id")


def trust_part(cloud: Cloud) -> dict[str, Any]:
    """Return what the trust part shows. `operation` is the open rotation, which keeps the page fresh."""
    spec, operation = queries.spec_of(cloud), _open_rotation(cloud)
    steps = rotation_steps(spec)
    began = bool(cloud.retiring_external_id)
    return {
        "operation": operation,
        "trust": {
            **_attached(cloud, spec),
            "steps": steps,
            "phases": rotation_phases(admitted=began, refused=False) if steps else (),
            "rotatable": operation is None and course(Kind.ROTATE, CloudState(cloud.state)) is not None,
        },
    }


def _open_rotation(cloud: Cloud) -> Operation | None:
    found = queries.open_operation(cloud)
    return found if found and found.kind == Kind.ROTATE else None


def _attached(cloud: Cloud, spec: CloudSpec) -> Mapping[str, Any]:
    """Compare what the role was last seen to carry with what it should carry.

    A look from before the last rotation says nothing of the role any more.
    """
    wanted = wanted_trust(spec)
    outdated = bool(cloud.rotated_at and cloud.facts_at and cloud.facts_at < cloud.rotated_at)
    facts = None if outdated or cloud.facts is None else Facts.from_json(cloud.facts)
    role = facts.role(cloud.role_arn or "") if facts else None
    return {
        "wanted": wanted,
        "attached": role.trust if role else None,
        "same": role is not None and canonical(role.trust) == canonical(wanted),
        "remarks": lint(role.trust, spec.portal_role_arn, spec.external_id) if role else (),
        "outdated": outdated,
        "aws_cli": attach_line(spec, wanted),
        "terraform": attach_terraform(wanted),
    }


@page(Permission.CLOUD_OPERATE, methods=CHANGES, again=AGAIN)
def rotate(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Begin a rotation, or go on with one whose old ID was not seen refused, and show its steps."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    operations.request(actor=request.actor, cloud=cloud, kind=Kind.ROTATE, now=timezone.now())
    return redirect(f"{reverse('web:cloud-access', args=[cloud_id])}#trust")


@page(Permission.SANDBOX_PLAY, methods=CHANGES, again=AGAIN)
def sandbox_trust(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Play the customer in the sandbox: give the role the trust policy of this step."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    spec = queries.spec_of(cloud)
    documents: dict[str, Mapping[str, Any]] = {str(one.name): one.trust for one in rotation_steps(spec)}
    documents["wanted"] = wanted_trust(spec)
    document = documents.get(request.POST.get("step", "wanted"))
    if document is None:
        raise NotFound
    playground.set_trust(bootstrap_of(cloud), document)
    messages.success(request, "The role in the sandbox account has this trust policy now.")
    return redirect(f"{reverse('web:cloud-access', args=[cloud_id])}#trust")
