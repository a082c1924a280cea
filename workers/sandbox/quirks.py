"""Where moto answers otherwise than AWS and a caller would notice: refused here, in AWS's words."""

from __future__ import annotations

from workers.sandbox.calls import Call
from workers.sandbox.ec2_demands import instance_profiles
from workers.sandbox.errors import AwsRefusal


def check_call(call: Call) -> None:
    """Raise AwsRefusal for a call that AWS refuses and moto would let through or answer differently."""
    if call.name == "ec2:RunInstances":
        _profile_exists(call)


def _profile_exists(call: Call) -> None:
    """moto answers IAM's NoSuchEntity with a 404; EC2 answers a code of its own."""
    wanted = call.params.get("IamInstanceProfile") or {}
    name = str(wanted.get("Name") or str(wanted.get("Arn", "")).rpartition("/")[2])
    if name and not any(one.name == name for one in instance_profiles(call.account_id)):
        message = f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        raise AwsRefusal(400, "InvalidParameterValue", message)
