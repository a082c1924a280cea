"""What a cloud should look like in AWS: pure data, with the names that follow from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from clouds.facts import CLOUD_TAG, LOGICAL_TAG
from clouds.mapped_roles import MappedRole
from clouds.plain import from_plain, to_plain
from clouds.registration import Registration
from iam.policy.arns import ArnError, is_account_id, parse_role_arn

LARGEST_VPC, SMALLEST_VPC = 16, 19
SMALLEST_SUBNET = 22
LEAST_ZONES = 2
MOST_INGRESS_CIDRS = 50

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_REGION = re.compile(r"[a-z]{2}-[a-z]{4,20}-[1-9][0-9]?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_OTHER_PARTITIONS = {"cn-": "China", "us-gov-": "GovCloud", "us-iso": "isolated", "eu-isoe-": "isolated"}
# Where hosts cannot live: this network, loopback, link-local, multicast and reserved.
_UNUSABLE = tuple(IPv4Network(one) for one in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"))


class SpecError(ValueError):
    """A spec that cannot be built; `fields` maps a field's name to what is wrong with it and why."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        """Keep the messages by field."""
        self.fields = {name: list(messages) for name, messages in fields.items()}
        super().__init__("; ".join(f"{name}: {' '.join(messages)}" for name, messages in self.fields.items()))


@dataclass(frozen=True, kw_only=True)
class CloudSpec:
    """One cloud as it should be. `zones` None = every zone of the region that the network has room for.

    `mapped_roles` are those that the cloud's mapping may give to nodes, beside the cluster role. A
    `registered` cloud is what its customer made and gave (`registration`); until something was given it has
    the names that a managed one would have, which are those that the exports write.
    """

    cloud_id: str
    organization_id: str
    name: str
    region: str
    account_id: str
    console_origin: str
    portal_role_arn: str
    cross_account_role_arn: str | None = None
    external_id: str | None = None
    pending_external_id: str | None = None
    retiring_external_id: str | None = None
    vpc_cidr: str = "10.0.0.0/16"
    zones: int | None = None
    ingress_cidrs: tuple[str, ...] = ("0.0.0.0/0",)
    mapped_roles: tuple[MappedRole, ...] = ()
    registered: bool = False
    registration: Registration | None = None

    tag_key = CLOUD_TAG
    logical_tag_key = LOGICAL_TAG

    @property
    def bucket_name(self) -> str:
        """The bucket: unique in all of S3, since the cloud's id is in it (no underscore allowed)."""
        if self.registration:
            return self.registration.bucket.name
        return f"raydock-{self.cloud_id.replace('_', '-').lower()}"

    @property
    def cluster_role_name(self) -> str:
        """The role of the cluster's nodes; its instance profile has the same name (64 characters at most).

        Empty where only a profile was given that was not seen yet, or holds no role.
        """
        if self.registration:
            return self.registration.cluster_role.name if self.registration.cluster_role else ""
        return f"raydock-{self.cloud_id}-cluster"

    @property
    def cluster_role_arn(self) -> str:
        """The ARN that the cluster role has, or will have."""
        given = self.registration.cluster_role if self.registration else None
        if given and given.arn:
            return given.arn
        return f"arn:aws:iam::{self.account_id}:role/{self.cluster_role_name}"

    @property
    def profile_path(self) -> str:
        """The instance profile that policies name, with its path: the one given, else one like the role."""
        given = self.registration.instance_profile if self.registration else None
        if given and given.given:
            return given.arn.partition(":instance-profile/")[2] or given.name
        return self.cluster_role_arn.partition(":role/")[2]

    @property
    def profile_name(self) -> str:
        """The name of the instance profile of the nodes."""
        known = self.registration.instance_profile if self.registration else None
        return known.name if known else self.cluster_role_name

    @property
    def private_network(self) -> bool:
        """Whether nodes go out through a NAT or transit gateway and have no addresses of the internet."""
        return self.registration is not None and self.registration.private_network

    @property
    def security_group_name(self) -> str:
        """The group name, unique inside the VPC."""
        return f"raydock-{self.cloud_id}"

    @property
    def cross_account_role_name(self) -> str:
        """The last part of the cross-account role's ARN, or an empty string before the cloud is connected."""
        return (self.cross_account_role_arn or "").rpartition("/")[2]

    @property
    def subnet_prefix(self) -> int:
        """The prefix length of each subnet: /20 in a /16, never smaller than /22."""
        return subnet_prefix(IPv4Network(self.vpc_cidr).prefixlen)

    def tags(self, logical: str) -> dict[str, str]:
        """The tags of the resource with this logical name."""
        return {self.tag_key: self.cloud_id, self.logical_tag_key: logical, "Name": f"{self.name} {logical}"}

    def to_json(self) -> dict[str, Any]:
        """The spec as JSON values."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "CloudSpec":
        """The spec that `to_json` wrote."""
        return from_plain(cls, value)

    def validate(self) -> None:
        """Raise SpecError naming every field that is wrong, in words for the person who typed it."""
        problems = {
            "name": name_problem(self.name),
            "region": region_problem(self.region),
            "account_id": account_problem(self.account_id),
            "vpc_cidr": vpc_cidr_problem(self.vpc_cidr),
            "zones": zones_problem(self.zones, self.vpc_cidr),
            "ingress_cidrs": ingress_problem(self.ingress_cidrs),
            "console_origin": origin_problem(self.console_origin),
            "cross_account_role_arn": role_problem(self.cross_account_role_arn, self.account_id),
        }
        if wrong := {name: [text] for name, text in problems.items() if text}:
            raise SpecError(wrong)


def subnet_prefix(vpc_prefix: int) -> int:
    """The subnets' prefix length in a VPC of this prefix length."""
    return min(vpc_prefix + 4, SMALLEST_SUBNET)


