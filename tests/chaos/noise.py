"""Random faults on the product's calls, and bystanders in the account that nobody may touch."""

import json
import random
from typing import Any

import httpx

from tests.chaos.goals import note
from tests.chaos.stacks import size
from tests.chaos.storm import forget_role
from tests.stack import Stack, settle
from tests.story.clouds import REGION, connected, delete, set_up
from tests.story.customer import tagged

SHARE = 0.05
# What a set-up with its verification and a delete need together, roughly: the faults lie within.
CALLS_PER_CLOUD = 150
BYSTANDERS = size(4, 100)
KINDS = ("throttle", "error", "timeout", "lost_error", "lost_reply")
# The product's own calls: as the portal, and inside the roles that customers made for it.
PRODUCT = r"arn:aws:sts::(111111111111:assumed-role/raydock-portal/.*|222222222222:assumed-role/.*/op_.*)"


def disturb(stack: Stack, clouds: int, chance: random.Random) -> int:
    """Set faults at random places of the calls to come, one in twenty. How many."""
    places = [place for place in range(1, CALLS_PER_CLOUD * clouds) if chance.random() < SHARE]
    usual = {"action": ".*", "times": 1, "caller": PRODUCT}
    faults = [{**usual, "kind": chance.choice(KINDS), "first": place} for place in places]
    stack.sandbox("POST", "faults", faults)
    return len(faults)


def calm(stack: Stack) -> int:
    """Take the faults away. How many have struck."""
    struck = sum(one["struck"] for one in stack.sandbox("GET", "faults")["faults"])
    stack.sandbox("DELETE", "faults")
    return int(struck)


def noisy(stack: Stack, api: httpx.Client, count: int, *, at_once: int) -> None:
    """Build and remove so many clouds under random faults: nothing is left, no bystander is touched."""
    chance, struck = random.Random(11), 0
    bystanders = Bystanders(stack, BYSTANDERS)
    before = bystanders.seen()
    for first in range(0, count, at_once):
        names = [f"noise-{number}" for number in range(first, min(first + at_once, count))]
        struck += _round(stack, api, names, chance)
    assert bystanders.seen() == before
    text = (
        f"{count} clouds, {struck} faults ({SHARE:.0%} of calls), {BYSTANDERS} bystanders: 0 left, 0 touched"
    )
    note("R10", "created and deleted under random faults", text, "0 left", met=True)


def _round(stack: Stack, api: httpx.Client, names: list[str], chance: random.Random) -> int:
    clouds = [connected(api, stack, name) for name in names]
    disturb(stack, len(clouds), chance)
    for operation in [set_up(api, cloud) for cloud in clouds]:
        ended = settle(api, operation, seconds=120)
        assert ended["state"] == "succeeded", ended
    for operation in [delete(api, cloud) for cloud in clouds]:
        ended = settle(api, operation, seconds=120)
        assert ended["state"] == "succeeded", ended
    struck = calm(stack)
    for cloud in clouds:
        assert tagged(stack, cloud["id"], REGION) == [], cloud
        forget_role(stack, cloud)
    return struck


class Bystanders:
    """Things of the customer's own: without our tag, or with a tag that looks nearly like ours."""

    def __init__(self, stack: Stack, count: int) -> None:
        self._stack = stack
        self._ec2 = stack.aws("ec2", REGION)
        self._iam = stack.aws("iam", "us-east-1")
        self._s3 = stack.aws("s3", REGION)
        self._roles = [self._role(number) for number in range(count)]
        self._buckets = [self._bucket(number) for number in range(count)]
        self._networks = [self._network(number) for number in range(count)]

    def _role(self, number: int) -> str:
        name = f"raydock-cluster-{number}"
        trust = {"Version": "2012-10-17", "Statement": []}
        tags = [{"Key": "raydock-name", "Value": "cluster-role"}]
        self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Tags=tags)
        self._iam.create_instance_profile(InstanceProfileName=name, Tags=tags)
        self._iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def _bucket(self, number: int) -> str:
        name = f"raydock-bystander-{number}"
        self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._s3.put_object(Bucket=name, Key="data", Body=b"theirs")
        return name

    def _network(self, number: int) -> str:
        made = self._ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_tags("vpc", number))
        vpc: str = made["Vpc"]["VpcId"]
        self._ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20", TagSpecifications=_tags("subnet", number))
        self._ec2.create_security_group(
            VpcId=vpc,
            GroupName="raydock",
            Description="theirs",
            TagSpecifications=_tags("security-group", number),
        )
        return vpc

    def seen(self) -> dict[str, Any]:
        """All that there is to say about them."""
        inside = [{"Name": "vpc-id", "Values": self._networks}]
        return {
            "roles": [self._iam.get_role(RoleName=name)["Role"] for name in self._roles],
            "profiles": [
                self._iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
                for name in self._roles
            ],
            "objects": [
                [item["Key"] for item in self._s3.list_objects_v2(Bucket=name)["Contents"]]
                for name in self._buckets
            ],
            "vpcs": self._ec2.describe_vpcs(VpcIds=self._networks)["Vpcs"],
            "subnets": self._ec2.describe_subnets(Filters=inside)["Subnets"],
            "groups": self._ec2.describe_security_groups(Filters=inside)["SecurityGroups"],
            "routes": self._ec2.describe_route_tables(Filters=inside)["RouteTables"],
        }


def _tags(kind: str, number: int) -> list[dict[str, Any]]:
    """Every other one carries the tag of a cloud that is not this Raydock's."""
    tags = [{"Key": "raydock-name", "Value": "vpc"}]
    if number % 2:
        tags.append({"Key": "raydock-cloud-id", "Value": "cld_00000000000000000000000000"})
    return [{"ResourceType": kind, "Tags": tags}]
