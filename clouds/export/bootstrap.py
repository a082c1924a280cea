"""The cross-account role that a customer creates, written as CloudFormation, AWS CLI script and Terraform.

All three are written from one description of the role, so they create the same role with the same trust and
the same policy. Forms: CloudFormation User Guide, "AWS::IAM::Role" and "Create quick-create links for
stacks"; AWS CLI reference, "iam create-role", "iam put-role-policy"; Terraform's resource "aws_iam_role".
"""

import json
import shlex
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.grants import CloudNames, control_plane_policy
from iam.policy.trust import trust_policy

POLICY_NAME: Final = "raydock-control-plane"
LOGICAL_ID: Final = "RaydockRole"
LONGEST_ROLE_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What the role depends on. `bucket` and `cluster_role` are the names that its policy speaks of."""

    cloud_id: str
    account_id: str
    region: str
    portal_role_arn: str
    external_id: str
    bucket: str
    cluster_role: str
    role_name: str
    role_path: str = "/"
    pending_external_id: str | None = None

    @classmethod
    def of(cls, spec: CloudSpec, external_id: str, role_name: str = "") -> "Bootstrap":
        """Take what is needed from a cloud's spec; the role's name is derived from the cloud unless given."""
        name = role_name or default_role_name(spec.cloud_id)
        return cls(
            cloud_id=spec.cloud_id,
            account_id=spec.account_id,
            region=spec.region,
            portal_role_arn=spec.portal_role_arn,
            external_id=external_id,
            bucket=spec.bucket_name,
            cluster_role=spec.cluster_role_name,
            role_name=name,
            role_path=_path(spec.cross_account_role_arn or "", name),
            pending_external_id=spec.pending_external_id,
        )

    @property
    def role_arn(self) -> str:
        """The ARN that the role will have."""
        return f"arn:aws:iam::{self.account_id}:role{self.role_path}{self.role_name}"

    @property
    def trust(self) -> dict[str, Any]:
        """The role's trust policy; during a rotation it takes both external IDs."""
        return trust_policy(self.portal_role_arn, self.external_id, self.pending_external_id)

    @property
    def policy(self) -> dict[str, Any]:
        """The role's one inline policy."""
        names = CloudNames(
            cloud_id=self.cloud_id,
            account_id=self.account_id,
            region=self.region,
            bucket=self.bucket,
            cluster_role=self.cluster_role,
            cross_account_role_arn=self.role_arn,
        )
        return control_plane_policy(names)

    @property
    def description(self) -> str:
        """The role's description in IAM."""
        return f"Raydock enters through this role to run the cloud {self.cloud_id}"


PARAMETERS: Final = {
    "CloudId": ("cloud_id", "The cloud's id in Raydock."),
    "ExternalId": ("external_id", "The external ID that Raydock made for this cloud."),
    "PortalRoleArn": ("portal_role_arn", "The role that Raydock comes with."),
    "RoleName": ("role_name", "The name of the role that this stack creates."),
    "BucketName": ("bucket", "The bucket that the cloud will have."),
    "ClusterRoleName": ("cluster_role", "The role that the cloud's nodes will have."),
}
"""The parameters of the hosted template, each with its field and its meaning."""


def default_role_name(cloud_id: str) -> str:
    """Name a cloud's cross-account role: `raydock-` and the cloud's id without its prefix."""
    return f"raydock-{cloud_id.rpartition('_')[2]}"[:LONGEST_ROLE_NAME]


def _path(role_arn: str, name: str) -> str:
    """Give the path of the role that the cloud is connected to, if that is the role of this name."""
    known = role_arn.endswith(f"/{name}")
    return role_arn.partition(":role")[2].removesuffix(name) if known else "/"


def cloudformation(bootstrap: Bootstrap) -> str:
    """Give a CloudFormation template (JSON) for this one cloud; it needs CAPABILITY_NAMED_IAM."""
    return json.dumps(_template(bootstrap), indent=2) + "\n"


def hosted_cloudformation() -> str:
    """Give one template with parameters, for an operator to host behind quick-create links."""
    fields = {field: f"${{{name}}}" for name, (field, _) in PARAMETERS.items()}
    template = _template(Bootstrap(account_id="${AWS::AccountId}", region="${AWS::Region}", **fields))
    parameters = {name: {"Type": "String", "Description": says} for name, (_, says) in PARAMETERS.items()}
    return json.dumps({"Parameters": parameters} | _substituted(template), indent=2) + "\n"


