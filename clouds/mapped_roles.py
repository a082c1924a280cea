"""Which cluster roles a cloud's mapping may give to nodes beside its default, as looks and checks need it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from clouds.facts import Facts, Role
from iam.mapping import Config, role_name

PROFILE, ROLE_ARN = "profile_arn", "role_arn"


@dataclass(frozen=True, kw_only=True)
class MappedRole:
    """One role, as the mapping names it: `value` is a name or an ARN, `rules` (from 0) those that give it.

    `profile_name` is set where the value is sure to be an instance profile; the role's name is then a guess
    (the same) until the profile was seen. A plain name may be a role's or a profile's: the role goes first.
    """

    value: str
    role_name: str
    profile_name: str | None = None
    rules: tuple[int, ...] = ()

    @property
    def by_name(self) -> bool:
        """True when the value is a plain name and not an ARN."""
        return not self.value.startswith("arn:")

    @property
    def account_id(self) -> str:
        """The account that the value names, or an empty string where it is a plain name."""
        return "" if self.by_name else self.value.split(":")[4]

    def arn(self, account_id: str) -> str:
        """The ARN as far as it is known without a look: the value itself, or a role without a path."""
        return f"arn:aws:iam::{account_id}:role/{self.role_name}" if self.by_name else self.value

    def profile(self, facts: Facts) -> str:
        """The name of the instance profile that the value turned out to name, or an empty string."""
        if self.profile_name:
            return self.profile_name
        is_profile = self.by_name and not _role(facts, self.role_name) and facts.profile(self.role_name)
        return self.role_name if is_profile else ""

    def role(self, facts: Facts) -> Role | None:
        """The role as it was seen, through its instance profile where the value names one."""
        profile = facts.profile(self.profile(facts))
        if profile is None:
            return None if self.profile_name else _role(facts, self.role_name)
        return next((one for name in profile.role_names if (one := _role(facts, name))), None)


def _role(facts: Facts, name: str) -> Role | None:
    return next((one for one in facts.roles if one.name == name), None)


def mapped_roles(config: Config, account_id: str) -> tuple[MappedRole, ...]:
    """The roles that a mapping on AWS may give, each once, in the order of the rules.

    Profiles that a compute config may name instead (`instance_profile_override.allowed`) belong to them:
    their nodes need the same. Two values that name the same role of the account `account_id` are one.
    """
    found: dict[tuple[str, str, bool], MappedRole] = {}
    for one in _named(config):
        key = (one.account_id or account_id, one.profile_name or one.role_name, one.profile_name is not None)
        known = found.setdefault(key, one)
        found[key] = replace(known, rules=tuple(dict.fromkeys((*known.rules, *one.rules))))
    return tuple(found.values())


def _named(config: Config) -> Iterator[MappedRole]:
    for at, rule in enumerate(config.rules):
        yield _read(rule.value, (at,), profile=False)
    for value in config.override.only:
        yield _read(value, (), profile=True)


def _read(value: str, rules: tuple[int, ...], *, profile: bool) -> MappedRole:
    kind, name = role_name(value)
    surely = kind == PROFILE or (profile and kind != ROLE_ARN)
    return MappedRole(value=value, role_name=name, profile_name=name if surely else None, rules=rules)
