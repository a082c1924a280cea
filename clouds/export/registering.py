"""What a customer's own tools say they have made, in the shape of a registration. Pure."""

from typing import Any

from clouds.export.outputs import OutputsError, read_outputs
from clouds.registration import RegistrationError

FIELD = "outputs"


def from_outputs(text: str) -> dict[str, Any]:
    """Return what the outputs of Terraform, of a CloudFormation stack or of the script give for a cloud.

    Raises RegistrationError: everything that is wrong with the outputs stands under `outputs`.
    """
    try:
        made = read_outputs(text)
    except OutputsError as error:
        said = [one if name == FIELD else f"{name}: {one}" for name, one in error.problems.items()]
        raise RegistrationError({FIELD: said}) from error
    return {
        "vpc": made.vpc_id,
        "subnets": [one.id for one in made.subnets],
        "security_groups": list(made.security_group_ids),
        "cluster_role": made.cluster_role_arn,
        "instance_profile": made.instance_profile_arn,
        "bucket": made.bucket,
    }
