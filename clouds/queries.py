"""The readers: everything the console and the REST API show of clouds and operations.

Each look-up answers alike for "not yours" and "does not exist": NotFound. Lists are keyset pages, the newest
first.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Count, Model, Q, QuerySet

from clouds.models import (
    AwsCall,
    Cloud,
    CloudResource,
    Operation,
    OperationEvent,
    Verification,
    VerificationFinding,
)
from clouds.specs import CloudSpec
from clouds.states import OPEN, OperationState
from iam.actors import Actor
from iam.errors import NotFound
from iam.paging import LIMIT, Page, page
from iam.permissions import Permission

EVENTS_AT_ONCE = 500
RECENT = 5
M = TypeVar("M", bound=Model)


# One thing by its id


def cloud_for(actor: Actor, cloud_id: str, *, lock: bool = False) -> Cloud:
    """Return a cloud of the actor's organization, deleted ones too: their history stays readable."""
    actor.require(Permission.CLOUD_READ, target_kind="cloud", target_id=cloud_id)
    return _one(Cloud.objects.filter(pk=cloud_id, organization_id=actor.organization_id), lock=lock)


def operation_for(actor: Actor, operation_id: str, *, lock: bool = False) -> Operation:
    """Return an operation of the actor's organization, with its cloud."""
    actor.require(Permission.OPERATION_READ, target_kind="operation", target_id=operation_id)
    found = Operation.objects.filter(pk=operation_id, organization_id=actor.organization_id)
    return _one(found.select_related("cloud"), lock=lock)


def _one(found: QuerySet[M], *, lock: bool) -> M:
    row = (found.select_for_update(of=("self",)) if lock else found).first()
    if row is None:
        raise NotFound
    return row


def spec_of(cloud: Cloud) -> CloudSpec:
    """Return what the cloud should look like: its row and options, and this installation's own address."""
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in cloud.options.items()
    }
    return CloudSpec(
        cloud_id=cloud.id,
        organization_id=cloud.organization_id,
        name=cloud.name,
        region=cloud.region,
        account_id=cloud.account_id,
        console_origin=settings.RAYDOCK.base_url,
        portal_role_arn=settings.RAYDOCK.portal_role_arn,
        cross_account_role_arn=cloud.role_arn,
        external_id=cloud.external_id,
        **options,
    )


def default_role_of(cloud: Cloud) -> str | None:
    """Return the cluster role that counts where no rule matches; None on GCP, where it is not Raydock's."""
    return spec_of(cloud).cluster_role_name if cloud.provider == "aws" else None


# Lists


@dataclass(frozen=True, kw_only=True)
class CloudFilters:
    """Which clouds to list. Empty means any; deleted ones only on request."""

    state: str = ""
    region: str = ""
    account_id: str = ""
    q: str = ""
    deleted: bool = False

    def condition(self) -> Q:
        """Return the filters as a database condition."""
        exact = {"state": self.state, "region": self.region, "account_id": self.account_id}
        found = Q(**{name: value for name, value in exact.items() if value})
        if not self.deleted:
            found &= Q(deleted_at=None)
        if self.q:
            found &= Q(name__icontains=self.q) | Q(id=self.q) | Q(account_id=self.q)
        return found


@dataclass(frozen=True, kw_only=True)
class OperationFilters:
    """Which operations to list. Empty means any; `open` lists those that are not final."""

    cloud: str = ""
    kind: str = ""
    state: str = ""
    open: bool = False

    def condition(self) -> Q:
        """Return the filters as a database condition."""
        exact = {"cloud_id": self.cloud, "kind": self.kind, "state": self.state}
        found = Q(**{name: value for name, value in exact.items() if value})
        return found & Q(state__in=OPEN) if self.open else found


EVERY_CLOUD = CloudFilters()
EVERY_OPERATION = OperationFilters()


