"""Policy documents are read when they are written, as AWS does and moto does not."""

from __future__ import annotations

from collections.abc import Mapping

from iam.policy.documents import Kind
from workers.sandbox.calls import Call
from workers.sandbox.policies import check_document

_WRITTEN: Mapping[str, tuple[str, Kind, str]] = {
    "iam:CreateRole": ("AssumeRolePolicyDocument", Kind.RESOURCE, "MalformedPolicyDocument"),
    "iam:UpdateAssumeRolePolicy": ("PolicyDocument", Kind.RESOURCE, "MalformedPolicyDocument"),
    "iam:PutRolePolicy": ("PolicyDocument", Kind.IDENTITY, "MalformedPolicyDocument"),
    "iam:CreatePolicy": ("PolicyDocument", Kind.IDENTITY, "MalformedPolicyDocument"),
    "iam:CreatePolicyVersion": ("PolicyDocument", Kind.IDENTITY, "MalformedPolicyDocument"),
    "s3:PutBucketPolicy": ("Policy", Kind.RESOURCE, "MalformedPolicy"),
}


def check_written(call: Call) -> None:
    """Raise AwsRefusal when the call would store a policy that is malformed or names a missing role."""
    if call.name in _WRITTEN:
        field, kind, code = _WRITTEN[call.name]
        check_document(str(call.params.get(field, "")), kind, code)
