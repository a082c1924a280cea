"""What exists in the accounts, one plain row per resource: for the console's sandbox page and for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from workers.sandbox.backends import backend, loaded
from workers.sandbox.credentials import ACCOUNTS
from workers.sandbox.ec2_demands import resource_arn
from workers.sandbox.iam_demands import tag_map

Row = dict[str, Any]


def inventory(account_id: str | None = None) -> list[Row]:
    """Answer every resource of one account, or of all: service, kind, id, name, arn, region, account, tags.

    `created` is ISO 8601 or null, `default` marks what AWS makes by itself. Hold the world's lock.
    """
    accounts = [one for one in ACCOUNTS if account_id in (None, one)]
    return [
        row for account in accounts for row in (*_network(account), *_identities(account), *_buckets(account))
    ]


def _network(account: str) -> Iterator[Row]:
    for region, ec2 in loaded("ec2", account).items():
        default_vpc = ec2.default_vpc.id
        for kind, listed, own in _EC2_KINDS:
            for one in listed(ec2):
                if _state(one) == "terminated":
                    continue
                identity = own(one)
                tags = dict(ec2.tags.get(identity, {}))
                yield {
                    "service": "ec2",
                    "kind": kind,
                    "id": identity,
                    "name": tags.get("Name") or getattr(one, "name", None) or identity,
                    "arn": resource_arn(account, region, identity),
                    "region": region,
                    "account": account,
                    "tags": tags,
                    "vpc_id": _vpc_of(one),
                    "state": _state(one),
                    "created": _moment(getattr(one, "create_time", getattr(one, "launch_time", None))),
                    "default": _made_by_aws(one, default_vpc),
                }


def _vpc_of(one: Any) -> str | None:
    vpc = getattr(one, "vpc_id", None) or getattr(getattr(one, "vpc", None), "id", None)
    return str(vpc) if vpc else None


def _state(one: Any) -> str | None:
    state = getattr(one, "state", None)
    return state if isinstance(state, str) else getattr(one, "_state", None) and str(one._state.name)  # noqa: SLF001


def _made_by_aws(one: Any, default_vpc: str) -> bool:
    """Answer whether it belongs to the default VPC, or came with a VPC: main table, default group, ACL."""
    if default_vpc in (_vpc_of(one), getattr(one, "id", None)):
        return True
    if getattr(one, "main_association_id", None):
        return True
    return getattr(one, "is_default", False) is True or getattr(one, "default", False) in (True, "true")


def _instances(ec2: Any) -> Iterator[Any]:
    for reservation in ec2.reservations.values():
        yield from reservation.instances


def _nested(store: str) -> Callable[[Any], Iterator[Any]]:
    return lambda ec2: (one for inner in getattr(ec2, store).values() for one in inner.values())


def _flat(store: str) -> Callable[[Any], Iterator[Any]]:
    return lambda ec2: iter(getattr(ec2, store).values())


def _id(one: Any) -> str:
    return str(one.id)


_EC2_KINDS: tuple[tuple[str, Callable[[Any], Iterator[Any]], Callable[[Any], str]], ...] = (
    ("AWS::EC2::VPC", _flat("vpcs"), _id),
    ("AWS::EC2::Subnet", _nested("subnets"), _id),
    ("AWS::EC2::InternetGateway", _flat("internet_gateways"), _id),
    ("AWS::EC2::RouteTable", _flat("route_tables"), _id),
    ("AWS::EC2::VPCEndpoint", _flat("vpc_end_points"), _id),
    ("AWS::EC2::SecurityGroup", _nested("groups"), _id),
    ("AWS::EC2::NetworkAcl", _flat("network_acls"), _id),
    ("AWS::EC2::Instance", _instances, _id),
    ("AWS::EC2::NetworkInterface", _flat("enis"), _id),
    ("AWS::EC2::NatGateway", _flat("nat_gateways"), _id),
    ("AWS::EC2::Volume", _flat("volumes"), _id),
    ("AWS::EC2::EIP", lambda ec2: iter(ec2.addresses), lambda one: str(one.allocation_id or one.public_ip)),
)


def _identities(account: str) -> Iterator[Row]:
    iam = backend("iam", account)
    stores: Mapping[str, Any] = {
        "AWS::IAM::Role": iam.roles,
        "AWS::IAM::InstanceProfile": iam.instance_profiles,
        "AWS::IAM::ManagedPolicy": iam.managed_policies,
    }
    for kind, store in stores.items():
        for one in store.values():
            service_role = kind == "AWS::IAM::Role" and str(one.path).startswith("/aws-service-role/")
            yield _global(
                "iam", kind, account, one.id, one.name, one.arn, tag_map(one.tags), one.create_date
            ) | {"default": service_role}


def _buckets(account: str) -> Iterator[Row]:
    s3 = backend("s3", account)
    for bucket in s3.buckets.values():
        arn = f"arn:aws:s3:::{bucket.name}"
        tags = s3.tagger.get_tag_dict_for_resource(bucket.arn)
        row = _global(
            "s3", "AWS::S3::Bucket", account, bucket.name, bucket.name, arn, tags, bucket.creation_date
        )
        objects = sum(1 for _ in bucket.keys)
        yield row | {"region": bucket.region_name, "objects": objects}


def _global(
    service: str,
    kind: str,
    account: str,
    identity: str,
    name: str,
    arn: str,
    tags: Mapping[str, str],
    created: Any,
) -> Row:
    return {
        "service": service,
        "kind": kind,
        "id": identity,
        "name": name,
        "arn": arn,
        "region": "global",
        "account": account,
        "tags": dict(tags),
        "created": _moment(created),
        "default": False,
    }


def _moment(value: Any) -> str | None:
    """moto's moments are UTC, with and without saying so; a few are texts."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return str(value) if value else None
