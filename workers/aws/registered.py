"""One look at what a customer made and gave: by id, by name and by place, never by our tag.

Two rounds where everything was given by its id, and one more for managed policies; a VPC that was given by
name, or a role through its instance profile, costs the round that finds it.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from functools import partial

from clouds.facts import Facts
from clouds.registration import Registration, resolve
from clouds.specs import CloudSpec
from workers.aws.identities import IdentityLook
from workers.aws.looks import Ask, Looks, together
from workers.aws.mapped import MappedLook
from workers.aws.network import GROUPS, SUBNETS, NetworkLook
from workers.aws.ports import Aws
from workers.aws.storage import SETTINGS, BucketLook


def observe_registered(aws: Aws, spec: CloudSpec, *, pool: Executor, now: datetime) -> Facts:
    """What is there of what was given, and what we were denied to see.

    Before anything was given it is the region's VPCs and the cross-account role. Raises AwsError when AWS
    gave no clear answer.
    """
    look = _Look(Looks(aws, pool), spec, now)
    for asks in look.rounds():
        together(pool, asks)
    return look.facts()


class _Look:
    """One look under way."""

    def __init__(self, looks: Looks, spec: CloudSpec, now: datetime) -> None:
        self.looks, self.spec, self.now = looks, spec, now
        self.network = NetworkLook(looks, spec.cloud_id)
        self.identities = IdentityLook(looks)
        self.mapped = MappedLook(self.identities, spec, None, on=spec.registration is not None)
        self.bucket = BucketLook(looks, spec.bucket_name, spec.account_id)
        self.inside = ""
        self.settled = False
        self.roles: list[str] = []
        self.read: list[str] = []

    def rounds(self) -> Iterator[list[Ask]]:
        """One list of questions after the other, each made of the answers so far."""
        given = self.spec.registration
        yield [*self.network.region(zones=True), *self._own_role(), *(self._given(given) if given else [])]
        while asks := self.following(given):
            yield asks
        yield self.identities.managed()

    def _own_role(self) -> list[Ask]:
        own = self.spec.cross_account_role_name
        self.roles.append(own)
        return self.identities.role(own)

    def _given(self, given: Registration) -> list[Ask]:
        parts = {SUBNETS: given.subnets, GROUPS: given.security_groups}
        named = (
            ask
            for listing, wanted in parts.items()
            for ask in self.network.given(
                listing,
                (one.id for one in wanted if one.id),
                (one.given for one in wanted if not one.id),
            )
        )
        profile = given.instance_profile
        return [
            *named,
            *self._in_vpc(given.vpc.id),
            *self._role(given.cluster_role.name if given.cluster_role else ""),
            *([partial(self.identities.profile, profile.name)] if profile and profile.given else []),
            *self.bucket.place(),
            *self.mapped.following(),
        ]

    def following(self, given: Registration | None) -> list[Ask]:
        """What the answers so far have made askable."""
        asks = list(self._documents((*self.roles, *self.mapped.asked)))
        if given:
            found = resolve(given, self.facts())
            role = found.cluster_role.name if found.cluster_role else ""
            asks += [*self._in_vpc(found.vpc.id), *self._role(role), *self.mapped.following()]
            asks += self._bucket_settings()
        return asks

    def _in_vpc(self, vpc_id: str) -> list[Ask]:
        if not vpc_id or self.inside:
            return []
        self.inside = vpc_id
        return [
            *self.network.inside(frozenset({vpc_id}), occupants=False),
            *self.network.nat_gateways(vpc_id),
        ]

    def _role(self, name: str) -> list[Ask]:
        if not name or name in self.roles:
            return []
        self.roles.append(name)
        return self.identities.mapped(name)

    def _bucket_settings(self) -> list[Ask]:
        if not self.bucket.region or self.settled:
            return []
        self.settled = True
        return self.bucket.settings(("tags", *SETTINGS))

    def _documents(self, roles: Iterable[str]) -> Iterator[Ask]:
        for role in roles:
            if role not in self.read and role in self.identities.inline:
                self.read.append(role)
                yield from self.identities.policies([role])

    def facts(self) -> Facts:
        """What was found so far, as one value."""
        network = self.network
        return Facts(
            at=self.now,
            account_id=self.spec.account_id,
            region=self.spec.region,
            zones=network.all("zones"),
            vpcs=network.vpcs(),
            subnets=network.all("subnets"),
            internet_gateways=network.all("internet_gateways"),
            nat_gateways=network.all("nat_gateways"),
            route_tables=network.all("route_tables"),
            vpc_endpoints=network.all("vpc_endpoints"),
            security_groups=network.all("security_groups"),
            roles=self.identities.found(),
            instance_profiles=self.identities.found_profiles(),
            bucket=self.bucket.found(),
            # The regional STS let us in, or there would be no look at all.
            sts_regional=True,
            denied=tuple(self.looks.denied),
        )
