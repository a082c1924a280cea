"""What was seen in the customer's account: pure data, including what we were not allowed to see.

`workers/aws/observe.py` fills these from AWS replies; the planner, the checks and the deleter read them.
An attribute that could not be read is None, and `Facts.denied` names the refused action: a check on it
answers UNKNOWN, a plan that needs it is blocked. Absent and not seen are never mixed up.

Names follow the AWS API; lists of AWS become tuples; identifiers are plain strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clouds.network_facts import (
    CLOUD_TAG,
    LOGICAL_TAG,
    Association,
    Instance,
    InternetGateway,
    NatGateway,
    NetworkInterface,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Tagged,
    Vpc,
    VpcEndpoint,
    Zone,
)
from clouds.plain import from_plain, to_plain

__all__ = [
    "CLOUD_TAG",
    "LOGICAL_TAG",
    "Association",
    "AttachedPolicy",
    "Bucket",
    "Contents",
    "CorsRule",
    "Denied",
    "Document",
    "Facts",
    "Instance",
    "InstanceProfile",
    "InternetGateway",
    "NatGateway",
    "NetworkInterface",
    "Probe",
    "PublicAccess",
    "Quota",
    "Role",
    "Route",
    "RouteTable",
    "Rule",
    "SecurityGroup",
    "StoredObject",
    "Subnet",
    "Tagged",
    "Trust",
    "Upload",
    "Vpc",
    "VpcEndpoint",
    "Zone",
]

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Denied:
    """One look that AWS refused. `action` is the IAM action that is missing ("ec2:DescribeVpcs")."""

    action: str
    subject: str = ""
    code: str = ""
    message: str = ""

    @property
    def by_organization(self) -> bool:
        """True when AWS says that a service control policy refused, not the role's own policies."""
        return "service control policy" in self.message


@dataclass(frozen=True, kw_only=True)
class AttachedPolicy:
    """A managed policy on a role; `document` is None when its default version could not be read."""

    arn: str
    name: str = ""
    document: Document | None = None


@dataclass(frozen=True, kw_only=True)
class Role(Tagged):
    """An IAM role. `inline` is None when its inline policies could not be listed or read; `attached` too.

    With a `boundary_arn` and no `boundary`, the permissions boundary could not be read.
    """

    name: str
    arn: str
    path: str = "/"
    trust: Document = field(default_factory=dict)
    inline: Mapping[str, Document] | None = field(default_factory=dict)
    attached: tuple[AttachedPolicy, ...] | None = ()
    boundary_arn: str = ""
    boundary: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InstanceProfile(Tagged):
    """An instance profile and the names of the roles it holds (AWS allows one)."""

    name: str
    arn: str
    path: str = "/"
    role_names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PublicAccess:
    """The four switches of S3 Block Public Access."""

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict: bool = False

    @property
    def closed(self) -> bool:
        """True when all four are on."""
        return self.block_acls and self.ignore_acls and self.block_policy and self.restrict


@dataclass(frozen=True, kw_only=True)
class CorsRule:
    """One CORS rule of a bucket."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object version or delete marker. `version_id` is "null" in a bucket without versioning."""

    key: str
    version_id: str
    size: int = 0
    delete_marker: bool = False


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One unfinished multipart upload."""

    key: str
    upload_id: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What lies in a bucket. Only looked at before a delete that removes the bucket.

    `objects` and `uploads` may be the first pages only: then `truncated` is True and the plan removes
    what it knows and asks for another look.
    """

    objects: tuple[StoredObject, ...] = ()
    uploads: tuple[Upload, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The control plane's own try at the bucket: action -> error code, an empty string when it worked.

    The keys are the IAM actions s3:ListBucket, s3:PutObject, s3:GetObject and s3:DeleteObject.
    """

    results: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Bucket(Tagged):
    """A bucket that exists in the cloud's account. None in a configuration field = not set, unless denied."""

    name: str
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)
    public_access: PublicAccess | None = None
    encryption: str | None = None
    cors: tuple[CorsRule, ...] = ()
    policy: Document | None = None
    contents: Contents | None = None
    probe: Probe | None = None


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A service quota: `code` is "vpcs", "igws", "eips" or "vcpus"; `used` is None when not counted."""

    code: str
    limit: float
    used: int | None = None


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What the trust test found. None = that try was not made.

    `assumable`: AssumeRole with the cloud's external ID worked. `without_id_refused` and
    `random_id_refused`: AWS refused the two tries that must fail. `named`: source identity and session
    tags were accepted. `document`: the role's trust policy, when iam:GetRole was allowed. `old_id_refused`:
    AWS refused the external ID that was rotated out; None too where there is none.
    """

    role_arn: str
    assumable: bool
    account_id: str = ""
    without_id_refused: bool | None = None
    random_id_refused: bool | None = None
    old_id_refused: bool | None = None
    named: bool | None = None
    error_code: str = ""
    document: Document | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that was seen of one cloud in one look, taken at `at` (aware, UTC).

    `vpcs` and `internet_gateways` hold the whole region (quotas are counted from them); the rest holds
    what carries the cloud's tag plus everything inside the VPCs that carry it; of a registered cloud what was
    given plus everything inside the given VPC, with its NAT gateways. `sts_regional` is None when the
    regional STS endpoint was not tried.
    """

    at: datetime
    account_id: str
    region: str
    zones: tuple[Zone, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    internet_gateways: tuple[InternetGateway, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    vpc_endpoints: tuple[VpcEndpoint, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    roles: tuple[Role, ...] = ()
    instance_profiles: tuple[InstanceProfile, ...] = ()
    bucket: Bucket | None = None
    interfaces: tuple[NetworkInterface, ...] = ()
    instances: tuple[Instance, ...] = ()
    quotas: tuple[Quota, ...] = ()
    trust: Trust | None = None
    sts_regional: bool | None = None
    denied: tuple[Denied, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, for a JSON column."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Facts":
        """The facts that `to_json` wrote, also by an older release."""
        return from_plain(cls, value)

    def role(self, name_or_arn: str) -> Role | None:
        """The role of this name or ARN, or None."""
        return next((one for one in self.roles if name_or_arn in {one.name, one.arn}), None)

    def profile(self, name: str) -> InstanceProfile | None:
        """The instance profile of this name, or None."""
        return next((one for one in self.instance_profiles if one.name == name), None)

    def quota(self, code: str) -> Quota | None:
        """The quota of this code, or None when it was not read."""
        return next((one for one in self.quotas if one.code == code), None)

    def refusals(self, *actions: str, subject: str = "") -> tuple[Denied, ...]:
        """The refused looks among these IAM actions; with `subject` only those about this name or all.

        Names are compared whole: that "raydock-mapped-a" was not seen says nothing about "raydock".
        """
        return tuple(
            one
            for one in self.denied
            if one.action in actions
            and (not subject or one.subject in {"", "*", subject} or one.subject.endswith(f"/{subject}"))
        )
