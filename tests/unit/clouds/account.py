"""A very small AWS account in memory: it obeys the rules that plans have to respect, and answers like AWS.

It knows nothing of plans: it takes an API operation with its parameters, changes what is there and replies,
or refuses with AWS's own error code.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from clouds.facts import (
    AttachedPolicy,
    Bucket,
    Contents,
    CorsRule,
    Facts,
    InstanceProfile,
    InternetGateway,
    PublicAccess,
    Role,
    RouteTable,
    SecurityGroup,
    StoredObject,
    Subnet,
    Upload,
    Vpc,
    VpcEndpoint,
)
from tests.unit.clouds.account_network import REGION, ZONES, Network, RefusedError, pairs

__all__ = ["ACCOUNT", "NOW", "REGION", "ZONES", "Account", "RefusedError"]

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ACCOUNT = "222222222222"


@dataclass
class Account(Network):
    """One account and region."""

    roles: dict[str, Role] = field(default_factory=dict)
    profiles: dict[str, InstanceProfile] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    tokens: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def call(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        service, _, name = action.partition(":")
        operation: Callable[[Mapping[str, Any]], dict[str, Any] | None] = getattr(self, f"{service}_{name}")
        self.calls.append(action)
        once = params.get("ClientToken")
        asked = {key: value for key, value in params.items() if key != "ClientToken"}
        if once in self.tokens:
            before, reply = self.tokens[once]
            if before != asked:
                raise RefusedError("IdempotentParameterMismatch")
            return dict(reply)
        reply = operation(asked) or {}
        if once:
            self.tokens[once] = (asked, reply)
        return reply

    def facts(self) -> Facts:
        return Facts(
            at=NOW,
            account_id=ACCOUNT,
            region=REGION,
            zones=self.zones,
            vpcs=self.all(Vpc),
            subnets=self.all(Subnet),
            internet_gateways=self.all(InternetGateway),
            route_tables=self.all(RouteTable),
            vpc_endpoints=self.all(VpcEndpoint),
            security_groups=self.all(SecurityGroup),
            roles=tuple(self.roles[name] for name in sorted(self.roles)),
            instance_profiles=tuple(self.profiles[name] for name in sorted(self.profiles)),
            bucket=next(iter(self.buckets.values()), None),
        )

    # --- IAM

    def iam_CreateRole(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = params["RoleName"]
        if name in self.roles:
            raise RefusedError("EntityAlreadyExists")
        self.roles[name] = Role(
            name=name,
            arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
            trust=json.loads(params["AssumeRolePolicyDocument"]),
            tags=pairs(params["Tags"]),
        )
        return {"Role": {"RoleName": name}}

    def iam_PutRolePolicy(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        role = self._role(params)
        inline = {**(role.inline or {}), params["PolicyName"]: json.loads(params["PolicyDocument"])}
        self.roles[role.name] = replace(role, inline=inline)

    def iam_CreateInstanceProfile(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = params["InstanceProfileName"]
        if name in self.profiles:
            raise RefusedError("EntityAlreadyExists")
        self.profiles[name] = InstanceProfile(
            name=name,
            arn=f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}",
            tags=pairs(params["Tags"]),
        )
        return {"InstanceProfile": {"InstanceProfileName": name}}

    def iam_AddRoleToInstanceProfile(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        profile, role = self._profile(params), self._role(params)
        if profile.role_names:
            raise RefusedError("LimitExceeded")
        self.profiles[profile.name] = replace(profile, role_names=(role.name,))

    def iam_RemoveRoleFromInstanceProfile(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        profile = self._profile(params)
        if params["RoleName"] not in profile.role_names:
            raise RefusedError("NoSuchEntity")
        self.profiles[profile.name] = replace(profile, role_names=())

    def iam_DeleteInstanceProfile(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        profile = self._profile(params)
        if profile.role_names:
            raise RefusedError("DeleteConflict")
        del self.profiles[profile.name]

    def iam_DeleteRolePolicy(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        role = self._role(params)
        inline = {name: one for name, one in (role.inline or {}).items() if name != params["PolicyName"]}
        self.roles[role.name] = replace(role, inline=inline)

    def iam_DetachRolePolicy(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        role = self._role(params)
        left = tuple(one for one in role.attached or () if one.arn != params["PolicyArn"])
        self.roles[role.name] = replace(role, attached=left)

    def iam_DeleteRole(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        role = self._role(params)
        held = any(role.name in one.role_names for one in self.profiles.values())
        if role.inline or role.attached or held:
            raise RefusedError("DeleteConflict")
        del self.roles[role.name]

    def _role(self, params: Mapping[str, Any]) -> Role:
        if params["RoleName"] not in self.roles:
            raise RefusedError("NoSuchEntity")
        return self.roles[params["RoleName"]]

    def _profile(self, params: Mapping[str, Any]) -> InstanceProfile:
        if params["InstanceProfileName"] not in self.profiles:
            raise RefusedError("NoSuchEntity")
        return self.profiles[params["InstanceProfileName"]]

    # --- S3

    def s3_CreateBucket(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        if params["Bucket"] in self.buckets:
            raise RefusedError("BucketAlreadyOwnedByYou")
        region = params.get("CreateBucketConfiguration", {}).get("LocationConstraint", "us-east-1")
        self.buckets[params["Bucket"]] = Bucket(name=params["Bucket"], region=region)

    def s3_PutBucketTagging(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        self._set(params, tags=pairs(params["Tagging"]["TagSet"]))

    def s3_PutPublicAccessBlock(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        block = params["PublicAccessBlockConfiguration"]
        access = PublicAccess(
            block_acls=block["BlockPublicAcls"],
            ignore_acls=block["IgnorePublicAcls"],
            block_policy=block["BlockPublicPolicy"],
            restrict=block["RestrictPublicBuckets"],
        )
        self._set(params, public_access=access)

    def s3_PutBucketEncryption(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        (rule,) = params["ServerSideEncryptionConfiguration"]["Rules"]
        self._set(params, encryption=rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    def s3_PutBucketCors(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        rules = tuple(
            CorsRule(
                origins=tuple(one["AllowedOrigins"]),
                methods=tuple(one["AllowedMethods"]),
                headers=tuple(one.get("AllowedHeaders", ())),
                expose=tuple(one.get("ExposeHeaders", ())),
                max_age=one.get("MaxAgeSeconds"),
            )
            for one in params["CORSConfiguration"]["CORSRules"]
        )
        self._set(params, cors=rules)

    def s3_PutBucketPolicy(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        document = json.loads(params["Policy"])
        for statement in document["Statement"]:
            for arn in statement["Principal"].get("AWS", []) if statement["Principal"] != "*" else ():
                if arn.endswith("-cluster") and arn.rpartition("/")[2] not in self.roles:
                    raise RefusedError("MalformedPolicy")
        self._set(params, policy=document)

    def s3_DeleteObjects(self, params: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        bucket = self._bucket(params)
        listed = params["Delete"]["Objects"]
        if len(listed) > 1000:
            raise RefusedError("MalformedXML")
        gone = {(one["Key"], one["VersionId"]) for one in listed}
        contents = bucket.contents or Contents()
        left = tuple(one for one in contents.objects if (one.key, one.version_id) not in gone)
        self._set(params, contents=replace(contents, objects=left))
        return {}

    def s3_AbortMultipartUpload(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        contents = self._bucket(params).contents or Contents()
        left = tuple(one for one in contents.uploads if one.upload_id != params["UploadId"])
        self._set(params, contents=replace(contents, uploads=left))

    def s3_DeleteBucket(self, params: Mapping[str, Any]) -> None:  # noqa: N802
        contents = self._bucket(params).contents
        if contents and contents.objects:
            raise RefusedError("BucketNotEmpty")
        del self.buckets[params["Bucket"]]

    def _bucket(self, params: Mapping[str, Any]) -> Bucket:
        if params["Bucket"] not in self.buckets:
            raise RefusedError("NoSuchBucket")
        return self.buckets[params["Bucket"]]

    def _set(self, params: Mapping[str, Any], **changes: Any) -> None:
        self.buckets[params["Bucket"]] = replace(self._bucket(params), **changes)

    # --- what people do behind Raydock's back

    def fill(self, bucket: str, objects: int, uploads: int = 0) -> None:
        contents = Contents(
            objects=tuple(
                StoredObject(key=f"logs/{n}", version_id=f"v{n}", size=1500) for n in range(objects)
            ),
            uploads=tuple(Upload(key=f"big/{n}", upload_id=f"u{n}") for n in range(uploads)),
        )
        self.buckets[bucket] = replace(self.buckets[bucket], contents=contents)

    def attach(self, role: str, arn: str) -> None:
        one = self.roles[role]
        policy = AttachedPolicy(arn=arn, name=arn.rpartition("/")[2])
        self.roles[role] = replace(one, attached=(*(one.attached or ()), policy))

    def change(self, identifier: str, **changes: Any) -> None:
        self.things[identifier] = replace(self.things[identifier], **changes)
