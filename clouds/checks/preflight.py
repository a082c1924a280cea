"""What is asked before a set-up makes anything: better a clear no now than half a network later."""

from collections.abc import Iterator
from dataclasses import replace

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.catalogue import CATALOGUE
from clouds.checks.permissions import answers
from clouds.facts import Facts
from clouds.findings import Finding
from clouds.specs import CloudSpec
from iam.policy.grants import Kind


def _permissions(case: Case) -> Iterator[Answer]:
    """Set-up ends with a verification, so it needs what both call. Delete's actions may be added later."""
    return answers(case, (Kind.SETUP, Kind.VERIFY))


PREFLIGHT: tuple[Check, ...] = (
    CATALOGUE["partition"],
    CATALOGUE["region.sts"],
    replace(CATALOGUE["role.permissions"], ask=_permissions),
    CATALOGUE["role.pass_role"],
    # Before set-up a full quota is a sure failure; afterwards it is only good to know.
    replace(CATALOGUE["quotas.vpcs"], severity="must"),
    replace(CATALOGUE["quotas.igws"], severity="must"),
)


def preflight(spec: CloudSpec, facts: Facts) -> tuple[Finding, ...]:
    """The findings before a set-up. One that `stops` says no; UNKNOWN and WARN are shown and do not."""
    return tuple(finding for check in PREFLIGHT for finding in check.run(spec, facts))
