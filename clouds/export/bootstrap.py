"""The cross-account role that a customer creates, written as CloudFormation, AWS CLI script and Terraform.

All three are written from the same two steps, so they create the same role with the same trust and the same
policy. Links: CloudFormation User Guide, "Create quick-create links for stacks".
"""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from clouds.export import aws_cli as shell
from clouds.export import cloudformation as stacks
from clouds.export import terraform as hashicorp
from clouds.export.parts import Output
from clouds.names import cloud_names
from clouds.planning.steps import Ref, Step
from clouds.specs import CloudSpec
from iam.policy.grants import CloudNames, control_plane_policy
from iam.policy.trust import trust_policy

POLICY_NAME: Final = "raydock-control-plane"
ROLE: Final = "raydock-role"
"""What the role is called among the parts of an export."""
TITLE: Final = "The role through which Raydock enters this account."
LONGEST_ROLE_NAME: Final = 64
OUTPUTS: Final = (Output("role_arn", "Give this ARN to Raydock.", Ref(ROLE, "Role.Arn")),)


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
    cluster_profile: str = ""
    registered: bool = False

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
            cluster_role=cloud_names(spec).cluster_role,
            role_name=name,
            role_path=_path(spec.cross_account_role_arn or "", name),
            pending_external_id=spec.pending_external_id,
            cluster_profile=spec.profile_path,
            registered=spec.registered,
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
            cluster_profile=self.cluster_profile,
            registered=self.registered,
        )
        return control_plane_policy(names)

    @property
    def description(self) -> str:
        """The role's description in IAM."""
        return f"Raydock enters through this role to run the cloud {self.cloud_id}"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The two calls that make the role."""
        made = Step(
            name=ROLE,
            action="iam:CreateRole",
            params={
                "RoleName": self.role_name,
                "Path": self.role_path,
                "Description": self.description,
                "AssumeRolePolicyDocument": json.dumps(self.trust),
            },
            resource=ROLE,
            kind="AWS::IAM::Role",
            sentence=f"Create the role {self.role_name}, which Raydock alone can assume",
        )
        allowed = Step(
            name=f"{ROLE}-policy",
            action="iam:PutRolePolicy",
            params={
                "RoleName": self.role_name,
                "PolicyName": POLICY_NAME,
                "PolicyDocument": json.dumps(self.policy),
            },
            resource=ROLE,
            kind="AWS::IAM::Role",
            sentence="Allow it what Raydock does in the account, on this cloud's resources only",
            needs=frozenset({ROLE}),
        )
        return made, allowed


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
    fields: dict[str, Any] = {field: f"${{{name}}}" for name, (field, _) in PARAMETERS.items()}
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
    return shell.script(TITLE, bootstrap.account_id, bootstrap.region, bootstrap.steps, OUTPUTS)


def terraform(bootstrap: Bootstrap) -> str:
    """Give a whole Terraform file; the provider refuses to work in another account."""
    return hashicorp.file(TITLE, bootstrap.account_id, bootstrap.region, bootstrap.steps, OUTPUTS)


def _template(bootstrap: Bootstrap) -> dict[str, Any]:
    return stacks.template(TITLE, bootstrap.steps, OUTPUTS)


def _substituted(value: Any) -> Any:
    """Wrap each string that names a parameter in Fn::Sub; conditions' keys name none."""
    if isinstance(value, dict):
        return {key: _substituted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner) for inner in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value
