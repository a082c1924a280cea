"""A cloud in perfect health, to be broken one piece at a time."""

from dataclasses import replace
from datetime import timedelta

from clouds.checks.asking import Case
from clouds.facts import Facts, Probe, Quota, Role, Trust
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec
from iam.policy.grants import control_plane_policy
from iam.policy.trust import trust_policy
from tests.unit.clouds.account import ACCOUNT, NOW
from tests.unit.clouds.carrying import CONTROL_ROLE, built, spec

SPEC = spec()
WORKED = Probe(
    results={"s3:ListBucket": "", "s3:PutObject": "", "s3:GetObject": "", "s3:DeleteObject": ""},
)
TRUST = Trust(
    role_arn=CONTROL_ROLE,
    assumable=True,
    account_id=ACCOUNT,
    without_id_refused=True,
    random_id_refused=True,
    named=True,
)


def control_role(wanted: CloudSpec, seen: Facts) -> Role:
    return Role(
        name="raydock-control-plane",
        arn=CONTROL_ROLE,
        trust=trust_policy(wanted.portal_role_arn, wanted.external_id or ""),
        inline={"raydock-control-plane": control_plane_policy(Case(Survey(wanted, seen)).names)},
        created_at=NOW - timedelta(days=1),
    )


def _healthy() -> Facts:
    seen = built(SPEC).facts()
    assert seen.bucket is not None
    return replace(
        seen,
        roles=(*seen.roles, control_role(SPEC, seen)),
        bucket=replace(seen.bucket, probe=WORKED),
        quotas=(Quota(code="vpcs", limit=5, used=1), Quota(code="igws", limit=5, used=1)),
        trust=TRUST,
        sts_regional=True,
    )


HEALTHY = _healthy()
