"""One role of a cloud's mapping under examination: what was seen of it, and what AWS refused to show."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from clouds.checks.asking import Answer, Case, refusal
from clouds.facts import Denied, Facts, Role
from clouds.mapped_roles import MappedRole
from clouds.specs import CloudSpec
from iam.policy.documents import CURRENT, canonical
from iam.policy.grants import look_at_mapped_policy
from iam.policy.places import MAPPED_PREFIX

LOOK_POLICY_NAME = "raydock-look-at-mapped-roles"


@dataclass(frozen=True)
class Mapped:
    """A mapped role in its case."""

    case: Case
    mapped: MappedRole

    @property
    def spec(self) -> CloudSpec:
        """What the cloud should be."""
        return self.case.spec

    @property
    def facts(self) -> Facts:
        """What was seen."""
        return self.case.facts

    @cached_property
    def role(self) -> Role | None:
        """The role as it was seen; None also for a role of another account, which is never looked at."""
        return None if self.foreign else self.mapped.role(self.facts)

    @property
    def foreign(self) -> bool:
        """True when the mapping names a role of another account."""
        return self.mapped.account_id not in {"", self.spec.account_id}

    @property
    def profile(self) -> str:
        """The instance profile that the mapping names, or an empty string where it names a role."""
        return self.mapped.profile(self.facts)

    @property
    def name(self) -> str:
        """The role's name, as far as it is known."""
        return self.role.name if self.role else self.mapped.role_name

    @property
    def arn(self) -> str:
        """The role's ARN with its path where it was seen, else as the mapping lets one guess."""
        return self.role.arn if self.role else self.mapped.arn(self.spec.account_id)

    @property
    def is_role(self) -> bool:
        """True when `arn` is the ARN of a role and not of an instance profile whose role is unknown."""
        return ":role/" in self.arn

    @property
    def conventional(self) -> bool:
        """True when the naming convention covers the role: name first, and no path before it."""
        return f":role/{MAPPED_PREFIX}" in self.arn

    @property
    def same_arn(self) -> bool:
        """False when the mapping gives an ARN of a role that is not the one of this name."""
        return ":role/" not in self.mapped.value or self.mapped.value == self.arn

    @property
    def rules(self) -> str:
        """The rules that name the role, as people count them."""
        numbers = [str(number + 1) for number in self.mapped.rules]
        if not numbers:
            return "the list of allowed profiles"
        return f"rule {numbers[0]}" if len(numbers) == 1 else f"rules {', '.join(numbers)}"

    @property
    def told(self) -> str:
        """What was seen under the name that the mapping gives."""
        if self.role and not self.same_arn:
            return f"The role {self.name} has another ARN: {self.arn}."
        if self.role:
            return f"{self.arn}."
        profile = self.facts.profile(self.profile)
        if profile:
            return f"The instance profile {profile.name} holds {', '.join(profile.role_names) or 'no role'}."
        if self.profile:
            return f"There is no instance profile {self.profile}."
        return f"There is no role and no instance profile {self.name}."

    def refused(self, *actions: str) -> tuple[Denied, ...]:
        """The refused looks among these actions at this role or at its instance profile."""
        names = dict.fromkeys((self.name, self.profile or self.name))
        found = (one for name in names for one in self.facts.refusals(*actions, subject=name))
        return () if self.foreign else tuple(dict.fromkeys(found))

    def refused_documents(self, *actions: str) -> tuple[Denied, ...]:
        """The refused looks among these actions at managed policies that bear on this role."""
        if self.role is None:
            return ()
        arns = [*(one.arn for one in self.role.attached or ()), self.role.boundary_arn]
        found = (one for arn in arns if arn for one in self.facts.refusals(*actions, subject=arn))
        return tuple(dict.fromkeys(found)) or self._everywhere(*actions)

    def _everywhere(self, *actions: str) -> tuple[Denied, ...]:
        return tuple(one for one in self.facts.refusals(*actions) if one.subject in {"", "*"})

    def not_seen(self, refused: tuple[Denied, ...], expected: str) -> Answer:
        """The answer where AWS refused a look: the missing actions, and the statement that allows them."""
        said = replace(refusal(self.case, refused, self.arn), expected=expected)
        looks = {one.action for one in refused if one.action in _LOOKS}
        if not looks or any(one.by_organization for one in refused):
            return said
        control = self.spec.cross_account_role_name
        fix = (
            f"Allow {', '.join(sorted(looks))} on {self.arn} to {control}: attach the policy shown, which "
            f"names all roles of the mapping. Roles named {MAPPED_PREFIX}… need no policy of their own. "
            "A role with a path is named with its path."
        )
        document = shlex.quote(canonical(look_policy(self.case)))
        cli = (
            f"aws iam put-role-policy --role-name {control} --policy-name {LOOK_POLICY_NAME} "
            f"--policy-document {document}"
        )
        return replace(said, fix=fix, cli=cli)


_LOOKS = frozenset(
    {
        "iam:GetInstanceProfile",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
    }
)


def look_policy(case: Case) -> dict[str, object]:
    """The policy that lets a verification look at all roles of the mapping: one attachment for all."""
    found = [Mapped(case, one) for one in case.spec.mapped_roles]
    ours = [one for one in found if not one.foreign and not one.name.startswith(MAPPED_PREFIX)]
    account = case.spec.account_id
    roles = [one.arn if one.is_role else f"arn:aws:iam::{account}:role/{one.name}" for one in ours]
    profiles = [
        one.mapped.value if one.mapped.profile_name and not one.mapped.by_name else _profile(account, one)
        for one in ours
    ]
    return look_at_mapped_policy(case.names, roles, profiles)


def _profile(account: str, one: Mapped) -> str:
    return f"arn:aws:iam::{account}:instance-profile/{one.profile or one.name}"


def statement_policy(
    sid: str, action: str, resources: Iterable[str], condition: Mapping[str, str]
) -> dict[str, object]:
    """A policy of one statement that allows an action on these ARNs under an exact condition."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": action,
        "Resource": list(dict.fromkeys(resources)),
        "Condition": {"StringEquals": dict(condition)},
    }
    return {"Version": CURRENT, "Statement": [statement]}
