"""Service quotas: the figures that Service Quotas answers, and the two that the sandbox enforces.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.sandbox.backends import backend
from workers.sandbox.calls import Call
from workers.sandbox.errors import AwsRefusal
from workers.sandbox.switches import Settings
from workers.sandbox.wire import HttpReply


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota: its service, its name, and the figure for one region."""

    service: str
    name: str
    value: Callable[[Settings], float]


QUOTAS: Mapping[str, Quota] = {
    "L-F678F1CE": Quota("vpc", "VPCs per Region", lambda on: on.vpcs_per_region),
    "L-A4707A72": Quota("vpc", "Internet gateways per Region", lambda on: on.internet_gateways_per_region),
    "L-0263D0A3": Quota("ec2", "EC2-VPC Elastic IPs", lambda _: 5),
    "L-1216C47A": Quota(
        "ec2", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", lambda _: 64
    ),
}


def enforce_quotas(call: Call, settings: Settings) -> None:
    """Raise AwsRefusal when a region has as many VPCs or internet gateways as it may have."""
    if call.name not in ("ec2:CreateVpc", "ec2:CreateInternetGateway"):
        return
    held = backend("ec2", call.account_id, call.region)
    if call.operation == "CreateVpc" and len(held.vpcs) >= settings.vpcs_per_region:
        raise AwsRefusal(400, "VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    gateways = settings.internet_gateways_per_region
    if call.operation == "CreateInternetGateway" and len(held.internet_gateways) >= gateways:
        message = "The maximum number of internet gateways has been reached."
        raise AwsRefusal(400, "InternetGatewayLimitExceeded", message)


def answer_quotas(call: Call, settings: Settings) -> HttpReply:
    """Answer GetServiceQuota and ListServiceQuotas; raises AwsRefusal."""
    service = str(call.params.get("ServiceCode"))
    known = {code: quota for code, quota in QUOTAS.items() if quota.service == service}
    if call.operation in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas"):
        return _json({"Quotas": [_described(call, settings, code) for code in known]})
    if call.operation not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        raise AwsRefusal(501, "NotImplemented", f"The sandbox does not emulate {call.name}.")
    code = str(call.params.get("QuotaCode"))
    if code not in known:
        raise AwsRefusal(400, "NoSuchResourceException", "The specified resource does not exist.")
    return _json({"Quota": _described(call, settings, code)})


def _described(call: Call, settings: Settings, code: str) -> dict[str, Any]:
    quota = QUOTAS[code]
    return {
        "ServiceCode": quota.service,
        "ServiceName": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{call.region}:{call.account_id}:{quota.service}/{code}",
        "QuotaCode": code,
        "QuotaName": quota.name,
        "Value": float(quota.value(settings)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _json(payload: Any) -> HttpReply:
    return HttpReply(200, (("Content-Type", "application/x-amz-json-1.1"),), json.dumps(payload).encode())
