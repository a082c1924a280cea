"""All that a cloud consists of, as text to read, copy and download."""

from django.http import HttpResponse
from django.urls import reverse

from clouds import queries
from clouds.infrastructure import FORMS, YAML, blueprint_of
from clouds.models import Cloud
from iam.errors import NotFound
from iam.permissions import Permission
from portal.web.documents import download
from portal.web.faces import face, resources_trail
from portal.web.pages import PageRequest
from portal.web.sessions import page

FILES = {**FORMS, "cloudformation-yaml": YAML}
ROLES = {"create": True, "existing": False}


@page(Permission.CLOUD_READ)
def export(request: PageRequest, cloud_id: str) -> HttpResponse:
    """Show the three forms. `?role=` in the address says whether the cross-account role is part of them."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    blueprint = blueprint_of(cloud, with_role=_role(request))
    context = {
        "forms": [
            {
                "name": name,
                "label": form.label,
                "file": form.file(cloud),
                "how": form.how,
                "text": form.write(blueprint),
                "download": _address(cloud, name, with_role=blueprint.role is not None),
            }
            for name, form in FORMS.items()
        ],
        "yaml": _address(cloud, "cloudformation-yaml", with_role=blueprint.role is not None),
        "with_role": blueprint.role is not None,
        "outputs": blueprint.outputs,
        "zones": blueprint.zones,
    }
    return face(
        request, cloud, "resources", "web/export.html", context, trail=resources_trail(cloud, "Export")
    )


@page(Permission.CLOUD_READ)
def export_file(request: PageRequest, cloud_id: str, form: str) -> HttpResponse:
    """Give one form as a file."""
    cloud = queries.cloud_for(request.actor, cloud_id)
    if form not in FILES:
        raise NotFound
    chosen = FILES[form]
    return download(chosen.write(blueprint_of(cloud, with_role=_role(request))), chosen.file(cloud))


def _role(request: PageRequest) -> bool | None:
    return ROLES.get(request.GET.get("role", ""))


def _address(cloud: Cloud, form: str, *, with_role: bool) -> str:
    role = "create" if with_role else "existing"
    return f"{reverse('web:cloud-export-file', args=[cloud.id, form])}?role={role}"
