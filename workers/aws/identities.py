"""The IAM side of a look: roles by name, their policies, the instance profile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clouds.facts import AttachedPolicy, Document, InstanceProfile, Role
from workers.aws import replies
from workers.aws.looks import Ask, Looks

GET_POLICY, GET_VERSION = "iam:GetPolicy", "iam:GetPolicyVersion"


@dataclass
class IdentityLook:
    """What was found so far of a few roles. None = refused to us, absent = not there."""

    looks: Looks
    roles: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    profiles: dict[str, InstanceProfile] = field(default_factory=dict)
    listed: dict[str, InstanceProfile] = field(default_factory=dict)
    inline: dict[str, dict[str, Document] | None] = field(default_factory=dict)
    attached: dict[str, dict[str, AttachedPolicy] | None] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)

    def named(self, roles: Iterable[str], profile: str, *, attached: bool) -> list[Ask]:
        """The roles and the profile, and which policies the roles have; managed ones when asked."""
        looks = (self._role, self._inline_names, *((self._attached_names,) if attached else ()))
        return [partial(self.profile, profile), *(partial(look, name) for name in roles for look in looks)]

    def role(self, name: str) -> list[Ask]:
        """One role, and which policies it has."""
        return [partial(look, name) for look in (self._role, self._inline_names, self._attached_names)]

    def mapped(self, role: str) -> list[Ask]:
        """A role that somebody else made, which policies it has, and which profiles hold it."""
        return [*self.role(role), partial(self._profiles_of, role)]

    def policies(self, roles: Iterable[str]) -> list[Ask]:
        """The inline documents of these roles, and which version of each managed policy counts."""
        asks: list[Ask] = []
        for role in roles:
            asks += [partial(self._inline_document, role, name) for name in self.inline.get(role) or {}]
            asks += [partial(self._version, arn) for arn in self._managed_of(role)]
        return asks

    def _managed_of(self, role: str) -> Iterable[str]:
        """The managed policies that bear on a role: those attached to it, and the one that bounds it."""
        bounding = replies.boundary_arn(self.roles.get(role, {}))
        return dict.fromkeys((*(self.attached.get(role) or ()), *([bounding] if bounding else ())))

    def managed(self) -> list[Ask]:
        """The documents of the managed policies."""
        return [partial(self._document, arn, version) for arn, version in self.versions.items()]

    def found(self) -> tuple[Role, ...]:
        """The roles that are there, with what could be read of them."""
        return tuple(
            replies.role(
                item,
                self.inline.get(name),
                self._attached(name),
                self.documents.get(replies.boundary_arn(item)),
            )
            for name, item in sorted(self.roles.items())
        )

    def found_profiles(self) -> tuple[InstanceProfile, ...]:
        """The instance profiles that are there, whichever way they were found."""
        return tuple(one for _, one in sorted({**self.listed, **self.profiles}.items()))

    def _attached(self, role: str) -> tuple[AttachedPolicy, ...] | None:
        names = self.attached.get(role)
        if names is None:
            return None
        return tuple(
            AttachedPolicy(arn=arn, name=one.name, document=self.documents.get(arn))
            for arn, one in sorted(names.items())
        )

    def _role(self, name: str) -> None:
        reply = self.looks.one("iam:GetRole", {"RoleName": name}, subject=name)
        if reply is not None:
            self.roles[name] = reply["Role"]

    def profile(self, name: str) -> None:
        """One instance profile, by its name."""
        reply = self.looks.one("iam:GetInstanceProfile", {"InstanceProfileName": name}, subject=name)
        if reply is not None:
            self.profiles[name] = replies.instance_profile(reply["InstanceProfile"])

    def _profiles_of(self, role: str) -> None:
        rows = self._names("iam:ListInstanceProfilesForRole", role, "InstanceProfiles") or ()
        for one in map(replies.instance_profile, rows):
            # The list leaves tags out: what was asked for by its name knows more.
            self.listed[one.name] = one

    def _inline_names(self, role: str) -> None:
        names = self._names("iam:ListRolePolicies", role, "PolicyNames")
        self.inline[role] = None if names is None else {str(name): {} for name in names}

    def _attached_names(self, role: str) -> None:
        rows = self._names("iam:ListAttachedRolePolicies", role, "AttachedPolicies")
        self.attached[role] = (
            None
            if rows is None
            else {
                one["PolicyArn"]: AttachedPolicy(arn=one["PolicyArn"], name=one["PolicyName"]) for one in rows
            }
        )

    def _names(self, action: str, role: str, key: str) -> tuple[Any, ...] | None:
        return self.looks.rows_or_none(action, {"RoleName": role}, key, subject=role)

    def _inline_document(self, role: str, name: str) -> None:
        asked = {"RoleName": role, "PolicyName": name}
        reply = self.looks.one("iam:GetRolePolicy", asked, subject=role)
        documents = self.inline[role]
        if reply is None:
            # One unread document makes any answer about what the role may do a guess.
            self.inline[role] = None
        elif documents is not None:
            documents[name] = replies.document(reply["PolicyDocument"])

    def _version(self, arn: str) -> None:
        reply = self.looks.one(GET_POLICY, {"PolicyArn": arn}, subject=arn)
        if reply is not None:
            self.versions[arn] = reply["Policy"]["DefaultVersionId"]

    def _document(self, arn: str, version: str) -> None:
        reply = self.looks.one(GET_VERSION, {"PolicyArn": arn, "VersionId": version}, subject=arn)
        if reply is not None:
            self.documents[arn] = replies.document(reply["PolicyVersion"]["Document"])
