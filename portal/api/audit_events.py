"""/audit-events: who did what, with what result; the whole log to take away, and whether it holds."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam import audit
from iam.access import event_for
from iam.audit import AuditFilters
from iam.canonical import canonical
from iam.chain import FIELDS
from iam.idempotency import Reply
from iam.permissions import Permission
from portal.api.bodies import Body, Paging
from portal.api.shapes import Shape, list_of
from portal.api.view import View, answer, page_of

OUTCOMES: Final = ("succeeded", "failed", "denied")
COLUMNS: Final = (*FIELDS, "hash")


class AuditEventShape(Shape):
    """One record of the audit log."""

    id = serializers.CharField()
    organization_id = serializers.CharField()
    seq = serializers.IntegerField(help_text="The event's place in the organization's log, from 1.")
    at = serializers.DateTimeField()
    actor_kind = serializers.ChoiceField(choices=["user", "service_account", "system"])
    actor_id = serializers.CharField()
    actor_label = serializers.CharField(help_text="E-mail or name, as it was then.")
    actor_role = serializers.CharField()
    token_id = serializers.CharField(allow_blank=True)
    action = serializers.CharField(help_text="<entity>.<verb>, or the permission that was wanted.")
    entity = serializers.CharField()
    target_id = serializers.CharField(allow_blank=True)
    target_name = serializers.CharField(allow_blank=True)
    cloud_id = serializers.CharField(allow_blank=True)
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    reason = serializers.CharField(allow_blank=True)
    source_ip = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    operation_id = serializers.CharField(allow_blank=True)
    previous_hash = serializers.CharField()
    hash = serializers.CharField()


class HeadShape(Shape):
    """A signed statement of where the log ends now. Keep it elsewhere: a rewritten log fails against it."""

    organization_id = serializers.CharField()
    seq = serializers.IntegerField()
    hash = serializers.CharField()
    signed_at = serializers.CharField()
    key_id = serializers.CharField()
    public_key = serializers.CharField(help_text="Ed25519, hex.")
    signature = serializers.CharField(help_text="Over the canonical JSON of the other fields, hex.")


class IntegrityShape(Shape):
    """Whether the log holds."""

    ok = serializers.BooleanField()
    events = serializers.IntegerField(help_text="How many events hold.")
    broken_at = serializers.IntegerField(allow_null=True, help_text="The first event that does not fit.")
    reason = serializers.CharField(allow_blank=True)
    head = HeadShape()


def _filter_fields() -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    texts = {
        name: serializers.CharField(required=False, max_length=254, help_text=words)
        for name, words in {
            "actor": "The id or e-mail of the actor.",
            "action": "For example cloud.create.",
            "entity": "For example cloud.",
            "target": "The id of what was acted on, or of the cloud that it belongs to.",
            "cloud": "The id of the cloud it was about.",
            "operation": "The id of the operation it belongs to.",
            "source_ip": "The address it came from.",
            "q": "Words in any of names, ids, action and reason.",
        }.items()
    }
    times = {
        "from": serializers.DateTimeField(required=False, help_text="At this time or later (ISO 8601)."),
        "to": serializers.DateTimeField(required=False, help_text="Before this time (ISO 8601)."),
    }
    return {**texts, **times, "outcome": serializers.ChoiceField(required=False, choices=OUTCOMES)}


class AuditQuery(Paging):
    """Which events to list. Filters are combined with AND."""

    # Written this way since `from` is a word of Python.
    vars().update(_filter_fields())


class ExportQuery(Body):
    """Which events to export, and in which form."""

    vars().update(_filter_fields())
    format = serializers.ChoiceField(required=False, choices=["jsonl", "csv"], default="jsonl")


class AuditEvents(View):
    """The audit log."""

    needs = {"GET": Permission.AUDIT_READ}
    queries = AuditQuery

    @extend_schema(
        operation_id="audit_events_list", parameters=[AuditQuery], responses=list_of(AuditEventShape)
    )
    def get(self, request: Request) -> Reply:
        """List audit events, the newest first."""
        query = self.asked
        return self.listing(audit.events(actor=self.actor, filters=filters_of(query), **page_of(query)))


class AuditEventDetail(View):
    """One audit event."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(responses=AuditEventShape)
    def get(self, request: Request, event_id: str) -> Reply:
        """Show an audit event."""
        event = event_for(self.actor, event_id)
        return answer({name: getattr(event, name) for name in COLUMNS})


class AuditExport(View):
    """The audit log to take away."""

    needs = {"GET": Permission.AUDIT_EXPORT}
    queries = ExportQuery

    @extend_schema(
        parameters=[ExportQuery],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BYTE, (200, "text/csv"): OpenApiTypes.BYTE},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download audit events, oldest first, as one JSON object a line or as CSV.

        Without filters the JSON lines can be checked anywhere with `manage.py audit_verify --file`. That an
        export was taken is itself written to the log.
        """
        query = self.asked
        form, filters = query["format"], filters_of(query)
        audit.start_export(actor=self.actor, form=form, filters=filters, now=self.now)
        rows = audit.records(self.actor.organization_id, filters)
        write, content_type = FORMS[form]
        name = f"{self.actor.organization_id}-audit-{self.now:%Y%m%dT%H%M%SZ}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(write(rows), content_type=content_type, headers=headers)


class AuditIntegrity(View):
    """Whether the audit log holds."""

    needs = {"GET": Permission.AUDIT_READ}

    @extend_schema(responses=IntegrityShape)
    def get(self, request: Request) -> Reply:
        """Follow the whole chain of the log, say whether it holds, and sign where it ends."""
        found = audit.verify(self.actor.organization_id)
        return answer(
            {
                "ok": found.ok,
                "events": found.events,
                "broken_at": found.broken_at,
                "reason": found.reason,
                "head": audit.signed_head(self.actor.organization_id, self.now),
            }
        )


def filters_of(query: Mapping[str, Any]) -> AuditFilters:
    """Return the filters of a checked query."""
    named = ("actor", "action", "entity", "target", "cloud", "operation", "outcome", "source_ip", "q")
    texts = {name: query.get(name, "") for name in named}
    return AuditFilters(**texts, start=query.get("from"), end=query.get("to"))


def jsonl(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the lines of a JSONL file."""
    return (canonical(row).encode() + b"\n" for row in rows)


class _Line:
    """A file that hands back what is written, so that a CSV writer can stream."""

    def write(self, text: str) -> bytes:
        return text.encode()


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file with a head line."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


def _cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    text = "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


FORMS: Final[Mapping[str, tuple[Callable[[Iterable[Mapping[str, Any]]], Iterator[bytes]], str]]] = {
    "jsonl": (jsonl, "application/x-ndjson"),
    "csv": (csv_lines, "text/csv"),
}
