"""/clouds/{id}/config: the configuration of a cloud as JSON or YAML, its versions, and the way back."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.config.differences import differences, text_difference
from clouds.config.document import Document, from_json, read_source
from clouds.config.faults import ConfigFault, as_problem
from clouds.config.reading import Reading
from clouds.configurations import (
    HIGHEST,
    base_for,
    current,
    identity_of,
    shown,
    version_for,
    versions,
)
from clouds.queries import cloud_for
from clouds.services.configurations import config_rollback, config_save
from clouds.versions import ConfigVersion
from iam.errors import Problem
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Because, Body, Paging
from portal.api.config_shapes import (
    CloudConfigShape,
    ConfigDiffShape,
    ConfigSummaryShape,
    ConfigVersionShape,
)
from portal.api.etags import matches
from portal.api.negotiation import JSON, YAML, wanted
from portal.api.parsers import OnceJSONParser, YAMLParser
from portal.api.shapes import fields_of, list_of, names_of
from portal.api.view import View, answer, encode, page_of


class FormQuery(Body):
    """In which form to answer."""

    format = serializers.ChoiceField(
        required=False, choices=[JSON, YAML], help_text="Goes before what Accept says; JSON by default."
    )


class DiffQuery(Body):
    """What to compare with."""

    against = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=HIGHEST,
        help_text="The older version; by default the one before.",
    )


class RollbackRequest(Because):
    """The version to go back to."""

    version = serializers.IntegerField(min_value=1, max_value=HIGHEST)


class Config(View):
    """The configuration in force."""

    needs = {"GET": Permission.CLOUD_READ, "PUT": Permission.CLOUD_CONFIGURE}
    queries = FormQuery
    change_queries = Because
    parser_classes = (OnceJSONParser, YAMLParser)
    reading: Reading | None = None

    @extend_schema(
        parameters=[FormQuery],
        responses={
            (200, "application/json"): CloudConfigShape,
            (200, "application/yaml"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """Show the configuration that counts, as JSON, or as YAML with the comments that people wrote.

        The ETag names the version; send it as If-Match with the changed configuration.
        """
        form = wanted(request.headers.get("Accept", ""), self.asked.get("format", ""))
        return _document(current(cloud_for(self.actor, cloud_id)), form)

    @extend_schema(
        parameters=[Because],
        request={"application/json": CloudConfigShape, "application/yaml": OpenApiTypes.STR},
        responses={
            (200, "application/json"): CloudConfigShape,
            (200, "application/yaml"): OpenApiTypes.STR,
        },
    )
    def put(self, request: Request, cloud_id: str) -> Reply:
        """Put a whole configuration in force, sent as JSON or YAML.

        Comments in YAML are kept; JSON keeps those of the version before where they still fit. What changes
        nothing makes no version.
        """
        cloud = cloud_for(self.actor, cloud_id, lock=True)
        before = current(cloud)
        try:
            document = self._sent(before)
        except ConfigFault as error:
            raise as_problem(error) from error
        refuse_unmatched(request, before.number, required=True)
        made = config_save(
            actor=self.actor,
            cloud=cloud,
            document=document,
            expected=before.number,
            reason=self.asked.get("reason", ""),
            now=self.now,
        )
        return _document(made, wanted(request.headers.get("Accept", "")))

    def _sent(self, before: ConfigVersion) -> Document:
        own = identity_of(before.cloud)
        if self.reading is not None:
            return read_source(self.reading, own)
        return from_json(self.request.data if self.raw else None, own, before.source)


class ConfigVersions(View):
    """The versions of a configuration."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = Paging

    @extend_schema(
        operation_id="config_versions_list", parameters=[Paging], responses=list_of(ConfigSummaryShape)
    )
    def get(self, request: Request, cloud_id: str) -> Reply:
        """List the versions of the configuration, the newest first: the first one counts."""
        cloud = cloud_for(self.actor, cloud_id)
        return self.listing(versions(cloud, **page_of(self.asked)), summary_reply)


