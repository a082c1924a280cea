"""What stands in the way of a delete: AWS refuses with DependencyViolation where moto would let go.

https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workers.sandbox.backends import backend
from workers.sandbox.calls import Call
from workers.sandbox.errors import AwsRefusal


def check_dependencies(call: Call) -> None:
    """Raise AwsRefusal when something that exists still needs what the call would take away."""
    check = _CHECKS.get(call.name)
    if check:
        check(backend("ec2", call.account_id, call.region), call.params)


def _violation(message: str) -> AwsRefusal:
    return AwsRefusal(400, "DependencyViolation", message)


def _vpc(ec2: Any, params: Mapping[str, Any]) -> None:
    vpc = params.get("VpcId")
    attached = (
        gateway for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc
    )
    groups = (group for group in ec2.groups.get(vpc, {}).values() if group.name != "default")
    endpoints = (one for one in ec2.vpc_end_points.values() if one.vpc_id == vpc)
    if any((*attached, *groups, *endpoints, *_interfaces(ec2, vpc_id=vpc))):
        raise _violation(f"The vpc '{vpc}' has dependencies and cannot be deleted.")


def _subnet(ec2: Any, params: Mapping[str, Any]) -> None:
    subnet = params.get("SubnetId")
    if any(_interfaces(ec2, subnet_id=subnet)):
        raise _violation(f"The subnet '{subnet}' has dependencies and cannot be deleted.")


def _security_group(ec2: Any, params: Mapping[str, Any]) -> None:
    group = params.get("GroupId")
    held = next((vpc[group] for vpc in ec2.groups.values() if group in vpc), None)
    if held is not None and held.name == "default":
        message = f'the specified group: "{group}" name: "default" cannot be deleted by a user'
        raise AwsRefusal(400, "CannotDelete", message)
    used = (one for one in ec2.enis.values() if group in {own.id for own in one.group_set})
    if any((*used, *_rules_naming(ec2, group))):
        raise _violation(f"resource {group} has a dependent object")


def _rules_naming(ec2: Any, group: Any) -> Iterator[Any]:
    for vpc in ec2.groups.values():
        for other in vpc.values():
            if other.id != group:
                rules = (*other.ingress_rules, *other.egress_rules)
                yield from (rule for rule in rules if rule.source_group.get("GroupId") == group)


def _gateway(ec2: Any, params: Mapping[str, Any]) -> None:
    vpc = params.get("VpcId")
    if any(one.public_ip for one in _interfaces(ec2, vpc_id=vpc)):
        raise _violation(
            f"Network {vpc} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )


def _interfaces(ec2: Any, **wanted: Any) -> Iterator[Any]:
    for one in ec2.enis.values():
        if wanted in ({"vpc_id": one.subnet.vpc_id}, {"subnet_id": one.subnet.id}):
            yield one


_CHECKS: Mapping[str, Callable[[Any, Mapping[str, Any]], None]] = {
    "ec2:DeleteVpc": _vpc,
    "ec2:DeleteSubnet": _subnet,
    "ec2:DeleteSecurityGroup": _security_group,
    "ec2:DetachInternetGateway": _gateway,
}