def clouds(
    actor: Actor, filters: CloudFilters = EVERY_CLOUD, cursor: str = "", limit: int = LIMIT
) -> Page[Cloud]:
    """Return one page of the organization's clouds. Facts stay in the database: they are large."""
    actor.require(Permission.CLOUD_READ, target_kind="cloud")
    rows = Cloud.objects.filter(filters.condition(), organization_id=actor.organization_id).defer("facts")
    return page(rows, cursor=cursor, limit=limit)


def operations(
    actor: Actor, filters: OperationFilters = EVERY_OPERATION, cursor: str = "", limit: int = LIMIT
) -> Page[Operation]:
    """Return one page of the organization's operations, each with its cloud."""
    actor.require(Permission.OPERATION_READ, target_kind="operation")
    rows = Operation.objects.filter(filters.condition(), organization_id=actor.organization_id)
    return page(rows.select_related("cloud").defer("cloud__facts"), cursor=cursor, limit=limit)


# What belongs to one cloud or operation. The caller got it from `cloud_for` or `operation_for`.


def events_after(operation: Operation, seq: int = 0, limit: int = EVENTS_AT_ONCE) -> list[OperationEvent]:
    """Return the operation's events that follow this number, oldest first."""
    rows = OperationEvent.objects.filter(operation=operation, seq__gt=seq)
    return list(rows.order_by("seq")[:limit])


def aws_calls(operation: Operation, cursor: str = "", limit: int = LIMIT) -> Page[AwsCall]:
    """Return one page of the AWS calls that the operation made."""
    return page(AwsCall.objects.filter(operation=operation), cursor=cursor, limit=limit)


def resources(cloud: Cloud) -> list[CloudResource]:
    """Return the cloud's resources as last known, in the order they were first seen."""
    return list(CloudResource.objects.filter(cloud=cloud).order_by("id"))


def verifications(cloud: Cloud, cursor: str = "", limit: int = LIMIT) -> Page[Verification]:
    """Return one page of the cloud's verifications."""
    return page(Verification.objects.filter(cloud=cloud), cursor=cursor, limit=limit)


def last_verification(cloud: Cloud) -> Verification | None:
    """Return the cloud's latest verification, still running or not."""
    return Verification.objects.filter(cloud=cloud).order_by("-id").first()


def findings(cloud: Cloud, verification: Verification | None = None) -> list[VerificationFinding]:
    """Return what one verification found, or the latest one, in the order it was found."""
    chosen = verification or last_verification(cloud)
    return [] if chosen is None else list(chosen.findings.order_by("id"))


def open_operation(cloud: Cloud) -> Operation | None:
    """Return the operation that changes the cloud now, if one does; else one that looks at it."""
    return Operation.objects.filter(cloud=cloud, state__in=OPEN).order_by("-exclusive", "id").first()


def last_operation(cloud: Cloud) -> Operation | None:
    """Return the operation that was asked for last, whatever became of it."""
    return Operation.objects.filter(cloud=cloud).order_by("-id").first()


@dataclass(frozen=True)
class Overview:
    """An organization at a glance: clouds by state, open operations, and what happened last."""

    clouds: dict[str, int]
    open_operations: int
    failed_operations: int
    recent: list[Operation]


def overview(actor: Actor) -> Overview:
    """Return the first things a person wants to know of the organization."""
    actor.require(Permission.CLOUD_READ, target_kind="cloud")
    present = Cloud.objects.filter(organization_id=actor.organization_id, deleted_at=None)
    by_state = present.values_list("state").annotate(count=Count("id")).order_by("state")
    operations_here = Operation.objects.filter(organization_id=actor.organization_id)
    counts: dict[str, Any] = operations_here.aggregate(
        open=Count("id", filter=Q(state__in=OPEN)),
        failed=Count("id", filter=Q(state=OperationState.FAILED)),
    )
    recent = operations_here.select_related("cloud").defer("cloud__facts").order_by("-id")[:RECENT]
    return Overview(dict(by_state), counts["open"], counts["failed"], list(recent))
