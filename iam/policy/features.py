"""What a customer wants to do with a cloud, and the permissions that this needs beside Raydock's own.

Raydock's own operations are in `grants.TABLE`. The tables beside this file say what other features need of
the account: each need names its feature, so that no document grants what nobody can explain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from iam.policy.documents import CURRENT
from iam.policy.places import CloudNames, Place

Line = tuple[str, str, str | tuple[str, ...]]
"""One line of a condition: operator, key, value or values."""

EC2: Final = "arn:aws:ec2:{region}:{account_id}:"
INSTANCES: Final = f"{EC2}instance/*"
IMAGES: Final = "arn:aws:ec2:{region}::image/*"
SNAPSHOTS: Final = "arn:aws:ec2:{region}::snapshot/*"
FILE_SYSTEMS: Final = "arn:aws:elasticfilesystem:{region}:{account_id}:file-system/*"
STACKS: Final = "arn:aws:cloudformation:{region}:{account_id}:stack/raydock-*/*"
ALL_ROLES: Final = "arn:aws:iam::{account_id}:role/*"
ALL_PROFILES: Final = "arn:aws:iam::{account_id}:instance-profile/*"


class Feature(Enum):
    """A feature, with the sentence that explains it. What Raydock calls by itself is OPERATIONS alone."""

    OPERATIONS = "Raydock's own operations call it."
    CLUSTERS = "Starting and stopping the nodes of Ray clusters through the cross-account role."
    SPOT = "Spot instances for Ray clusters."
    VOLUMES = "Volumes, placement groups and fixed addresses for the nodes of Ray clusters."
    OWN_IMAGES = "Machine images of your own for the nodes of Ray clusters."
    SERVICES = "Ray services behind a load balancer of their own."
    CERTIFICATES = "Certificates for Ray services."
    SHARED_STORAGE = "Shared storage on EFS."
    FAULT_TOLERANCE = "A fault-tolerant head node, with its state in MemoryDB."
    IN_PLACE = "Changing the network of a cloud in place."
    DISCOVERY = "Choosing from lists when a cloud is registered."
    STACK = "The cross-account role, or a registered cloud, made by a CloudFormation stack."
    BUCKET_AS_CODE = "The bucket in Terraform or CloudFormation, whose state is read with it."
    MANAGED_POLICIES = "Managed policies on the cluster role."
    NODES = "Programs on the nodes keep logs, checkpoints and files in the cloud's bucket."
    MAPPING = "Cluster roles of your own, chosen by mapping rules."
    LAUNCHER = "Ray's own cluster launcher, whose head node starts the workers."
    ENTRY = "The operator's Raydock enters the account."

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return str(self.value)

    @property
    def called(self) -> bool:
        """Whether this version of Raydock calls the actions itself."""
        return self in {Feature.OPERATIONS, Feature.ENTRY}


@dataclass(frozen=True, slots=True)
class Need:
    """Actions of one service that a feature needs together: on the same resources, under the same conditions.

    `reason` says why it differs from the usual policy, where that does not follow from places and tests.
    """

    name: str
    feature: Feature
    service: str
    verbs: str
    """The action names, with blanks between."""
    places: tuple[str, ...] = (Place.ANYWHERE,)
    tests: tuple[Line, ...] = ()
    reason: str = ""
    denies: bool = False
    called_by: str = ""
    """The kinds of Raydock's own operations that call it, for people."""

    @property
    def actions(self) -> tuple[str, ...]:
        """Give the actions as policies name them."""
        return tuple(f"{self.service}:{verb}" for verb in self.verbs.split())


def service_role(service: str, name: str) -> str:
    """Give the ARN of an AWS service's own role in this account (IAM User Guide, "Service-linked roles")."""
    return f"arn:aws:iam::{{account_id}}:role/aws-service-role/{service}/{name}"


def for_service(service: str) -> Line:
    """Give the condition that a service-linked role is made for this one service."""
    return ("StringEquals", "iam:AWSServiceName", service)


def needs_statement(need: Need, names: CloudNames) -> dict[str, Any]:
    """Give the statement of a need for one cloud."""
    filled = [str(place).format_map(asdict(names)) for place in need.places]
    statement: dict[str, Any] = {
        "Sid": need.name,
        "Effect": "Deny" if need.denies else "Allow",
        "Action": _one_or_list(need.actions),
        "Resource": _one_or_list(filled),
    }
    return statement | ({"Condition": _condition(need.tests, asdict(names))} if need.tests else {})


def needs_policy(needs: Iterable[Need], names: CloudNames) -> dict[str, Any]:
    """Give the policy that allows these needs for one cloud."""
    return {"Version": CURRENT, "Statement": [needs_statement(need, names) for need in needs]}


def _condition(tests: Iterable[Line], names: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for operator, key, value in tests:
        texts = (value,) if isinstance(value, str) else value
        found.setdefault(operator, {})[key] = _one_or_list(text.format_map(names) for text in texts)
    return found


def _one_or_list(values: Iterable[str]) -> str | list[str]:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


NOT_CALLED: Final = "This version of Raydock does not call these actions itself."
SERVICE_ROLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "spot": ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
        "elb": ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
        "efs": ("elasticfilesystem.amazonaws.com", "AWSServiceRoleForAmazonElasticFileSystem"),
        "memorydb": ("memorydb.amazonaws.com", "AWSServiceRoleForMemoryDB"),
    }
)
"""The service-linked roles that features rest on: service and name, as each service's guide gives them."""