def quick_create_url(bootstrap: Bootstrap, template_url: str) -> str:
    """Give the console's link that creates a stack from the hosted template with this cloud's values."""
    values = {f"param_{name}": getattr(bootstrap, field) for name, (field, _) in PARAMETERS.items()}
    query = {"templateURL": template_url, "stackName": bootstrap.role_name} | values
    console = f"https://{bootstrap.region}.console.aws.amazon.com/cloudformation/home"
    return f"{console}?region={bootstrap.region}#/stacks/quickcreate?{urlencode(query, quote_via=quote)}"


def aws_cli(bootstrap: Bootstrap) -> str:
    """Give a bash script for the AWS CLI; it stops before changing anything in another account."""
    create = [
        *("aws", "iam", "create-role", "--role-name", bootstrap.role_name),
        *("--path", bootstrap.role_path),
        *("--description", bootstrap.description),
        *("--assume-role-policy-document", canonical(bootstrap.trust)),
        *("--query", "Role.Arn", "--output", "text"),
    ]
    attach = [
        *("aws", "iam", "put-role-policy", "--role-name", bootstrap.role_name),
        *("--policy-name", POLICY_NAME, "--policy-document", canonical(bootstrap.policy)),
    ]
    account = shlex.quote(bootstrap.account_id)
    wrong = shlex.quote(f"These credentials are not of account {bootstrap.account_id}. Nothing was changed.")
    return (
        "#!/usr/bin/env bash\n"
        "# Creates the role through which Raydock enters this account, and prints its ARN.\n"
        "set -eu\n\n"
        'account="$(aws sts get-caller-identity --query Account --output text)"\n'
        f'if [ "$account" != {account} ]; then\n  echo {wrong} >&2\n  exit 1\nfi\n\n'
        f"{shlex.join(create)}\n\n{shlex.join(attach)}\n"
    )


def terraform(bootstrap: Bootstrap) -> str:
    """Give a whole Terraform file; the provider refuses to work in another account."""
    account, region = _hcl(bootstrap.account_id), _hcl(bootstrap.region)
    name, path, description = map(_hcl, (bootstrap.role_name, bootstrap.role_path, bootstrap.description))
    return f"""\
terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }}
  }}
}}

provider "aws" {{
  region              = {region}
  allowed_account_ids = [{account}]
}}

resource "aws_iam_role" "raydock" {{
  name        = {name}
  path        = {path}
  description = {description}
  assume_role_policy = jsonencode({_hcl(bootstrap.trust)})
}}

resource "aws_iam_role_policy" "raydock" {{
  name = {_hcl(POLICY_NAME)}
  role = aws_iam_role.raydock.name
  policy = jsonencode({_hcl(bootstrap.policy)})
}}

output "role_arn" {{
  value = aws_iam_role.raydock.arn
}}
"""


def _template(bootstrap: Bootstrap) -> dict[str, Any]:
    role = {
        "RoleName": bootstrap.role_name,
        "Path": bootstrap.role_path,
        "Description": bootstrap.description,
        "AssumeRolePolicyDocument": bootstrap.trust,
        "Policies": [{"PolicyName": POLICY_NAME, "PolicyDocument": bootstrap.policy}],
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role through which Raydock enters this account.",
        "Resources": {LOGICAL_ID: {"Type": "AWS::IAM::Role", "Properties": role}},
        "Outputs": {
            "RoleArn": {
                "Description": "Give this ARN to Raydock.",
                "Value": {"Fn::GetAtt": [LOGICAL_ID, "Arn"]},
            }
        },
    }


def _substituted(value: Any) -> Any:
    """Wrap each string that names a parameter in Fn::Sub; conditions' keys name none."""
    if isinstance(value, dict):
        return {key: _substituted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner) for inner in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value


def _hcl(value: Any) -> str:
    """Write JSON as a Terraform expression: it is one already, but for the marks of templates."""
    text = json.dumps(value, indent=2, separators=(",", " : ")).replace("${", "$${").replace("%{", "%%{")
    return text.replace("\n", "\n  ")
