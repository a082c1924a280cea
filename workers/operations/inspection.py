"""Verifying: enter anew, look, try the bucket, ask every check. Also the last stage of a set-up."""

from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime

from clouds.checks import run_checks
from clouds.facts import Facts, Probe, Trust
from clouds.findings import Finding, Status
from clouds.outcomes import Done
from clouds.planning import resources
from clouds.registration import resolve
from clouds.specs import CloudSpec
from workers.aws.observe import INSPECT, observe
from workers.aws.ports import Aws
from workers.aws.registered import observe_registered
from workers.operations.entry import enter
from workers.operations.probe import joined, probes
from workers.operations.trust import old_id_refused, tries
from workers.operations.work import Work


@dataclass(frozen=True)
class Inspection:
    """What a verification saw and found. `spec` names what a customer gave as this look has found it."""

    spec: CloudSpec
    facts: Facts
    findings: tuple[Finding, ...]
    started_at: datetime

    @property
    def open_to_others(self) -> bool:
        """Whether AWS let somebody in who must not come in (T10)."""
        trust = self.facts.trust
        return trust is not None and not (trust.without_id_refused and trust.random_id_refused)


def inspect(work: Work, *, known: Facts | None, only: tuple[str, ...] = ()) -> Inspection:
    """One verification, through a session that may only look and use its own probe object.

    Raises AwsError: Denied when the role cannot be assumed any more.
    """
    started_at, pool, spec = work.clock.now(), work.hands.pool, work.spec
    locked = [pool.submit(one) for one in tries(work)]
    old = pool.submit(old_id_refused, work)
    probing: list[Future[Probe]] = []
    try:
        inside = enter(work, look_of(spec))
        probing = [pool.submit(one) for one in probes(inside.aws, spec.bucket_name, work.operation_id)]
        facts = look_around(inside.aws, spec, pool=pool, now=started_at, known=known)
    finally:
        wait(locked)
        wait([old])
        wait(probing)
    refused = (locked[0].result(), locked[1].result())
    trust = replace(_trust(work, facts, refused, named=inside.named), old_id_refused=old.result())
    bucket = facts.bucket and replace(facts.bucket, probe=joined(one.result() for one in probing))
    facts = replace(facts, trust=trust, bucket=bucket)
    if spec.registration:
        spec = replace(spec, registration=resolve(spec.registration, facts))
    return Inspection(spec, facts, run_checks(spec, facts, only=only or None), started_at)


def look_of(spec: CloudSpec) -> str:
    """The kind of session that may look at such a cloud."""
    return "register" if spec.registered else "verify"


def look_around(aws: Aws, spec: CloudSpec, *, pool: Executor, now: datetime, known: Facts | None) -> Facts:
    """One look at a cloud, by its tag or by what its customer gave. Raises AwsError."""
    if spec.registered:
        return observe_registered(aws, spec, pool=pool, now=now)
    return observe(aws, spec, INSPECT, pool=pool, now=now, known=known)


def _trust(work: Work, facts: Facts, locked: tuple[bool, bool], *, named: bool) -> Trust:
    role_arn = work.spec.cross_account_role_arn or ""
    own = facts.role(role_arn)
    return Trust(
        role_arn=role_arn,
        assumable=True,
        account_id=work.spec.account_id,
        without_id_refused=locked[0],
        random_id_refused=locked[1],
        named=named,
        document=own.trust if own else None,
    )


def report(work: Work, seen: Inspection) -> Done:
    """Write down what a verification saw, and say it in a sentence. An open door suspends the cloud (T10)."""
    if seen.spec.registration:
        work.journal.save_registration(seen.spec.registration)
    work.journal.save_facts(seen.facts, resources(seen.spec, seen.facts))
    work.journal.save_findings(seen.findings, started_at=seen.started_at)
    old = work.spec.retiring_external_id
    if old and seen.facts.trust and seen.facts.trust.old_id_refused and not seen.open_to_others:
        work.journal.retire_external_id(old)
    return Done("verified", _summary(seen.findings), suspends=seen.open_to_others)


def _summary(findings: tuple[Finding, ...]) -> str:
    words = {Status.WARN: "to look at", Status.FAIL: "failed", Status.UNKNOWN: "could not be answered"}
    counts = {status: sum(one.status is status for one in findings) for status in Status}
    rest = [f"{counts[status]} {said}" for status, said in words.items() if counts[status]]
    return f"{', '.join([f'{counts[Status.PASS]} of {len(findings)} checks passed', *rest])}."
