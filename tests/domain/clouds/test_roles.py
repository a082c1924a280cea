"""Which roles want mending: behind this release, or not through the checks of their permissions."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from clouds import queries
from clouds.export.bootstrap import Bootstrap
from clouds.export.policies import REVISION
from clouds.facts import Facts
from clouds.models import Cloud, Verification, VerificationFinding
from clouds.queries import CloudFilters
from clouds.services import claims, sightings
from clouds.services.claims import Claim
from clouds.states import CloudState, Kind, OperationState
from iam import tenancy
from tests import factories
from tests.people import People
from tests.unit.clouds.healthy import control_role


def checked(cloud: Cloud, now: datetime, **statuses: str) -> None:
    """A verification that answered so, by the name of the check after the dot."""
    at = cloud.organization_id
    with tenancy.scope(at):
        operation = factories.operation(cloud, Kind.VERIFY, OperationState.SUCCEEDED, due_at=now)
        run = Verification.objects.create(
            organization_id=at, cloud=cloud, operation=operation, started_at=now
        )
        for name, status in statuses.items():
            VerificationFinding.objects.create(
                organization_id=at,
                verification=run,
                check_id=f"role.{name}",
                area="role" if name != "dns" else "vpc",
                severity="must",
                status=status,
            )


def listed(us: People) -> dict[str, list[str]]:
    with us.owner.here:
        found = queries.roles_to_mend(us.auditor.actor).results
    return {one.cloud.name: [f"{f.check_id} {f.status}" for f in one.findings] for one in found}


def test_a_role_is_listed_while_its_last_checks_say_so(us: People, now: datetime) -> None:
    names = ("gap", "mended", "elsewhere", "behind", "right")
    clouds = {
        name: factories.cloud(
            us.organization, CloudState.ACTIVE, name=name, role_revision=0 if name == "behind" else REVISION
        )
        for name in names
    }
    checked(clouds["gap"], now, permissions="FAIL", pass_role="PASS")
    checked(
        clouds["gap"], now + timedelta(days=1), dns="PASS"
    )  # a part of the checks says nothing of the role
    checked(clouds["mended"], now, permissions="FAIL")
    checked(clouds["mended"], now + timedelta(days=1), permissions="PASS")
    checked(clouds["elsewhere"], now, dns="FAIL")
    strange = factories.cloud(us.others, CloudState.ACTIVE, role_revision=0)
    checked(strange, now, permissions="FAIL")
    assert listed(us) == {"gap": ["role.permissions FAIL"], "behind": []}


def test_a_deleted_cloud_has_no_role_to_mend(us: People, now: datetime) -> None:
    factories.cloud(us.organization, CloudState.DELETED, deleted_at=now, role_revision=0)
    assert listed(us) == {}


def looked(us: People, cloud: Cloud, now: datetime, facts: Facts) -> int | None:
    (claim,) = _claimed(cloud, now)
    sightings.save_facts(claim, facts, [], now=now)
    with us.owner.here:
        return Cloud.objects.get(pk=cloud.pk).role_revision


def _claimed(cloud: Cloud, now: datetime) -> list[Claim]:
    factories.operation(cloud, Kind.VERIFY, due_at=now)
    return claims.claim(worker="test", limit=1, lease=timedelta(seconds=15), now=now)


@pytest.mark.parametrize(("document", "revision"), [("whole", REVISION), ("short", 0)])
def test_each_look_keeps_which_revision_the_role_carries(
    us: People, now: datetime, document: str, revision: int
) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE)
    spec = queries.spec_of(cloud)
    seen = Facts(at=now, account_id=cloud.account_id, region=cloud.region)
    role = replace(control_role(spec, seen), arn=str(cloud.role_arn))
    if document == "short":
        whole = Bootstrap.of(spec, cloud.external_id, spec.cross_account_role_name).policy
        role = replace(role, inline={"short": {**whole, "Statement": whole["Statement"][:2]}})
    assert looked(us, cloud, now, replace(seen, roles=(role,))) == revision
    with us.owner.here:
        behind = queries.clouds(us.owner.actor, CloudFilters(roles_behind=True)).results
    assert [one.id for one in behind] == ([] if revision else [cloud.id])


def test_a_look_that_saw_no_policies_leaves_what_was_known(us: People, now: datetime) -> None:
    cloud = factories.cloud(us.organization, CloudState.ACTIVE, role_revision=REVISION)
    nothing = Facts(at=now, account_id=cloud.account_id, region=cloud.region)
    assert looked(us, cloud, now, nothing) == REVISION