def name_problem(name: str) -> str:
    """What is wrong with a cloud's name, or an empty string."""
    if _NAME.fullmatch(name):
        return ""
    return (
        "A cloud's name has 1 to 63 letters, digits, dots, hyphens or underscores, and begins and ends "
        "with a letter or digit, because it is used in AWS tags and on the command line."
    )


def region_problem(region: str) -> str:
    """What is wrong with a region, or an empty string."""
    for prefix, partition in _OTHER_PARTITIONS.items():
        if region.startswith(prefix):
            return (
                f"{region} is a {partition} region. Raydock works in the commercial AWS partition only. "
                "Choose another region."
            )
    if _REGION.fullmatch(region):
        return ""
    return "This is not the name of an AWS region. Write it as AWS does, for example eu-central-1."


def account_problem(account_id: str) -> str:
    """What is wrong with an account id, or an empty string."""
    if is_account_id(account_id):
        return ""
    return "An AWS account id has exactly 12 digits, without blanks or hyphens."


def network(text: str) -> IPv4Network | None:
    """The IPv4 network that is written here without stray host bits, or None."""
    if "/" not in text or not text.isascii():
        return None
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None


def vpc_cidr_problem(cidr: str) -> str:
    """What is wrong with the VPC's address range, or an empty string."""
    parsed = network(cidr)
    if parsed is None:
        return "Write an IPv4 range whose address is the first of the range, for example 10.0.0.0/16."
    if not LARGEST_VPC <= parsed.prefixlen <= SMALLEST_VPC:
        return (
            f"The range must be between /{LARGEST_VPC} (the largest that AWS allows) and /{SMALLEST_VPC} "
            f"(below that, clusters run out of addresses). This one is a /{parsed.prefixlen}."
        )
    if any(parsed.overlaps(one) for one in _UNUSABLE):
        return f"{cidr} cannot be used by hosts. Choose a private range, for example 10.0.0.0/16."
    return ""


def zones_problem(zones: int | None, vpc_cidr: str) -> str:
    """What is wrong with the number of zones, or an empty string."""
    parsed = network(vpc_cidr)
    if zones is None or parsed is None:
        return ""
    most = 2 ** max(subnet_prefix(parsed.prefixlen) - parsed.prefixlen, 0)
    if zones < LEAST_ZONES:
        return "A cloud needs at least 2 availability zones, so that one zone may fail. Choose 2 or more."
    if zones > most:
        return f"{vpc_cidr} has room for {most} subnets of /{SMALLEST_SUBNET} or larger. Choose fewer zones."
    return ""


def ingress_problem(cidrs: tuple[str, ...]) -> str:
    """What is wrong with the ranges that may reach port 443, or an empty string."""
    if not cidrs:
        return "Name at least one range that may reach the clusters on port 443, or nobody can use them."
    if len(cidrs) > MOST_INGRESS_CIDRS:
        return f"A security group holds 60 rules by default. Name at most {MOST_INGRESS_CIDRS} ranges."
    if wrong := [one for one in cidrs if network(one) is None]:
        return f"{', '.join(wrong)}: write IPv4 ranges like 203.0.113.0/24 or 203.0.113.7/32."
    if len(set(cidrs)) != len(cidrs):
        return "A range is named twice. Name each range once."
    return ""


def origin_problem(origin: str) -> str:
    """What is wrong with the console's origin, or an empty string."""
    if _ORIGIN.fullmatch(origin):
        return ""
    return (
        "The console's origin is a scheme, a host and maybe a port, for example https://raydock.example.com."
    )


def role_problem(arn: str | None, account_id: str) -> str:
    """What is wrong with the cross-account role's ARN, or an empty string."""
    if arn is None:
        return ""
    try:
        role = parse_role_arn(arn)
    except ArnError as error:
        return error.message
    if is_account_id(account_id) and role.account_id != account_id:
        return f"This role is in account {role.account_id}, but the cloud is in account {account_id}."
    return ""
