"""Every check by its id, and running them. A new one is added to CHECKS in its area's file."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from clouds.checks import (
    account,
    bucket,
    cluster_role,
    mapping,
    permissions,
    policy_version,
    security_groups,
    subnets,
    trust,
    vpc,
)
from clouds.checks.asking import Check
from clouds.facts import Facts
from clouds.findings import Finding
from clouds.specs import CloudSpec

_AREAS: Iterable[tuple[Check, ...]] = (
    trust.CHECKS,
    permissions.CHECKS,
    policy_version.CHECKS,
    vpc.CHECKS,
    subnets.CHECKS,
    security_groups.CHECKS,
    cluster_role.CHECKS,
    mapping.CHECKS,
    bucket.CHECKS,
    account.CHECKS,
)
CATALOGUE: Mapping[str, Check] = MappingProxyType({one.id: one for area in _AREAS for one in area})


def run_checks(spec: CloudSpec, facts: Facts, only: Collection[str] | None = None) -> tuple[Finding, ...]:
    """The findings of all checks, or of those named in `only`, in the catalogue's order.

    Raises KeyError for an id that is not in the catalogue.
    """
    chosen = CATALOGUE if only is None else {name: CATALOGUE[name] for name in only}
    return tuple(
        finding for check in CATALOGUE.values() if check.id in chosen for finding in check.run(spec, facts)
    )
