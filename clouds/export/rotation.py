"""The two steps of a rotation for the customer: admit both external IDs, then the new one alone (T17). Pure.

Forms: AWS CLI reference, "iam update-assume-role-policy"; Terraform's resource "aws_iam_role", whose
attribute assume_role_policy takes JSON by jsonencode().
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.trust import trust_policy

StepName = Literal["both", "final"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStep:
    """One trust policy to attach, and what happens then. `state` is done, now or next."""

    name: StepName
    title: str
    why: str
    state: Literal["done", "now", "next"]
    trust: Mapping[str, Any]
    aws_cli: str
    terraform: str


def rotation_steps(spec: CloudSpec) -> tuple[TrustStep, ...]:
    """Return both steps of the rotation that the cloud is in; nothing where it is in none."""
    present = spec.external_id or ""
    if spec.pending_external_id:
        both, final = _documents(spec, present, spec.pending_external_id)
        return _both(spec, both, "now"), _final(spec, final, "next")
    if spec.retiring_external_id:
        both, final = _documents(spec, spec.retiring_external_id, present)
        return _both(spec, both, "done"), _final(spec, final, "now")
    return ()


def wanted_trust(spec: CloudSpec) -> dict[str, Any]:
    """Return the trust policy that the role should have now; while a new ID is pending it takes both."""
    return trust_policy(spec.portal_role_arn, spec.external_id or "", spec.pending_external_id)


def attach_line(spec: CloudSpec, trust: Mapping[str, Any]) -> str:
    """Return the AWS CLI line that gives the cloud's role this trust policy."""
    role = spec.cross_account_role_name or "raydock-control-plane"
    words = ("aws", "iam", "update-assume-role-policy", "--role-name", role)
    return shlex.join([*words, "--policy-document", canonical(trust)])


def attach_terraform(trust: Mapping[str, Any]) -> str:
    """Return the attribute of the aws_iam_role resource that does the same."""
    return f"assume_role_policy = jsonencode({json.dumps(trust, indent=2)})"


def _documents(spec: CloudSpec, old: str, new: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return trust_policy(spec.portal_role_arn, old, new), trust_policy(spec.portal_role_arn, new)


def _both(spec: CloudSpec, trust: dict[str, Any], state: Literal["done", "now"]) -> TrustStep:
    return TrustStep(
        name="both",
        title="Let the role admit both external IDs",
        why="Work goes on with the old one. When AWS lets Raydock in with the new one, and nobody without an "
        "ID or with a random one, the new one is in force.",
        state=state,
        trust=trust,
        aws_cli=attach_line(spec, trust),
        terraform=attach_terraform(trust),
    )


def _final(spec: CloudSpec, trust: dict[str, Any], state: Literal["now", "next"]) -> TrustStep:
    return TrustStep(
        name="final",
        title="Let the role admit the new external ID alone",
        why="The rotation is over when AWS refuses the old one.",
        state=state,
        trust=trust,
        aws_cli=attach_line(spec, trust),
        terraform=attach_terraform(trust),
    )
