"""Where an operation acts and under which conditions, before a cloud's names are filled in.

Which resources and condition keys an action is authorized on: Service Authorization Reference, "Actions,
resources, and condition keys for Amazon EC2", "… for AWS Identity and Access Management", "… for Amazon S3".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

TAG_KEY: Final = "raydock-cloud-id"
PROBE_PREFIX: Final = ".raydock/probe/"
MAPPED_PREFIX: Final = "raydock-mapped-"
"""How the names of roles begin that a cloud's mapping may use without another change of any policy."""

Test = tuple[str, str, str]
"""One line of a condition: operator, key, value."""


@dataclass(frozen=True, slots=True)
class CloudNames:
    """The names of one cloud that policies speak of; the role ARN is None until the cloud is connected.

    `cluster_role` and `cluster_profile` may have a path before the name.
    """

    cloud_id: str
    account_id: str
    region: str
    bucket: str
    cluster_role: str
    cross_account_role_arn: str | None = None
    cluster_profile: str = ""
    registered: bool = False

    def __post_init__(self) -> None:
        """Give the profile the role's name unless it has one of its own."""
        if not self.cluster_profile:
            object.__setattr__(self, "cluster_profile", self.cluster_role)


class Place(StrEnum):
    """Where an action may be used: ARN patterns to be filled in with a cloud's names."""

    ANYWHERE = "*"
    NETWORK = "arn:aws:ec2:{region}:{account_id}:*/*"
    CLUSTER_ROLE = "arn:aws:iam::{account_id}:role/{cluster_role}"
    CLUSTER_PROFILE = "arn:aws:iam::{account_id}:instance-profile/{cluster_profile}"
    MAPPED_ROLES = "arn:aws:iam::{account_id}:role/raydock-mapped-*"
    MAPPED_PROFILES = "arn:aws:iam::{account_id}:instance-profile/raydock-mapped-*"
    OWN_ROLE = "{cross_account_role_arn}"
    OWN_POLICIES = "arn:aws:iam::{account_id}:policy/*"
    AWS_POLICIES = "arn:aws:iam::aws:policy/*"
    BUCKET = "arn:aws:s3:::{bucket}"
    OBJECTS = "arn:aws:s3:::{bucket}/*"
    PROBES = "arn:aws:s3:::{bucket}/.raydock/probe/*"


SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        Place.NETWORK: "*",
        Place.CLUSTER_ROLE: "arn:aws:iam::*:*/{cluster_role}",
        Place.CLUSTER_PROFILE: "arn:aws:iam::*:*/{cluster_profile}",
    }
)
"""How session policies write a place: shorter, and exact because the role's own policy names the rest."""


BORN_OURS: Final[Test] = ("StringEquals", f"aws:RequestTag/{TAG_KEY}", "{cloud_id}")
IS_OURS: Final[Test] = ("StringEquals", f"aws:ResourceTag/{TAG_KEY}", "{cloud_id}")
AT_CREATION: Final[Test] = ("Null", "ec2:CreateAction", "false")
FOR_INSTANCES: Final[Test] = ("StringEquals", "iam:PassedToService", "ec2.amazonaws.com")
IF_PASSED_FOR_INSTANCES: Final[Test] = ("StringEqualsIfExists", *FOR_INSTANCES[1:])
