"""Steps and their outputs, written as a Terraform file.

Resources and attributes: documentation of the provider hashicorp/aws, version 5. It takes away the rule with
which AWS makes a security group, so that rule is written out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from clouds.export.hcl import Code, Json, Nested, block
from clouds.export.parts import Form, Output, Part, Several, ZoneAt, parts_of, rules, tags, words
from clouds.planning.steps import Ref, Step
from clouds.planning.survey import ANYWHERE
from iam.policy.documents import load

_PROVIDER: Final = "hashicorp/aws"
_LEFT_OUT: Final = frozenset({"TagSpecifications", "Tags", "ClientToken"})
_ZONES: Final = "data.aws_availability_zones.here"
_GROUP: Final = "ec2:CreateSecurityGroup"


def file(title: str, account_id: str, region: str, steps: Iterable[Step], outputs: Iterable[Output]) -> str:
    """Return the whole file; the provider refuses to work in another account. `title` may have lines."""
    parts = parts_of(_with_open_groups(steps), FORMS)
    kinds = {part.name: part.kind for part in parts}
    blocks = [
        *_head(account_id, region),
        *(_zones() if any(_in_zones(part.properties) for part in parts) else ()),
        *(_resource(part, kinds) for part in parts),
        *(_output(output, kinds) for output in outputs),
    ]
    comment = "\n".join(f"# {line}" for line in title.splitlines())
    return "\n\n".join([comment, *blocks]) + "\n"


def _head(account_id: str, region: str) -> Iterator[str]:
    wanted = Code(f'{{ source = "{_PROVIDER}", version = ">= 5.0" }}')
    yield block("terraform", {"required_providers": Nested([{"aws": wanted}])})
    yield block('provider "aws"', {"region": region, "allowed_account_ids": [account_id]})


def _zones() -> Iterator[str]:
    """Zones that need no opting in and are no local or wavelength zones: a subnet can be in any of them."""
    shut = {"name": "opt-in-status", "values": ["opt-in-not-required"]}
    kind = {"name": "zone-type", "values": ["availability-zone"]}
    head = 'data "aws_availability_zones" "here"'
    yield block(head, {"state": "available", "filter": Nested([shut, kind])})
    yield block("locals", {"zones": Code(f"sort({_ZONES}.names)")})


def _in_zones(properties: Mapping[str, Any]) -> bool:
    return any(isinstance(value, ZoneAt) for value in properties.values())


def _resource(part: Part, kinds: Mapping[str, str]) -> str:
    body = {name: _value(value, kinds) for name, value in part.properties.items()}
    if part.after:
        body["depends_on"] = [Code(_address(name, kinds)) for name in part.after]
    return (f"# {part.sentence}\n" if part.sentence else "") + block(
        f'resource "{part.kind}" "{_name(part.name)}"', body
    )


def _output(output: Output, kinds: Mapping[str, str]) -> str:
    value = output.value
    if isinstance(value, Mapping):
        shown: Any = {_zone(zone): _value(ref, kinds) for zone, ref in value.items()}
    else:
        shown = _value(value, kinds)
    return block(f'output "{output.name}"', {"description": output.says, "value": shown})


def _name(part: str) -> str:
    return part.replace("-", "_")


def _address(part: str, kinds: Mapping[str, str]) -> str:
    return f"{kinds[part]}.{_name(part)}"


def _zone(zone: ZoneAt) -> Code:
    return Code(f"local.zones[{zone.place}]")


def _value(value: Any, kinds: Mapping[str, str]) -> Any:
    if isinstance(value, Ref):
        return Code(f"{_address(value.step, kinds)}.{'arn' if value.path.endswith('Arn') else 'id'}")
    if isinstance(value, ZoneAt):
        return _zone(value)
    if isinstance(value, list | tuple):
        return [_value(item, kinds) for item in value]
    return value


def _with_open_groups(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if step.action == _GROUP:
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
            yield replace(
                step,
                name=f"{step.name}-out",
                action="ec2:AuthorizeSecurityGroupEgress",
                params={"GroupId": Ref(step.name, step.result or ""), "IpPermissions": [everything]},
                needs=frozenset({step.name}),
                sentence="Let machines of the group reach everything",
            )


def _attribute(name: str) -> str:
    return words(name, "_")


def _same(step: Step, **renamed: str) -> dict[str, Any]:
    """Return the call's parameters as attributes; most bear the same names."""
    named = {
        renamed.get(key, _attribute(key)): value for key, value in step.params.items() if key not in _LEFT_OUT
    }
    return named | _tagged(tags(step.params))


