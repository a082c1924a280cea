"""The audit log: who did what, with what result. It only grows, each event holding the hash of the last."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from iam import chain, tenancy
from iam.actors import Actor
from iam.canonical import canonical
from iam.chain import FIELDS, Head, Integrity, Link
from iam.errors import Denied, Problem
from iam.ids import new_id
from iam.models import AuditEvent, AuditHead
from iam.paging import Page, page
from iam.permissions import Permission
from iam.signing import sign, signing_key

CHUNK = 2_000
LONGEST_REASON = 500
# Values under such names are never written, whatever a caller passes. External ids are no secrets.
SECRET_NAMES = ("password", "secret", "digest", "credential", "private_key", "authorization")
HIDDEN = "(not kept)"
# Control characters and halves of characters: databases, logs and the chain's separator trip over them.
UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def append(
    *,
    actor: Actor,
    action: str,
    entity: str,
    target_id: str,
    target_name: str = "",
    cloud_id: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    outcome: str = "succeeded",
    reason: str = "",
    operation_id: str = "",
    now: datetime,
) -> AuditEvent:
    """Write one event, inside the caller's transaction: event and change stand or fall together.

    `action` is "<entity>.<verb>", `outcome` succeeded, failed or denied; `before`, `after`: what changed.
    Call it last: it takes the lock on the end of the organization's chain and keeps it until the commit.
    """
    with tenancy.scope(actor.organization_id), transaction.atomic(savepoint=False):
        head = _locked_head(actor.organization_id)
        event = AuditEvent(
            id=new_id("evt"),
            organization_id=actor.organization_id,
            seq=head.seq + 1,
            at=now,
            **_who(actor),
            action=action,
            entity=entity,
            target_id=_plain(target_id, 64),
            target_name=_plain(target_name, 254),
            cloud_id=cloud_id,
            before=_without_secrets(before),
            after=_without_secrets(after),
            outcome=outcome,
            reason=_plain(reason, 2_000),
            operation_id=operation_id,
            previous_hash=head.hash,
        )
        event.hash = chain.digest(_content(event))
        event.save(force_insert=True)
        AuditHead.objects.filter(pk=head.organization_id).update(seq=event.seq, hash=event.hash)
    return event


def checked_reason(reason: str) -> str:
    """Return why a person does something; raises Problem("reason_too_long", 400) where it is long.

    Reasons are kept for ever in rows that are never changed, and stand in lists.
    """
    if len(reason) > LONGEST_REASON:
        message = f"The reason has {len(reason)} characters. Say it in at most {LONGEST_REASON}."
        raise Problem("reason_too_long", message, fields={"reason": [message]})
    return reason


def append_denied(*, actor: Actor, denied: Denied, now: datetime) -> AuditEvent:
    """Write that an actor was refused. Entry points call it after the refused transaction was rolled back."""
    return append(
        actor=actor,
        action=denied.action,
        entity=denied.target_kind or denied.action.partition(".")[0],
        target_id=denied.target_id,
        outcome="denied",
        reason=denied.message,
        now=now,
    )


def _who(actor: Actor) -> dict[str, str]:
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": _plain(actor.label, 254),
        "actor_role": actor.role.value,
        "token_id": actor.token_id or "",
        "source_ip": _plain(actor.source_ip or "", 45),
        "request_id": _plain(actor.request_id, 64),
    }


def _plain(text: str, limit: int) -> str:
    return UNREADABLE.sub(" ", text)[:limit]


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN
            if any(word in str(name).lower() for word in SECRET_NAMES)
            else _without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _locked_head(organization_id: str) -> AuditHead:
    heads = AuditHead.objects.select_for_update().filter(pk=organization_id)
    found = heads.first()
    if found is None:
        first = AuditHead(organization_id=organization_id, seq=0, hash=chain.genesis(organization_id))
        AuditHead.objects.bulk_create([first], ignore_conflicts=True)
        found = heads.get()
    return found


def _content(event: AuditEvent) -> str:
    return chain.content(_texts([getattr(event, name) for name in FIELDS]))


_SEQ, _AT, _JSON = FIELDS.index("seq"), FIELDS.index("at"), (FIELDS.index("before"), FIELDS.index("after"))


def _texts(values: list[Any]) -> list[str]:
    values[_AT] = chain.moment(values[_AT])
    for place in _JSON:
        values[place] = "" if values[place] is None else canonical(values[place])
    return [str(value) for value in values]


@dataclass(frozen=True, kw_only=True)
class AuditFilters:
    """Which events to show. Empty means any; `start` is included and `end` is not."""

    actor: str = ""
    action: str = ""
    entity: str = ""
    target: str = ""
    cloud: str = ""
    operation: str = ""
    outcome: str = ""
    source_ip: str = ""
    start: datetime | None = None
    end: datetime | None = None
    q: str = ""

    def condition(self) -> Q:
        """Return the filters as a database condition. `actor` takes an id or an e-mail."""
        exact = {
            "action": self.action,
            "entity": self.entity,
            "cloud_id": self.cloud,
            "operation_id": self.operation,
            "outcome": self.outcome,
            "source_ip": self.source_ip,
            "at__gte": self.start,
            "at__lt": self.end,
        }
        found = Q(**{name: value for name, value in exact.items() if value})
        if self.target:
            found &= Q(target_id=self.target) | Q(cloud_id=self.target)
        if self.actor:
            found &= Q(actor_id=self.actor) | Q(actor_label__iexact=self.actor)
        return found & self._words() if self.q else found

    def _words(self) -> Q:
        names = ("action", "actor_label", "target_id", "target_name", "reason", "request_id", "operation_id")
        found = Q()
        for name in names:
            found |= Q(**{f"{name}__icontains": self.q})
        return found


NO_FILTERS = AuditFilters()


def _rows(organization_id: str, filters: AuditFilters) -> QuerySet[AuditEvent, dict[str, Any]]:
    rows: QuerySet[AuditEvent] = AuditEvent.objects.filter(organization_id=organization_id)
    found: QuerySet[AuditEvent, dict[str, Any]] = rows.filter(filters.condition()).values(*FIELDS, "hash")
    return found


def events(
    *, actor: Actor, filters: AuditFilters = NO_FILTERS, cursor: str = "", limit: int = 50
) -> Page[dict[str, Any]]:
    """Return one page of events, newest first, each with the fields of `chain.FIELDS` and its hash."""
    actor.require(Permission.AUDIT_READ, target_kind="audit_event")
    return page(_rows(actor.organization_id, filters), key="seq", cursor=cursor, limit=limit)


def start_export(*, actor: Actor, form: str, filters: AuditFilters, now: datetime) -> None:
    """Allow an export and write down that it was taken: by whom, in which form, of what."""
    actor.require(Permission.AUDIT_EXPORT, target_kind="audit_event")
    chosen = {name: value for name, value in vars(filters).items() if value}
    append(
        actor=actor,
        action="audit.export",
        entity="audit",
        target_id=actor.organization_id,
        after={"format": form, "filters": chosen},
        now=now,
    )


def records(organization_id: str, filters: AuditFilters = NO_FILTERS) -> Iterator[dict[str, Any]]:
    """Yield all events, oldest first, ready for JSON. Each chunk is read in a transaction of its own."""
    after = 0
    while True:
        with tenancy.scope(organization_id):
            chunk = list(_rows(organization_id, filters).filter(seq__gt=after).order_by("seq")[:CHUNK])
        for row in chunk:
            yield {**row, "at": chain.moment(row["at"])}
        if len(chunk) < CHUNK:
            return
        after = chunk[-1]["seq"]


def verify(organization_id: str, signed: Head | None = None) -> Integrity:
    """Follow an organization's whole chain and say whether it holds, or the first event where it does not.

    With `signed`, an earlier head kept elsewhere, it must also pass through that.
    """
    expected = head(organization_id)
    found = chain.walk(organization_id, _links(organization_id), expected)
    latest = head(organization_id)
    if found.ok and found.head.seq > latest.seq:
        return chain.broken(latest, latest.seq + 1, "events were put in after the end of the chain")
    return chain.walk(organization_id, _links(organization_id), signed) if found.ok and signed else found


def head(organization_id: str) -> Head:
    """Return where an organization's chain ends."""
    with tenancy.scope(organization_id):
        row = AuditHead.objects.filter(pk=organization_id).values_list("seq", "hash").first()
    return Head(*row) if row else Head(0, chain.genesis(organization_id))


def signed_head(organization_id: str, now: datetime) -> dict[str, Any]:
    """Return where the chain ends, as a statement signed with this installation's key."""
    return sign(signing_key(settings.RAYDOCK.data_dir), organization_id, head(organization_id), now)


def _links(organization_id: str) -> Iterator[Link]:
    """Yield the chain's links. JSON stays text: it was stored in the spelling that was hashed."""
    raw = {f"{name}_text": Cast(name, TextField()) for name in ("before", "after")}
    names = [f"{name}_text" if f"{name}_text" in raw else name for name in FIELDS]
    rows = AuditEvent.objects.filter(organization_id=organization_id).annotate(**raw).order_by("seq")
    with tenancy.scope(organization_id):
        for values in rows.values_list(*names, "hash").iterator(chunk_size=CHUNK):
            yield _link(list(values))


def _link(values: list[Any]) -> Link:
    own = values.pop()
    seq, previous = values[_SEQ], values[-1]
    values[_AT] = chain.moment(values[_AT])
    return Link(seq, previous, own, chain.content("" if value is None else str(value) for value in values))
