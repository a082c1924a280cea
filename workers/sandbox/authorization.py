"""May this caller do this? AWS's decision over all policies that bear on a call, by our own evaluator.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from iam.policy.documents import Document, Kind
from iam.policy.evaluate import Decision, PolicySet, Reason, Request, evaluate, evaluate_assume_role
from workers.sandbox.backends import backend, bucket_owner
from workers.sandbox.calls import Call, CallRecord
from workers.sandbox.demands import Demand, common_context
from workers.sandbox.ec2_demands import ec2_demands
from workers.sandbox.errors import AwsRefusal, refusal
from workers.sandbox.iam_demands import iam_demands
from workers.sandbox.policies import boundary_policies, document, identity_policies, session_policies
from workers.sandbox.s3_demands import bucket_of, s3_demands

_DEMANDS: Mapping[str, Callable[[Call], Iterator[Demand]]] = {
    "ec2": ec2_demands,
    "iam": iam_demands,
    "s3": s3_demands,
}
_WHY = {
    Reason.EXPLICIT_DENY: "with an explicit deny in a policy",
    Reason.NO_ALLOW: "because no identity-based policy allows the {action} action",
    Reason.NOT_IN_BOUNDARY: "because no permissions boundary allows the {action} action",
    Reason.NOT_IN_SESSION: "because no session policy allows the {action} action",
    Reason.NOT_TRUSTED: "because no resource-based policy allows the {action} action",
}


def authorize(call: Call, record: CallRecord) -> tuple[int, ...]:
    """Raise AwsRefusal unless every permission that the call demands is granted; notes each in `record`.

    S3's DeleteObjects is never refused as a whole: answers the positions of the objects that must stay.
    """
    common = common_context(call) | {"aws:ResourceAccount": resource_owner(call)}
    refused: dict[int, tuple[Demand, Decision]] = {}
    for demand in demands_of(call):
        decision = _decide(call, demand, common | dict(demand.context))
        record.checks.append(
            {"action": demand.action, "resource": demand.resource, "allowed": decision.allowed}
        )
        if not decision.allowed:
            refused.setdefault(demand.item, (demand, decision))
    record.allowed = not refused
    if refused and call.name != "s3:DeleteObjects":
        raise _denied(call, *next(iter(refused.values())))
    return tuple(refused)


def demands_of(call: Call) -> Iterator[Demand]:
    """Answer what the call demands; services without a table of their own are checked on `*`."""
    table = _DEMANDS.get(call.service)
    return table(call) if table else iter((Demand(call.name),))


def resource_owner(call: Call) -> str:
    """Answer the account that a call acts in: a bucket's owner, else the caller's."""
    bucket = bucket_of(call)
    if not bucket or call.operation == "CreateBucket":
        return call.account_id
    return bucket_owner(bucket) or call.account_id


def _decide(call: Call, demand: Demand, context: Mapping[str, Any]) -> Decision:
    caller = call.caller
    request = Request(demand.action, demand.resource, caller.arn, context)
    policies = PolicySet(
        identity=identity_policies(caller),
        resource=_bucket_policies(demand),
        boundary=boundary_policies(caller),
        session=session_policies(caller),
    )
    if demand.action.startswith("s3:") and _foreign(call, demand):
        # The rule for a role of another account is the rule for any resource of one: both sides must allow.
        return evaluate_assume_role(policies, request)
    return evaluate(policies, request)


def _bucket_name(demand: Demand) -> str:
    return demand.resource.removeprefix("arn:aws:s3:::").partition("/")[0]


def _foreign(call: Call, demand: Demand) -> bool:
    owner = bucket_owner(_bucket_name(demand))
    return owner is not None and owner != call.account_id and demand.action != "s3:CreateBucket"


def _bucket_policies(demand: Demand) -> list[Document]:
    if not demand.action.startswith("s3:") or demand.action == "s3:CreateBucket":
        return []
    name = _bucket_name(demand)
    owner = bucket_owner(name)
    bucket = backend("s3", owner).buckets.get(name) if owner else None
    text = bucket.policy.decode() if bucket is not None and bucket.policy else ""
    return [document(text, Kind.RESOURCE)] if text else []


def _denied(call: Call, demand: Demand, decision: Decision) -> AwsRefusal:
    why = _WHY.get(decision.reason, _WHY[Reason.NO_ALLOW]).format(action=demand.action)
    message = (
        f"User: {call.caller.arn} is not authorized to perform: {demand.action} "
        f"on resource: {demand.resource} {why}"
    )
    if call.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    return refusal("denied", call.service, message)