def _tagged(found: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {"tags": {one["Key"]: one["Value"] for one in found}} if found else {}


def _settings(step: Step) -> dict[str, Any]:
    return {
        _attribute(key): value["Value"] for key, value in step.params.items() if isinstance(value, Mapping)
    }


def _rules(step: Step) -> Sequence[dict[str, Any]]:
    names = {
        "Group": "security_group_id",
        "PeerGroup": "referenced_security_group_id",
        "PeerRange": "cidr_ipv4",
    }
    return [{names.get(key, _attribute(key)): value for key, value in rule.items()} for rule in rules(step)]


def _role(step: Step) -> dict[str, Any]:
    named = _same(step, RoleName="name", AssumeRolePolicyDocument="assume_role_policy")
    return named | {"assume_role_policy": Json(load(step.params["AssumeRolePolicyDocument"]))}


def _of_bucket(step: Step, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"bucket": Ref(step.resource, "Bucket"), **settings}


def _blocks(found: Sequence[Mapping[str, Any]]) -> Nested:
    return Nested([_nested(one) for one in found])


def _nested(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _attribute(key): _blocks([value]) if isinstance(value, Mapping) else value
        for key, value in rule.items()
    }


FORMS: Final[Mapping[str, Form | Several]] = MappingProxyType(
    {
        "ec2:CreateVpc": Form("aws_vpc", _same),
        "ec2:ModifyVpcAttribute": Form("", _settings),
        "ec2:CreateInternetGateway": Form("aws_internet_gateway", _same),
        "ec2:AttachInternetGateway": Form("aws_internet_gateway_attachment", _same),
        "ec2:CreateRouteTable": Form("aws_route_table", _same),
        "ec2:CreateRoute": Form("aws_route", _same),
        "ec2:CreateSubnet": Form("aws_subnet", _same),
        "ec2:ModifySubnetAttribute": Form("", _settings),
        "ec2:AssociateRouteTable": Form("aws_route_table_association", _same),
        "ec2:CreateVpcEndpoint": Form("aws_vpc_endpoint", _same),
        "ec2:CreateSecurityGroup": Form("aws_security_group", lambda step: _same(step, GroupName="name")),
        "ec2:AuthorizeSecurityGroupIngress": Several("aws_vpc_security_group_ingress_rule", _rules),
        "ec2:AuthorizeSecurityGroupEgress": Several("aws_vpc_security_group_egress_rule", _rules),
        "iam:CreateRole": Form("aws_iam_role", _role),
        "iam:PutRolePolicy": Form(
            "aws_iam_role_policy",
            lambda step: {
                "name": step.params["PolicyName"],
                "role": Ref(step.resource, "Role.RoleName"),
                "policy": Json(load(step.params["PolicyDocument"])),
            },
        ),
        "iam:CreateInstanceProfile": Form(
            "aws_iam_instance_profile", lambda step: _same(step, InstanceProfileName="name")
        ),
        "iam:AddRoleToInstanceProfile": Form("", lambda step: {"role": step.params["RoleName"]}),
        "s3:CreateBucket": Form("aws_s3_bucket", lambda step: {"bucket": step.params["Bucket"]}),
        "s3:PutBucketTagging": Form("", lambda step: _tagged(tags(step.params["Tagging"]))),
        "s3:PutPublicAccessBlock": Form(
            "aws_s3_bucket_public_access_block",
            lambda step: _of_bucket(step, _nested(step.params["PublicAccessBlockConfiguration"])),
        ),
        "s3:PutBucketEncryption": Form(
            "aws_s3_bucket_server_side_encryption_configuration",
            lambda step: _of_bucket(
                step, {"rule": _blocks(step.params["ServerSideEncryptionConfiguration"]["Rules"])}
            ),
        ),
        "s3:PutBucketCors": Form(
            "aws_s3_bucket_cors_configuration",
            lambda step: _of_bucket(
                step, {"cors_rule": _blocks(step.params["CORSConfiguration"]["CORSRules"])}
            ),
        ),
        "s3:PutBucketPolicy": Form(
            "aws_s3_bucket_policy",
            lambda step: _of_bucket(step, {"policy": Json(load(step.params["Policy"]))}),
        ),
    }
)
"""How each call of a set-up is written."""
