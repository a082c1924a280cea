"""Steps and their outputs, written as a CloudFormation template.

Properties: CloudFormation Template Reference, "AWS resource and property types". Zones: "Fn::GetAZs". Buckets
that outlive their stack: "DeletionPolicy attribute".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from types import MappingProxyType
from typing import Any, Final

from ruamel.yaml import YAML

from clouds.export.parts import Form, Output, Part, Several, ZoneAt, parts_of, pascal, rules, tags
from clouds.planning.steps import Ref, Step
from iam.policy.documents import load

NAMED_IAM: Final = "CAPABILITY_NAMED_IAM"
"""What CloudFormation wants to hear before it makes roles with names of their own."""
_BUCKET: Final = "AWS::S3::Bucket"
_LEFT_OUT: Final = frozenset({"TagSpecifications", "Tags", "ClientToken"})


def template(description: str, steps: Iterable[Step], outputs: Iterable[Output]) -> dict[str, Any]:
    """Return the template, as JSON values."""
    parts = parts_of(steps, FORMS)
    told = (pair for output in outputs for pair in _outputs(output))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Resources": {logical_id(one.name): _resource(one) for one in parts},
        "Outputs": {name: {"Description": says, "Value": _value(value)} for name, says, value in told},
    }


def as_yaml(found: Mapping[str, Any]) -> str:
    """Return a template as YAML."""
    text, writer = StringIO(), YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # typed by its default, None
    writer.dump(found, text)
    return text.getvalue()


def logical_id(name: str) -> str:
    """Return the logical ID of a part: `default-route` is `DefaultRoute`."""
    return pascal(name, "-")


def _resource(part: Part) -> dict[str, Any]:
    # What is in a bucket is worth more than the stack.
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"} if part.kind == _BUCKET else {}
    after = {"DependsOn": [logical_id(name) for name in part.after]} if part.after else {}
    return {"Type": part.kind, **kept, **after, "Properties": _value(part.properties)}


def _outputs(output: Output) -> Iterator[tuple[str, str, Any]]:
    name = pascal(output.name, "_")
    if isinstance(output.value, Mapping):
        # An output is one text, so ids and zones stand in two lists of the same order.
        zones = f"{name.removesuffix('Ids')}Zones"
        yield name, output.says, {"Fn::Join": [",", list(output.value.values())]}
        yield zones, f"The zones of {name}, in the same order.", {"Fn::Join": [",", list(output.value)]}
    else:
        yield name, output.says, output.value


def _value(value: Any) -> Any:
    if isinstance(value, Ref):
        attribute = value.path.rpartition(".")[2]
        own = logical_id(value.step)
        return {"Fn::GetAtt": [own, attribute]} if attribute in {"Arn", "GroupId"} else {"Ref": own}
    if isinstance(value, ZoneAt):
        return {"Fn::Select": [value.place, {"Fn::GetAZs": ""}]}
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list | tuple) else value


def _same(step: Step, **renamed: str) -> dict[str, Any]:
    """Return the call's parameters as properties; most bear the same names."""
    named = {renamed.get(key, key): value for key, value in step.params.items() if key not in _LEFT_OUT}
    found = tags(step.params)
    return named | ({"Tags": found} if found else {})


def _attributes(step: Step) -> dict[str, Any]:
    return {key: value["Value"] for key, value in step.params.items() if isinstance(value, Mapping)}


def _ingress(step: Step) -> Sequence[dict[str, Any]]:
    names = {"Group": "GroupId", "PeerGroup": "SourceSecurityGroupId", "PeerRange": "CidrIp"}
    return [{names.get(key, key): value for key, value in rule.items()} for rule in rules(step)]


def _role(step: Step) -> dict[str, Any]:
    return _same(step) | {"AssumeRolePolicyDocument": load(step.params["AssumeRolePolicyDocument"])}


def _role_policy(step: Step) -> dict[str, Any]:
    document = load(step.params["PolicyDocument"])
    return {"Policies": [{"PolicyName": step.params["PolicyName"], "PolicyDocument": document}]}


def _encryption(step: Step) -> dict[str, Any]:
    (rule,) = step.params["ServerSideEncryptionConfiguration"]["Rules"]
    default = {"ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}}


def _cors(step: Step) -> dict[str, Any]:
    names = {"ExposeHeaders": "ExposedHeaders", "MaxAgeSeconds": "MaxAge"}
    found = step.params["CORSConfiguration"]["CORSRules"]
    return {
        "CorsConfiguration": {
            "CorsRules": [{names.get(key, key): value for key, value in rule.items()} for rule in found]
        }
    }


FORMS: Final[Mapping[str, Form | Several]] = MappingProxyType(
    {
        "ec2:CreateVpc": Form("AWS::EC2::VPC", _same),
        "ec2:ModifyVpcAttribute": Form("", _attributes),
        "ec2:CreateInternetGateway": Form("AWS::EC2::InternetGateway", _same),
        "ec2:AttachInternetGateway": Form("AWS::EC2::VPCGatewayAttachment", _same),
        "ec2:CreateRouteTable": Form("AWS::EC2::RouteTable", _same),
        "ec2:CreateRoute": Form("AWS::EC2::Route", _same),
        "ec2:CreateSubnet": Form("AWS::EC2::Subnet", _same),
        "ec2:ModifySubnetAttribute": Form("", _attributes),
        "ec2:AssociateRouteTable": Form("AWS::EC2::SubnetRouteTableAssociation", _same),
        "ec2:CreateVpcEndpoint": Form("AWS::EC2::VPCEndpoint", _same),
        "ec2:CreateSecurityGroup": Form(
            "AWS::EC2::SecurityGroup", lambda step: _same(step, Description="GroupDescription")
        ),
        "ec2:AuthorizeSecurityGroupIngress": Several("AWS::EC2::SecurityGroupIngress", _ingress),
        "iam:CreateRole": Form("AWS::IAM::Role", _role),
        "iam:PutRolePolicy": Form("", _role_policy),
        # Profiles are the one thing here that CloudFormation cannot tag.
        "iam:CreateInstanceProfile": Form(
            "AWS::IAM::InstanceProfile",
            lambda step: {"InstanceProfileName": step.params["InstanceProfileName"]},
        ),
        "iam:AddRoleToInstanceProfile": Form("", lambda step: {"Roles": [step.params["RoleName"]]}),
        "s3:CreateBucket": Form(_BUCKET, lambda step: {"BucketName": step.params["Bucket"]}),
        "s3:PutBucketTagging": Form("", lambda step: {"Tags": tags(step.params["Tagging"])}),
        "s3:PutPublicAccessBlock": Form(
            "",
            lambda step: {
                "PublicAccessBlockConfiguration": step.params["PublicAccessBlockConfiguration"],
            },
        ),
        "s3:PutBucketEncryption": Form("", _encryption),
        "s3:PutBucketCors": Form("", _cors),
        "s3:PutBucketPolicy": Form(
            "AWS::S3::BucketPolicy",
            lambda step: {
                "Bucket": Ref(step.resource, "Bucket"),
                "PolicyDocument": load(step.params["Policy"]),
            },
        ),
    }
)
"""How each call of a set-up is written."""
