"""What a last look saw, for tests that start from a cloud which is set up."""

from datetime import datetime

from clouds.facts import CLOUD_TAG, LOGICAL_TAG, Facts, SecurityGroup, Subnet, Vpc, Zone
from tests import factories


def network_seen(cloud_id: str, now: datetime) -> Facts:
    """A VPC with two subnets and a security group, all of this cloud, in a region of three zones."""
    zones = tuple(
        Zone(name=f"{factories.REGION}{letter}", id=f"euc1-az{number}")
        for number, letter in enumerate("abc", start=1)
    )
    subnets = tuple(
        Subnet(
            id=f"subnet-{number}",
            vpc_id="vpc-1",
            cidr=f"10.0.{16 * number}.0/20",
            zone=zone.name,
            zone_id=zone.id,
            tags=tags(cloud_id, f"subnet-{zone.id}"),
        )
        for number, zone in enumerate(zones[:2])
    )
    group = SecurityGroup(
        id="sg-1", name=f"raydock-{cloud_id}", vpc_id="vpc-1", tags=tags(cloud_id, "security-group")
    )
    return Facts(
        at=now,
        account_id=factories.ACCOUNT,
        region=factories.REGION,
        zones=zones,
        vpcs=(Vpc(id="vpc-1", cidr="10.0.0.0/16", tags=tags(cloud_id, "vpc")),),
        subnets=subnets,
        security_groups=(group,),
    )


def tags(cloud_id: str, logical: str) -> dict[str, str]:
    """The tags of one resource of a cloud."""
    return {CLOUD_TAG: cloud_id, LOGICAL_TAG: logical}