class ConfigVersionDetail(View):
    """One version of a configuration."""

    needs = {"GET": Permission.CLOUD_READ}

    @extend_schema(responses=ConfigVersionShape)
    def get(self, request: Request, cloud_id: str, number: int) -> Reply:
        """Show a version: its document, its YAML, what its values stood for, and what it changed."""
        cloud = cloud_for(self.actor, cloud_id)
        version = version_for(cloud, number)
        return answer(version_reply(version, base_for(cloud, number - 1)))


class ConfigDifference(View):
    """What changed between two versions."""

    needs = {"GET": Permission.CLOUD_READ}
    queries = DiffQuery

    @extend_schema(parameters=[DiffQuery], responses=ConfigDiffShape)
    def get(self, request: Request, cloud_id: str, number: int) -> Reply:
        """Compare a version with another one; version 0 is the state before anything was written."""
        cloud = cloud_for(self.actor, cloud_id)
        version = version_for(cloud, number)
        against = base_for(cloud, self.asked.get("against", number - 1))
        return answer(difference_reply(against, version))


class ConfigRollback(View):
    """To go back to an earlier version."""

    needs = {"POST": Permission.CLOUD_CONFIGURE}

    @extend_schema(request=RollbackRequest, responses={201: ConfigVersionShape})
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Put an earlier version in force again. This makes a new version; nothing is lost."""
        asked = self.body(RollbackRequest)
        cloud = cloud_for(self.actor, cloud_id, lock=True)
        before = current(cloud)
        refuse_unmatched(request, before.number)
        made = config_rollback(
            actor=self.actor,
            cloud=cloud,
            number=asked["version"],
            reason=asked.get("reason", ""),
            now=self.now,
        )
        place = request.path.removesuffix("rollback") + f"versions/{made.number}"
        return answer(version_reply(made, before), status=201, location=place)


def refuse_unmatched(request: Request, number: int, *, required: bool = False) -> None:
    """Raise Problem unless If-Match names this version: 428 where it must be sent and is not, else 412."""
    header = request.headers.get("If-Match", "").strip()
    if not header and required:
        raise Problem(
            "precondition_required",
            f"Say which version you changed: read the configuration and send its ETag as If-Match. Version "
            f"{number} counts now.",
            status=428,
        )
    if header and not any(matches(header, config_etag(number, form)) for form in (JSON, YAML)):
        raise Problem(
            "precondition_failed",
            f"Somebody changed the configuration since you read it: version {number} counts now, its ETag is "
            f"{config_etag(number, JSON)}. Read it again, and send your change with its ETag.",
            status=412,
        )


def config_etag(number: int, form: str) -> str:
    """Return the ETag of a version in one of its forms."""
    return f'"v{number}-{form}"'


def _document(version: ConfigVersion, form: str) -> Reply:
    headers = {"ETag": config_etag(version.number, form), "Vary": "Accept"}
    if form == YAML:
        yaml = {"Content-Type": "application/yaml; charset=utf-8"}
        return Reply(200, {**headers, **yaml}, version.source.encode())
    return Reply(200, headers, encode(shown(version)))


def summary_reply(version: ConfigVersion) -> dict[str, object]:
    """Return a version as lists show it."""
    return fields_of(version, _SUMMARY)


def version_reply(version: ConfigVersion, before: ConfigVersion) -> dict[str, Any]:
    """Return a version with all that is in it."""
    return {
        **summary_reply(version),
        "document": shown(version),
        "yaml": version.source,
        "resolved": version.resolved,
        "difference": difference_reply(before, version),
    }


def difference_reply(before: ConfigVersion, after: ConfigVersion) -> dict[str, Any]:
    """Return what changed from one version to another."""
    found = differences(before.document, after.document)
    names = (f"version {before.number}", f"version {after.number}")
    return {
        "from": before.number,
        "to": after.number,
        "same": not found,
        "changes": [one.to_json() for one in found],
        "text": text_difference(before.source, after.source, names=names),
    }


_SUMMARY = names_of(ConfigSummaryShape)
