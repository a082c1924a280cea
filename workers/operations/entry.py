"""Entering the account for one kind of work, and what follows when AWS does not let us in."""

from dataclasses import dataclass

from clouds.names import cloud_names
from clouds.outcomes import Failed
from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.grants import CloudNames, session_policy
from iam.policy.trust import trust_policy
from workers.aws.client import Client
from workers.aws.errors import AwsError, Kind
from workers.operations.work import Work


@dataclass(frozen=True)
class Inside:
    """A client inside the account. `named`: its CloudTrail says who acts and for which cloud."""

    aws: Client
    named: bool


def names_of(spec: CloudSpec, role_arn: str = "") -> CloudNames:
    """The names that the cloud's policies speak of."""
    return cloud_names(spec, role_arn)


def enter(work: Work, kind: str, *, role_arn: str = "") -> Inside:
    """Assume the cloud's role, narrowed to what this kind of work may do. Raises AwsError."""
    policy = canonical(session_policy(kind, names_of(work.spec, role_arn)))
    aws, lacking = work.hands.sessions.assume(work.door(role_arn), policy, record=work.record)
    return Inside(aws, named=not lacking)


def wanted_trust(work: Work) -> str:
    """The exact trust policy that the role needs now, as text; during a rotation it names both IDs."""
    spec = work.spec
    return canonical(trust_policy(spec.portal_role_arn, spec.external_id or "", spec.pending_external_id))


def not_let_in(work: Work, error: AwsError, role_arn: str = "") -> Failed:
    """The end of an operation that did not come in, by what AWS answered."""
    if error.kind is not Kind.DENIED:
        message = f"The security token service of {work.spec.region} did not answer ({error.code})."
        return Failed("sts_unavailable", message, "Retry in a few minutes.")
    return no_entry(work, role_arn)


def no_entry(work: Work, role_arn: str = "") -> Failed:
    """The end of an operation whose role cannot be assumed, with the exact trust policy that is needed."""
    role = role_arn or work.spec.cross_account_role_arn or ""
    return Failed(
        "role_not_assumable",
        f"AWS does not let Raydock assume {role} with this cloud's external ID. Either the role does not "
        "exist, or its trust policy does not name Raydock's role and this external ID.",
        f"Give the role exactly this trust policy, then try again: {wanted_trust(work)}",
    )
