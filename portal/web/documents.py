"""Texts to take elsewhere: the bootstrap of a cloud's role, and documents as files."""

import json
from typing import Any

from django.http import HttpResponse

from clouds import queries
from clouds.export.bootstrap import Bootstrap
from clouds.models import Cloud


def bootstrap_of(cloud: Cloud) -> Bootstrap:
    """Return what the cross-account role of a cloud is made of; the name of a connected role is kept."""
    queries.refuse_on_gcp(cloud, "trust")
    spec = queries.spec_of(cloud)
    return Bootstrap.of(spec, cloud.external_id, spec.cross_account_role_name)


def pretty(document: Any) -> str:
    """Return a JSON document as AWS prints it, with a line's end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def download(text: str, file: str) -> HttpResponse:
    """Return a text as a file to save."""
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
