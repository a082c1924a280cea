"""The readers: everything the console and the REST API show of clouds and operations.

Each look-up answers alike for "not yours" and "does not exist": NotFound. Lists are keyset pages, the newest
first.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery

from clouds import configurations
from clouds.export.attached import TRUST, Comparison, compared_with_attached
from clouds.export.policies import REVISION, PolicyDocument
from clouds.findings import Status
from clouds.gcp import NOT_DONE, WORKS, GcpRecord
from clouds.mapped_roles import MappedRole, mapped_roles
from clouds.models import (
    AwsCall,
    Cloud,
    CloudResource,
    Operation,
    OperationEvent,
    Verification,
    VerificationFinding,
)
from clouds.plain import from_plain
from clouds.registration import Registration
from clouds.specs import CloudSpec
from clouds.states import OPEN, OperationState
from iam.actors import Actor
from iam.errors import NotFound, Problem
from iam.mapping import Config
from iam.paging import LIMIT, Page, page
from iam.permissions import Permission

EVENTS_AT_ONCE = 500
RECENT = 5
BEHIND = Q(role_revision__lt=REVISION, role_arn__isnull=False)
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
    """Return what the cloud should look like: its row and options, and this installation's own address.

    Raises Problem("not_on_gcp", 409) for a cloud on GCP.
    """
    refuse_on_gcp(cloud, "setup")
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
        pending_external_id=cloud.pending_external_id,
        retiring_external_id=cloud.retiring_external_id,
        mapped_roles=mapped_roles_of(cloud),
        registered=cloud.kind == "registered",
        registration=registration_of(cloud),
        **options,
    )


def registration_of(cloud: Cloud) -> Registration | None:
    """Return what a customer gave for a registered cloud; None before, and for all other clouds."""
    return from_plain(Registration, cloud.registration) if cloud.registration else None


def role_behind(cloud: Cloud) -> bool | None:
    """Say whether the cloud's role carries documents of another release; None where it was not seen yet."""
    if cloud.role_arn is None or cloud.role_revision is None:
        return None
    return cloud.role_revision < REVISION


def held_against(cloud: Cloud, document: PolicyDocument) -> Comparison | None:
    """Hold a policy document against what the last look saw attached; None where it is not looked for.

    A look from before the last rotation says nothing of the trust policy any more.
    """
    outdated = cloud.rotated_at and cloud.facts_at and cloud.facts_at < cloud.rotated_at
    unseen = outdated and document.name == TRUST
    return compared_with_attached(document, None if unseen else configurations.facts_of(cloud))


def gcp_record_of(cloud: Cloud) -> GcpRecord:
    """Return what is known of a cloud on GCP."""
    options = cloud.options
    return GcpRecord(
        name=cloud.name,
        project_id=cloud.project_id or "",
        region=cloud.region,
        bucket=options.get("bucket", ""),
        cluster_service_account=options.get("cluster_service_account", ""),
        service_accounts=tuple(options.get("service_accounts", ())),
    )


def refuse_on_gcp(cloud: Cloud, what: str) -> None:
    """Raise Problem("not_on_gcp", 409) that says why this is not done for a cloud on GCP; pass any other."""
    if cloud.on_gcp:
        raise Problem("not_on_gcp", f"{cloud.name} is on GCP. {NOT_DONE[what]} {WORKS}", status=409)


def mapped_roles_of(cloud: Cloud) -> tuple[MappedRole, ...]:
    """Return the roles that the cloud's mapping may give to nodes; on GCP none is looked at."""
    return () if cloud.on_gcp else mapped_roles(mapping_of(cloud), cloud.account_id)


def mapping_of(cloud: Cloud) -> Config:
    """Return the mapping that is in force for the cloud."""
    return configurations.mapping_of(cloud)


def default_role_of(cloud: Cloud) -> str | None:
    """Return the role (GCP: service account) that counts where no rule matches; None where none is known."""
    if cloud.on_gcp:
        return gcp_record_of(cloud).cluster_service_account or None
    return spec_of(cloud).cluster_role_name


# Lists


@dataclass(frozen=True, kw_only=True)
class CloudFilters:
    """Which clouds to list. Empty means any; deleted ones only on request.

    `roles_behind` lists those whose role was last seen to carry documents of another release.
    """

    state: str = ""
    region: str = ""
    account_id: str = ""
    provider: str = ""
    q: str = ""
    deleted: bool = False
    roles_behind: bool = False

    def condition(self) -> Q:
        """Return the filters as a database condition."""
        names = ("state", "region", "account_id", "provider")
        exact = {name: getattr(self, name) for name in names}
        found = Q(**{name: value for name, value in exact.items() if value})
        if not self.deleted:
            found &= Q(deleted_at=None)
        if self.roles_behind:
            found &= BEHIND
        if self.q:
            found &= Q(name__icontains=self.q) | Q(id=self.q) | Q(account_id=self.q) | Q(project_id=self.q)
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


@dataclass(frozen=True)
class RoleToMend:
    """A cloud whose cross-account role is behind or lacks something, with what the checks last said of it."""

    cloud: Cloud
    findings: list[VerificationFinding]


def roles_to_mend(actor: Actor, cursor: str = "", limit: int = LIMIT) -> Page[RoleToMend]:
    """Return one page of the clouds whose role is behind this release or did not pass a check."""
    actor.require(Permission.CLOUD_READ, target_kind="cloud")
    asked = VerificationFinding.objects.filter(verification__cloud=OuterRef("pk"), area="role")
    last = Subquery(asked.order_by("-verification_id").values("verification_id")[:1])
    unwell = VerificationFinding.objects.filter(area="role").exclude(status=Status.PASS)
    present = Cloud.objects.filter(organization_id=actor.organization_id, deleted_at=None)
    rows = present.annotate(asked_in=last).filter(
        BEHIND | Exists(unwell.filter(verification_id=OuterRef("asked_in")))
    )
    found = page(rows, cursor=cursor, limit=limit)
    said = list(unwell.filter(verification_id__in=[one.asked_in for one in found.results]).order_by("id"))
    return Page(
        [
            RoleToMend(one, [finding for finding in said if finding.verification_id == one.asked_in])
            for one in found.results
        ],
        found.next,
    )


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
    roles_behind: int
    open_operations: int
    failed_operations: int
    recent: list[Operation]


def overview(actor: Actor) -> Overview:
    """Return the first things a person wants to know of the organization."""
    actor.require(Permission.CLOUD_READ, target_kind="cloud")
    present = Cloud.objects.filter(organization_id=actor.organization_id, deleted_at=None)
    counted = present.values_list("state").annotate(count=Count("id"), behind=Count("id", filter=BEHIND))
    by_state = list(counted.order_by("state"))
    operations_here = Operation.objects.filter(organization_id=actor.organization_id)
    counts: dict[str, Any] = operations_here.aggregate(
        open=Count("id", filter=Q(state__in=OPEN)),
        failed=Count("id", filter=Q(state=OperationState.FAILED)),
    )
    recent = operations_here.select_related("cloud").defer("cloud__facts").order_by("-id")[:RECENT]
    return Overview(
        clouds={state: count for state, count, _ in by_state},
        roles_behind=sum(behind for _, _, behind in by_state),
        open_operations=counts["open"],
        failed_operations=counts["failed"],
        recent=list(recent),
    )
