"""Where moto differs from AWS and a caller would notice: refused before the call, or mended after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workers.sandbox.backends import backend
from workers.sandbox.calls import Call
from workers.sandbox.ec2_demands import instance_profiles
from workers.sandbox.errors import AwsRefusal
from workers.sandbox.wire import HttpRequest


def check_call(call: Call) -> None:
    """Raise AwsRefusal for a call that AWS refuses and moto would let through or answer differently."""
    check = _CHECKS.get(call.name)
    if check:
        check(call)


def mend(call: Call) -> None:
    """Bring moto's models to where AWS would be after a call that succeeded."""
    repair = _REPAIRS.get(call.name)
    if repair:
        repair(call)
    if call.service == "ec2" and call.operation.startswith("Delete"):
        _forget_tags(call)


def as_moto_wants(call: Call) -> HttpRequest:
    """Answer the request with what AWS assumes and moto wants to be told."""
    if call.name == "ec2:CreateVpcEndpoint" and "VpcEndpointType" not in call.params:
        return replace(call.http, body=call.http.body + b"&VpcEndpointType=Gateway")
    return call.http


def _profile_exists(call: Call) -> None:
    """moto answers IAM's NoSuchEntity with a 404; EC2 answers a code of its own."""
    wanted = call.params.get("IamInstanceProfile") or {}
    name = str(wanted.get("Name") or str(wanted.get("Arn", "")).rpartition("/")[2])
    if name and not any(one.name == name for one in instance_profiles(call.account_id)):
        problem = "is invalid. Invalid IAM Instance Profile name"
        message = f"Value ({name}) for parameter iamInstanceProfile.name {problem}"
        raise AwsRefusal(400, "InvalidParameterValue", message)


def _role_in_profile(call: Call) -> None:
    name, role = call.params.get("InstanceProfileName"), call.params.get("RoleName")
    profile = next((one for one in instance_profiles(call.account_id) if one.name == name), None)
    if profile is not None and all(held.name != role for held in profile.roles):
        message = f"The role with name {role} cannot be found in instance profile {name}."
        raise AwsRefusal(404, "NoSuchEntity", message)


def _subnet_is_free(call: Call) -> None:
    """moto moves a subnet to another route table without a word."""
    subnet, table = call.params.get("SubnetId"), call.params.get("RouteTableId")
    for other in backend("ec2", call.account_id, call.region).route_tables.values():
        if other.id != table and any(one.get("SubnetId") == subnet for one in other.associations if subnet):
            message = (
                f"the specified association for route table {table} conflicts with an existing association"
            )
            raise AwsRefusal(400, "Resource.AlreadyAssociated", message)


def _drop_stale_routes(call: Call) -> None:
    """moto cannot delete an endpoint whose route table, or route in it, is gone already; AWS can."""
    ec2 = backend("ec2", call.account_id, call.region)
    for one in (ec2.vpc_end_points.get(asked) for asked in call.params.get("VpcEndpointIds") or ()):
        if one is not None and one.destination_prefix_list_id:
            one.route_table_ids = [
                table
                for table in one.route_table_ids
                if table in ec2.route_tables
                and _routes_to(ec2.route_tables[table], one.destination_prefix_list_id)
            ]


def _routes_to(table: Any, prefix_list: str) -> bool:
    lists = (route.destination_prefix_list for route in table.routes)
    return any(one is not None and one.id == prefix_list for one in lists)


def _new_bucket(call: Call) -> None:
    """moto drops the tags of CreateBucket, and lacks AWS's defaults: encrypted, private, owner enforced."""
    s3 = backend("s3", call.account_id)
    bucket = s3.buckets[call.params["Bucket"]]
    if bucket.creation_date < call.arrived_at:
        return
    configuration = call.params.get("CreateBucketConfiguration") or {}
    if configuration.get("Tags"):
        s3.tagger.tag_resource(bucket.arn, list(configuration["Tags"]))
    if bucket.encryption is None:
        usual = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
        bucket.encryption = {"Rule": usual}
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    if bucket.public_access_block is None:
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(bucket.name, dict.fromkeys(names, True))


def _gone_bucket(call: Call) -> None:
    """moto keeps the tags of a deleted bucket for the next one of its name."""
    backend("s3", call.account_id).tagger.delete_all_tags_for_resource(
        f"arn:aws:s3:::{call.params['Bucket']}"
    )


def _gone_endpoints(call: Call) -> None:
    """moto lists deleted endpoints for ever."""
    endpoints = backend("ec2", call.account_id, call.region).vpc_end_points
    for one in [held for held in endpoints.values() if held.state == "deleted"]:
        del endpoints[one.id]


def _gone_vpc(call: Call) -> None:
    """moto leaves the network ACL of a VPC behind."""
    ec2 = backend("ec2", call.account_id, call.region)
    for one in [acl for acl in ec2.network_acls.values() if acl.vpc_id == call.params["VpcId"]]:
        del ec2.network_acls[one.id]


def _gone_interfaces(call: Call) -> None:
    """moto keeps the network interface that came with an instance after its end."""
    ec2 = backend("ec2", call.account_id, call.region)
    ended = set(call.params.get("InstanceIds") or ())
    for one in [eni for eni in ec2.enis.values() if eni.instance and eni.instance.id in ended]:
        del ec2.enis[one.id]


def _forget_tags(call: Call) -> None:
    """moto keeps the tags of what was deleted, and looks through all tags at each look-up."""
    tags = backend("ec2", call.account_id, call.region).tags
    for value in call.params.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and _is_subject(call, one):
                tags.pop(one, None)


def _is_subject(call: Call, value: str) -> bool:
    """Answer whether the value is the id of what the call deleted, not of something beside it."""
    prefix = value.partition("-")[0]
    return _DELETED_PREFIX.get(call.operation) == prefix


_DELETED_PREFIX: Mapping[str, str] = {
    "DeleteVpc": "vpc",
    "DeleteSubnet": "subnet",
    "DeleteInternetGateway": "igw",
    "DeleteRouteTable": "rtb",
    "DeleteVpcEndpoints": "vpce",
    "DeleteSecurityGroup": "sg",
    "DeleteNetworkInterface": "eni",
    "DeleteVolume": "vol",
}
_CHECKS: Mapping[str, Callable[[Call], Any]] = {
    "ec2:RunInstances": _profile_exists,
    "ec2:AssociateRouteTable": _subnet_is_free,
    "ec2:DeleteVpcEndpoints": _drop_stale_routes,
    "iam:RemoveRoleFromInstanceProfile": _role_in_profile,
}
_REPAIRS: Mapping[str, Callable[[Call], Any]] = {
    "s3:CreateBucket": _new_bucket,
    "s3:DeleteBucket": _gone_bucket,
    "ec2:DeleteVpcEndpoints": _gone_endpoints,
    "ec2:DeleteVpc": _gone_vpc,
    "ec2:TerminateInstances": _gone_interfaces,
}
