"""One look at a cloud's account: facts, gathered side by side in two rounds, three with managed policies.

A mapping that names instance profiles instead of roles costs a round more, until the last look has shown
whose they are.

Found by the cloud's tag, by the names that follow from its id, and by the VPCs of the last look, so that a
resource is found although nobody remembers having made it, and also when somebody took its tags away.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime

from clouds.facts import Facts, Quota
from clouds.specs import CloudSpec
from workers.aws.errors import AwsError
from workers.aws.identities import IdentityLook
from workers.aws.looks import Ask, Looks, together
from workers.aws.mapped import MappedLook
from workers.aws.network import NetworkLook
from workers.aws.ports import Aws
from workers.aws.storage import SETTINGS, BucketLook

# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
_QUOTAS = {"vpcs": ("vpc", "L-F678F1CE"), "igws": ("vpc", "L-A4707A72")}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """How far a look goes. Each kind of operation asks for no more than it reads.

    `access`: the cross-account role and the roles' inline documents. `attached`: which managed policies
    the roles have; with `access` their documents too. `mapped`: the roles that the mapping names.
    `settings`: of the bucket, by name. `occupants`: network interfaces and instances, which a delete would
    stumble over. `contents`: what lies in the bucket.
    """

    zones: bool = False
    quotas: bool = False
    access: bool = False
    attached: bool = False
    mapped: bool = False
    settings: tuple[str, ...] = ()
    occupants: bool = False
    contents: bool = False


VERIFY = Scope(zones=True, quotas=True, access=True, attached=True, settings=SETTINGS)
INSPECT = replace(VERIFY, mapped=True)
DELETE = Scope(attached=True, settings=("policy",), occupants=True)
DELETE_DATA = Scope(attached=True, occupants=True, contents=True)


def observe(
    aws: Aws, spec: CloudSpec, scope: Scope, *, pool: Executor, now: datetime, known: Facts | None = None
) -> Facts:
    """What is there, and what we were denied to see. `known` is the last look: it saves a round.

    Raises AwsError when AWS gave no clear answer.
    """
    look = _Look(Looks(aws, pool), spec, scope, known)
    for asks in look.rounds():
        together(pool, asks)
    return look.facts(now)


class _Look:
    """One look under way."""

    def __init__(self, looks: Looks, spec: CloudSpec, scope: Scope, known: Facts | None) -> None:
        self.looks = looks
        self.spec = spec
        self.scope = scope
        self.network = NetworkLook(looks, spec.cloud_id)
        self.identities = IdentityLook(looks)
        self.mapped = MappedLook(self.identities, spec, known, on=scope.mapped)
        self.bucket = BucketLook(looks, spec.bucket_name, spec.account_id)
        self.quotas: list[Quota] = []
        self.known_vpcs = (
            frozenset(one.id for one in known.vpcs if one.cloud_id == spec.cloud_id) if known else frozenset()
        )
        self.known_bucket = known is not None and known.bucket is not None

    def rounds(self) -> Iterator[list[Ask]]:
        """One list of questions after the other, each made of the answers so far."""
        yield self.first_round()
        early = self.mapped.asked
        yield self.second_round()
        while asks := self.mapped.following():
            yield asks
        yield self.identities.policies(self.mapped.asked - early)
        yield self.identities.managed()

    def first_round(self) -> list[Ask]:
        """Everything that can be asked with what is known beforehand."""
        # A delete looks everywhere. Otherwise the VPCs of the last look are the shorter way.
        tagged = self.network.tagged() if self.scope.occupants or not self.known_vpcs else []
        return [
            *self.network.region(zones=self.scope.zones),
            *tagged,
            *self.network.inside(self.known_vpcs, occupants=self.scope.occupants),
            *self.identities.named(self._roles, self.spec.cluster_role_name, attached=self.scope.attached),
            *self.mapped.following(),
            *self.bucket.place(),
            *(self._bucket_parts() if self.known_bucket else []),
            *([lambda: self._quota("vpcs"), lambda: self._quota("igws")] if self.scope.quotas else []),
        ]

    def second_round(self) -> list[Ask]:
        """What needed an answer of the first: the VPCs that were found, the policies, the bucket."""
        mine = frozenset(one.id for one in self.network.vpcs() if one.cloud_id == self.spec.cloud_id)
        return [
            *self.network.inside(mine - self.known_vpcs, occupants=self.scope.occupants),
            *(self.identities.policies((*self._roles, *self.mapped.asked)) if self.scope.access else []),
            *self.mapped.following(),
            *(self._bucket_parts() if self.bucket.region and not self.known_bucket else []),
        ]

    @property
    def _roles(self) -> tuple[str, ...]:
        own = self.spec.cross_account_role_name
        cluster = self.spec.cluster_role_name
        return (cluster, own) if self.scope.access and own else (cluster,)

    def _bucket_parts(self) -> list[Ask]:
        contents = self.bucket.contents() if self.scope.contents else []
        return [*self.bucket.settings(("tags", *self.scope.settings)), *contents]

    def _quota(self, code: str) -> None:
        """A quota is a convenience: not being able to read it stops nothing."""
        service, quota = _QUOTAS[code]
        asked = {"ServiceCode": service, "QuotaCode": quota}
        try:
            reply = self.looks.one("servicequotas:GetServiceQuota", asked, subject=code)
        except AwsError:
            return
        if reply is not None:
            self.quotas.append(Quota(code=code, limit=float(reply["Quota"]["Value"])))

    def facts(self, now: datetime) -> Facts:
        """What all rounds found, as one value."""
        network = self.network
        vpcs, gateways = network.vpcs(), network.all("internet_gateways")
        used = {"vpcs": len(vpcs), "igws": len(gateways)}
        return Facts(
            at=now,
            account_id=self.spec.account_id,
            region=self.spec.region,
            zones=network.all("zones"),
            vpcs=vpcs,
            subnets=network.all("subnets"),
            internet_gateways=gateways,
            route_tables=network.all("route_tables"),
            vpc_endpoints=network.all("vpc_endpoints"),
            security_groups=network.all("security_groups"),
            roles=self.identities.found(),
            instance_profiles=self.identities.found_profiles(),
            bucket=self.bucket.found(),
            interfaces=network.all("interfaces"),
            instances=network.all("instances"),
            quotas=tuple(
                replace(one, used=used[one.code]) for one in sorted(self.quotas, key=lambda one: one.code)
            ),
            # The regional STS let us in, or there would be no look at all.
            sts_regional=True,
            denied=tuple(self.looks.denied),
        )
