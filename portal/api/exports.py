"""/clouds/{id}/exports: a cloud as files for other tools."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.queries import cloud_for
from clouds.ray_exports import RayExport, ray_export
from iam.idempotency import Reply
from iam.mapping import LABELS, WORKLOAD_TYPES
from iam.permissions import Permission
from portal.api.bodies import Body
from portal.api.view import View, answer


def _label_fields() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    said = "With any label, the cloud's mapping decides which role the workers have."
    return {
        "workload-type": serializers.ChoiceField(required=False, choices=WORKLOAD_TYPES, help_text=said),
        "project": serializers.CharField(required=False, max_length=254, help_text="The project's name."),
        "user": serializers.CharField(
            required=False, max_length=254, help_text="The e-mail address of a person or service account."
        ),
    }


class RayLabels(Body):
    """For which workloads the cluster is to be."""

    # Written this way since a label has a hyphen.
    vars().update(_label_fields())


class RayQuery(Body):
    """For which workloads the cluster is to be, and in which form."""

    vars().update(_label_fields())
    format = serializers.ChoiceField(required=False, choices=["yaml", "json"], default="yaml")


class RayCluster(View):
    """A cloud for Ray's cluster launcher."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = RayQuery

    @extend_schema(
        parameters=[RayQuery],
        responses={
            (200, "application/yaml"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
        },
    )
    def get(self, request: Request, cloud_id: str) -> Reply | StreamingHttpResponse:
        """Write a cluster file for `ray up`, with the cloud's network and its nodes' instance profiles.

        Without labels, head and workers have the roles that GET …/exports/ray-roles makes.
        """
        found = _export(self, cloud_id)
        if self.asked["format"] == "json":
            return answer(found.cluster)
        return text(found.yaml, "application/yaml", "ray-cluster.yaml")


class RayRoles(View):
    """The roles of a Ray cluster's nodes."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = RayLabels

    @extend_schema(parameters=[RayLabels], responses={(200, "text/x-shellscript"): OpenApiTypes.STR})
    def get(self, request: Request, cloud_id: str) -> StreamingHttpResponse:
        """Write the AWS CLI lines that make the roles of a Ray cluster: the head's, and the workers'.

        The head may start instances and pass the workers' role, and no other.
        """
        return text(_export(self, cloud_id).roles, "text/x-shellscript", "ray-roles.sh")


def _export(view: View, cloud_id: str) -> RayExport:
    labels = {name: view.asked[name] for name in LABELS if name in view.asked}
    return ray_export(cloud_for(view.actor, cloud_id), labels)


def text(content: str, content_type: str, file: str) -> StreamingHttpResponse:
    """Return a text as a file that a browser saves and a program reads."""
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return StreamingHttpResponse([content.encode()], content_type=content_type, headers=headers)
