"""The roles that a cloud's mapping names, looked at beside the rest and not after it."""

from functools import partial

from clouds.facts import Facts
from clouds.mapped_roles import MappedRole
from clouds.specs import CloudSpec
from workers.aws.identities import IdentityLook
from workers.aws.looks import Ask


class MappedLook:
    """What was asked so far about mapped roles; only those of the cloud's own account are looked at."""

    def __init__(self, identities: IdentityLook, spec: CloudSpec, known: Facts | None, *, on: bool) -> None:
        self.identities = identities
        self.known = known
        # These are looked at anyway.
        self.others = frozenset((spec.cluster_role_name, spec.cross_account_role_name))
        own = {"", spec.account_id}
        self.mapped = tuple(one for one in spec.mapped_roles if on and one.account_id in own)
        self.asked: frozenset[str] = frozenset()
        self.asked_profiles: frozenset[str] = frozenset()

    def following(self) -> list[Ask]:
        """What can be asked now and was not before. Nothing is left once no answer has brought a new name."""
        profiles = frozenset(self._profiles()) - self.asked_profiles
        roles = frozenset(self._roles()) - self.asked - self.others
        self.asked_profiles |= profiles
        self.asked |= roles
        return [
            *(partial(self.identities.profile, name) for name in sorted(profiles)),
            *(ask for name in sorted(roles) for ask in self.identities.mapped(name)),
        ]

    def _profiles(self) -> set[str]:
        """Profiles that the mapping names, surely or perhaps: a plain name that is no role may be one."""
        perhaps = {one.role_name for one in self.mapped if self._no_role(one)}
        return {one.profile_name for one in self.mapped if one.profile_name} | perhaps

    def _roles(self) -> set[str]:
        """Roles by their own name, and those in the profiles that were seen now or in the last look."""
        held = {name for one in self.mapped for name in self._held(one)}
        return {one.role_name for one in self.mapped} | held

    def _held(self, one: MappedRole) -> tuple[str, ...]:
        name = one.profile_name or (one.role_name if one.by_name else "")
        seen = self.identities.profiles.get(name)
        if seen is None and self.known is not None and not self.asked:
            seen = self.known.profile(name)
        return seen.role_names if seen else ()

    def _no_role(self, one: MappedRole) -> bool:
        """True when AWS said that there is no role of this name; a refused look says nothing."""
        name = one.role_name
        return (
            one.by_name
            and name in self.asked
            and name not in self.identities.roles
            and not any(item.subject == name for item in self.identities.looks.denied)
        )
