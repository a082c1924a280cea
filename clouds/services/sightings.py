"""What a worker has seen of a cloud, kept for people and for the next turn: role, facts, findings."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from clouds.export.carried import revision_carried
from clouds.facts import Facts
from clouds.findings import Finding, Status
from clouds.models import Cloud, CloudResource, Operation, Verification, VerificationFinding
from clouds.planning import Resource
from clouds.queries import registration_of, spec_of
from clouds.registration import Registration
from clouds.services.claims import Claim
from clouds.services.records import held
from clouds.states import Kind

ROLE_TAKEN = (
    "This role cannot be used for this cloud, because each cloud needs a role of its own. "
    "Make one with the documents shown for this cloud, and connect with that."
)


def save_facts(claim: Claim, facts: Facts, resources: Sequence[Resource], *, now: datetime) -> None:
    """Write the last look at the cloud, and its resources as people see them."""
    with held(claim) as operation:
        cloud = Cloud.objects.defer("facts").get(pk=operation.cloud_id)
        carried = revision_carried(spec_of(cloud), facts)
        Cloud.objects.filter(pk=cloud.pk).update(
            facts=facts.to_json(),
            facts_at=facts.at,
            role_revision=cloud.role_revision if carried is None else carried,
        )
        rows = [_resource(operation, one, now) for one in _one_of_each(resources)]
        CloudResource.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["cloud", "logical_name"],
            update_fields=["kind", "aws_id", "name", "arn", "state", "operation", "updated_at"],
        )
        known = [row.logical_name for row in rows]
        CloudResource.objects.filter(cloud_id=operation.cloud_id).exclude(logical_name__in=known).delete()


def _one_of_each(resources: Sequence[Resource]) -> Iterable[Resource]:
    """A resource that exists twice is told twice: the second is named after its id."""
    return {_name(one): one for one in resources}.values()


def _name(resource: Resource) -> str:
    return f"{resource.logical} ({resource.id})" if resource.state == "duplicate" else resource.logical


def _resource(operation: Operation, found: Resource, now: datetime) -> CloudResource:
    return CloudResource(
        organization_id=operation.organization_id,
        cloud_id=operation.cloud_id,
        logical_name=_name(found),
        kind=found.kind,
        aws_id=found.id,
        name=found.name,
        arn=found.arn,
        state=found.state,
        operation=operation,
        created_at=now,
        updated_at=now,
    )


def save_role(claim: Claim, role_arn: str) -> str:
    """Store the role that passed the trust test. Answer a refusal's words where another cloud has it (T12).

    The words are the same whoever has it: nobody learns of another organization's clouds (T11).
    """
    with held(claim) as operation:
        try:
            with transaction.atomic():
                Cloud.objects.filter(pk=operation.cloud_id).update(
                    role_arn=role_arn, version=F("version") + 1
                )
        except IntegrityError:
            return ROLE_TAKEN
    return ""


def save_registration(claim: Claim, registration: Registration) -> None:
    """Write what a customer gave, as the last look has found it.

    Whoever answered for failing checks did so for what was given then: something else is answered for anew.
    """
    with held(claim) as operation:
        cloud = Cloud.objects.defer("facts").get(pk=operation.cloud_id)
        kept = registration.to_json()
        before = registration_of(cloud)
        if cloud.registration == kept:
            return
        changes: dict[str, object] = {"registration": kept, "version": F("version") + 1}
        if before is None or before.given() != registration.given():
            changes["acknowledged"] = None
        Cloud.objects.filter(pk=cloud.pk).update(**changes)


def save_findings(claim: Claim, findings: Sequence[Finding], *, started_at: datetime, now: datetime) -> None:
    """Write a verification with what it found. Written again in the same operation, it replaces itself."""
    with held(claim) as operation:
        counts = _counted(findings)
        verification, _ = Verification.objects.update_or_create(
            operation=operation,
            defaults={
                "organization_id": operation.organization_id,
                "cloud_id": operation.cloud_id,
                "started_at": started_at,
                "finished_at": now,
                **counts,
            },
        )
        VerificationFinding.objects.filter(verification=verification).delete()
        VerificationFinding.objects.bulk_create(_finding(verification, one) for one in findings)
        if is_whole(operation):
            Cloud.objects.filter(pk=operation.cloud_id).update(
                checks_passed=counts["passed"], checks_total=len(findings), verified_at=now
            )


def is_whole(operation: Operation) -> bool:
    """Say whether the operation asks every check: what a part of them says is no verdict on the cloud."""
    return operation.kind != Kind.CONNECT and not operation.input.get("only")


def _counted(findings: Sequence[Finding]) -> dict[str, int]:
    names = {"passed": Status.PASS, "warned": Status.WARN, "failed": Status.FAIL, "unknown": Status.UNKNOWN}
    counts = {name: sum(one.status is status for one in findings) for name, status in names.items()}
    return {**counts, "failed_musts": sum(one.stops for one in findings)}


def _finding(verification: Verification, found: Finding) -> VerificationFinding:
    kept = found.to_json()
    check_id = kept.pop("check")
    return VerificationFinding(
        organization_id=verification.organization_id, verification=verification, check_id=check_id, **kept
    )
