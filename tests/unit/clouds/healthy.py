"""A cloud in perfect health, to be broken one piece at a time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from clouds.checks.asking import Case
from clouds.checks.mapping import pass_policy
from clouds.facts import Facts, InstanceProfile, Probe, Quota, Role, Trust
from clouds.mapped_roles import MappedRole
from clouds.planning.documents import cluster_policy
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec
from iam.policy.grants import control_plane_policy
from iam.policy.trust import cluster_trust_policy, trust_policy
from tests.unit.clouds.account import ACCOUNT, NOW
from tests.unit.clouds.carrying import CONTROL_ROLE, built, spec

MAPPED = MappedRole(value="raydock-mapped-jobs", role_name="raydock-mapped-jobs", rules=(0, 2))
SPEC = spec(mapped_roles=(MAPPED,))
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
        inline={
            "raydock-control-plane": control_plane_policy(Case(Survey(wanted, seen)).names),
            "raydock-pass-mapped-roles": pass_policy(Case(Survey(wanted, seen))),
        },
        created_at=NOW - timedelta(days=1),
    )


def mapped_role(name: str = MAPPED.role_name, **more: Any) -> Role:
    usual = {"trust": cluster_trust_policy(), "inline": {"raydock-bucket": cluster_policy(SPEC)}}
    return Role(**{"name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", **usual, **more})


def mapped_profile(name: str = MAPPED.role_name, *roles: str) -> InstanceProfile:
    arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"
    return InstanceProfile(name=name, arn=arn, role_names=roles or (name,))


def _healthy() -> Facts:
    seen = built(SPEC).facts()
    assert seen.bucket is not None
    return replace(
        seen,
        roles=(*seen.roles, mapped_role(), control_role(SPEC, seen)),
        instance_profiles=(*seen.instance_profiles, mapped_profile()),
        bucket=replace(seen.bucket, probe=WORKED),
        quotas=(Quota(code="vpcs", limit=5, used=1), Quota(code="igws", limit=5, used=1)),
        trust=TRUST,
        sts_regional=True,
    )


HEALTHY = _healthy()
