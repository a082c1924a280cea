"""A cloud's infrastructure as text: the forms in which a customer can create it himself, with their files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from clouds.export.blueprint import Blueprint, aws_cli, cloudformation, cloudformation_yaml, terraform
from clouds.facts import Facts
from clouds.models import Cloud
from clouds.planning.survey import usable_zones
from clouds.queries import spec_of
from iam.errors import Problem

AWS: Final = "aws"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the same infrastructure: `ending` of its file, `how` it is used, in words for people."""

    label: str
    ending: str
    content_type: str
    how: str
    write: Callable[[Blueprint], str]

    def file(self, cloud: Cloud) -> str:
        """Name the file; a cloud's name holds nothing that a file's may not."""
        return f"raydock-{cloud.name}.{self.ending}"


FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        "terraform": Form(
            "Terraform",
            "tf",
            "text/plain; charset=utf-8",
            "Apply it in a folder of its own. Afterwards, terraform output -json lists what was made.",
            terraform,
        ),
        "cloudformation": Form(
            "CloudFormation",
            "json",
            "application/json",
            "Create a stack from it, with CAPABILITY_NAMED_IAM. The bucket outlives the stack.",
            cloudformation,
        ),
        "aws-cli": Form(
            "AWS CLI",
            "sh",
            "text/x-shellscript; charset=utf-8",
            "Read it, then run it with bash. It stops at the first error, and before it changes anything in "
            "another account.",
            aws_cli,
        ),
    }
)
YAML: Final = Form(
    "CloudFormation (YAML)", "yaml", "application/yaml", FORMS["cloudformation"].how, cloudformation_yaml
)


def blueprint_of(cloud: Cloud, *, with_role: bool | None = None) -> Blueprint:
    """Return what the cloud consists of. Unless `with_role` says it, a connected cloud's role is left out.

    Raises Problem("no_infrastructure", 409) for a cloud that is not on AWS.
    """
    if cloud.provider != AWS:
        raise Problem(
            "no_infrastructure",
            "Raydock writes out clouds on AWS only. Create the parts of this one with your own tools.",
            status=409,
        )
    zones = len(usable_zones(Facts.from_json(cloud.facts))) if cloud.facts else None
    return Blueprint.of(spec_of(cloud), cloud.external_id, zones=zones, with_role=with_role)
