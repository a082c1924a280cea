"""Who may enter the customer's account, and whether the door is as narrow as it must be.

Rules: IAM User Guide, "Access to AWS accounts owned by third parties" (the external ID against the confused
deputy), "Pass session tags in AWS STS" and "Monitor and control actions taken with assumed roles" (the source
identity); both need their own grant in the trust policy.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from iam.policy.documents import CURRENT
from iam.policy.errors import PolicyError
from iam.policy.evaluate import Decision, PolicySet, Request, evaluate_assume_role

ASSUME: Final = "sts:AssumeRole"
NAME_ACTOR: Final = "sts:SetSourceIdentity"
TAG: Final = "sts:TagSession"
SESSION_TAG_KEYS: Final = ("raydock-cloud-id", "raydock-organization-id")
STRANGER: Final = "999999999999"
ANY_ROLE: Final = "arn:aws:iam::000000000000:role/any"
EVERYTHING: Final = {
    "Version": CURRENT,
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}


def trust_policy(portal_role_arn: str, external_id: str, pending: str | None = None) -> dict[str, Any]:
    """Give the trust policy of a cloud's cross-account role.

    The portal's exact role alone may assume it, and only with the cloud's external ID. Naming the actor and
    tagging the session come with AssumeRole and are no way in by themselves; only Raydock's own two tags
    can be set, so that no tag-based policy of the account is ever met by a session of ours. `pending` is the
    ID that a rotation is about to put in force: until then the role takes both.
    """
    ids = [external_id, pending] if pending else external_id
    principal = {"AWS": portal_role_arn}
    return {
        "Version": CURRENT,
        "Statement": [
            {
                "Sid": "RaydockEntersWithExternalId",
                "Effect": "Allow",
                "Principal": principal,
                "Action": ASSUME,
                "Condition": {"StringEquals": {"sts:ExternalId": ids}},
            },
            {
                "Sid": "RaydockSaysWhoActs",
                "Effect": "Allow",
                "Principal": principal,
                "Action": NAME_ACTOR,
            },
            {
                "Sid": "RaydockTagsItsSessions",
                "Effect": "Allow",
                "Principal": principal,
                "Action": TAG,
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": list(SESSION_TAG_KEYS)}},
            },
        ],
    }


def cluster_trust_policy() -> dict[str, Any]:
    """Give the trust policy of the cluster role: EC2 hands it to instances, nobody else may assume it."""
    return {
        "Version": CURRENT,
        "Statement": [
            {
                "Sid": "Ec2GivesItToInstances",
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": ASSUME,
            }
        ],
    }


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a trust policy: what was seen, what is expected, what to do."""

    code: str
    severity: Literal["must", "should"]
    statements: tuple[str, ...]
    observed: str
    expected: str
    fix: str


@dataclass(frozen=True, slots=True)
class Door:
    """A trust policy under test, with the caller and external ID that it is meant for."""

    document: Mapping[str, Any]
    portal_role_arn: str
    external_id: str

    def opens(self, *, caller: str = "", external_id: str | None = None, action: str = ASSUME) -> Decision:
        """Try the door as a caller whose own account lets it do anything (the portal unless another)."""
        context: dict[str, object] = {} if external_id is None else {"sts:ExternalId": external_id}
        context |= {"aws:TagKeys": SESSION_TAG_KEYS, "sts:SourceIdentity": "usr_probe"}
        context |= {f"aws:RequestTag/{key}": "probe" for key in SESSION_TAG_KEYS}
        policies = PolicySet(identity=[EVERYTHING], resource=[self.document])
        return evaluate_assume_role(
            policies, Request(action, ANY_ROLE, caller or self.portal_role_arn, context)
        )

    @property
    def neighbour(self) -> str:
        """Another role of the portal's account, which only a trust in the whole account lets in."""
        return f"{self.portal_role_arn}-neighbour-{secrets.token_hex(4)}"

    @property
    def stranger(self) -> str:
        """A role of an account that has nothing to do with the portal."""
        account = self.portal_role_arn.split(":")[4]
        return self.portal_role_arn.replace(f":{account}:", f":{STRANGER}:", 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One question to a door: `open_to` tries it; it should stay shut unless `wanted`."""

    code: str
    severity: Literal["must", "should"]
    open_to: Callable[[Door], Decision]
    observed: str
    expected: str
    wanted: bool = False


RULES: Final = (
    Rule(
        "not_trusted",
        "must",
        lambda door: door.opens(external_id=door.external_id),
        "The role does not let the portal in with this cloud's external ID.",
        "The portal's exact role may assume it with the external ID.",
        wanted=True,
    ),
    Rule(
        "no_external_id",
        "must",
        lambda door: door.opens(),
        "The portal can assume the role without any external ID.",
        "The role asks for this cloud's external ID, or else another tenant could use it through the portal.",
    ),
    Rule(
        "any_external_id",
        "must",
        lambda door: door.opens(external_id=f"random-{secrets.token_hex(16)}"),
        "The portal can assume the role with an external ID that nobody was given.",
        "The role compares the external ID with StringEquals and this cloud's one value.",
    ),
    Rule(
        "whole_account",
        "must",
        lambda door: door.opens(caller=door.neighbour, external_id=door.external_id),
        "Every role in the portal's account can assume the role.",
        "The role names the portal's exact role, not its account.",
    ),
    Rule(
        "anyone",
        "must",
        lambda door: door.opens(caller=door.stranger, external_id=door.external_id),
        "Roles of any AWS account can assume the role.",
        "The role names the portal's exact role.",
    ),
    Rule(
        "no_source_identity",
        "should",
        lambda door: door.opens(action=NAME_ACTOR, external_id=door.external_id),
        "The role does not grant sts:SetSourceIdentity.",
        "CloudTrail in this account names the person who acts.",
        wanted=True,
    ),
    Rule(
        "no_session_tags",
        "should",
        lambda door: door.opens(action=TAG, external_id=door.external_id),
        "The role does not grant sts:TagSession.",
        "CloudTrail in this account names the cloud and the organization.",
        wanted=True,
    ),
)
FIX: Final = "Replace the role's trust policy by the one that Raydock shows for this cloud."


def lint(
    document: Mapping[str, Any], portal_role_arn: str, external_id: str | None = None
) -> tuple[Remark, ...]:
    """Give what is wrong with a trust policy, found by trying it; nothing when it is as it should be.

    Without `external_id`, the ID that the document itself asks for is taken to be the right one.
    """
    door = Door(document, portal_role_arn, external_id or _named_id(document) or "none")
    try:
        asked = [(rule, rule.open_to(door)) for rule in RULES]
    except PolicyError as error:
        expected = "A trust policy that AWS accepts."
        return (Remark("invalid", "must", (error.where,), f"{error.where}: {error.problem}.", expected, FIX),)
    return tuple(
        Remark(rule.code, rule.severity, decision.statements, rule.observed, rule.expected, FIX)
        for rule, decision in asked
        if decision.allowed is not rule.wanted
    )


def _named_id(document: Mapping[str, Any]) -> str:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        condition = statement.get("Condition", {}) if isinstance(statement, Mapping) else {}
        wanted = condition.get("StringEquals", {}) if isinstance(condition, Mapping) else {}
        for key, value in wanted.items() if isinstance(wanted, Mapping) else ():
            if key.lower() == "sts:externalid":
                return str(value[0] if isinstance(value, list) and value else value)
    return ""
