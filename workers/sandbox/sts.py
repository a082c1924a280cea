"""STS, our own: AssumeRole by the role's trust policy, and GetCallerIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from iam.policy.documents import Kind
from iam.policy.evaluate import PolicySet, Request, evaluate_assume_role
from workers.sandbox.calls import Call, CallRecord
from workers.sandbox.credentials import Credentials
from workers.sandbox.demands import common_context, request_tags
from workers.sandbox.errors import AwsRefusal, refusal
from workers.sandbox.policies import (
    boundary_policies,
    check_document,
    document,
    find_role,
    identity_policies,
    managed_policies,
    session_policies,
)
from workers.sandbox.principals import Principal, RoleSession
from workers.sandbox.wire import HttpReply

_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SHORTEST, _LONGEST, _CHAINED = 900, 43_200, 3_600
_POLICY_LIMIT = 2_048
_TAG_LIMIT = 50


def answer_sts(call: Call, record: CallRecord, credentials: Credentials, propagation: float) -> HttpReply:
    """Answer an STS call; raises AwsRefusal. `propagation`: for how many seconds a new role stays unseen."""
    if call.operation == "GetCallerIdentity":
        record.allowed = True
        return _identity(call)
    if call.operation == "AssumeRole":
        return _assume(call, record, credentials, propagation)
    raise refusal("unimplemented", "sts", f"The sandbox does not emulate {call.name}.")


def _identity(call: Call) -> HttpReply:
    caller = call.caller
    return _reply(
        call,
        f"<UserId>{escape(caller.user_id)}</UserId><Account>{caller.account_id}</Account>"
        f"<Arn>{escape(caller.arn)}</Arn>",
    )


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an AssumeRole call asks for, once its parameters are in order."""

    role_arn: str
    name: str
    duration: int
    policies: tuple[str, ...] | None
    tags: Mapping[str, str]
    transitive: frozenset[str]
    source_identity: str


def _assume(call: Call, record: CallRecord, credentials: Credentials, propagation: float) -> HttpReply:
    wish = _wish(call)
    role = find_role(wish.role_arn)
    if role is not None and (call.at - _aware(role.create_date)).total_seconds() < propagation:
        role = None
    _trusted(call, record, wish, role)
    if wish.duration > int(role.max_session_duration or _CHAINED):
        raise _invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    session = RoleSession(
        role_arn=wish.role_arn,
        role_id=role.id,
        name=wish.name,
        policies=wish.policies,
        tags=wish.tags,
        transitive_tags=wish.transitive,
        source_identity=wish.source_identity,
        expires_at=call.at + timedelta(seconds=wish.duration),
    )
    return _handed_out(call, credentials.admit(session, call.at))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wish(call: Call) -> _Wish:
    params = call.params
    inherited = _inherited(call.caller)
    named = {one["Key"]: one.get("Value", "") for one in params.get("Tags") or ()}
    _check_parameters(params, named)
    before = call.caller.session.source_identity if call.caller.session else ""
    return _Wish(
        role_arn=str(params["RoleArn"]),
        name=str(params["RoleSessionName"]),
        duration=_duration(call),
        policies=_policies(params),
        tags=named | inherited,
        transitive=frozenset(params.get("TransitiveTagKeys") or ()) | frozenset(inherited),
        source_identity=str(params.get("SourceIdentity") or before),
    )


def _inherited(caller: Principal) -> dict[str, str]:
    session = caller.session
    return {key: session.tags[key] for key in session.transitive_tags} if session else {}


def _check_parameters(params: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    for name, pattern, needed in (
        ("RoleArn", re.compile(r"[^\x00-\x1f]{20,2048}"), True),
        ("RoleSessionName", _NAME, True),
        ("ExternalId", _EXTERNAL_ID, False),
        ("SourceIdentity", _NAME, False),
    ):
        value = params.get(name)
        if (value is None and needed) or (value is not None and not pattern.fullmatch(str(value))):
            field = name[0].lower() + name[1:]
            raise _invalid(
                f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: "
                f"Member must satisfy regular expression pattern: {pattern.pattern}"
            )
    if len(tags) > _TAG_LIMIT or len(tags) != len(params.get("Tags") or ()):
        raise AwsRefusal(
            400, "InvalidParameterValue", "Duplicate tag keys, or more than 50 tags, were given."
        )


def _duration(call: Call) -> int:
    asked = call.params.get("DurationSeconds")
    seconds = int(asked) if asked is not None else _CHAINED
    if not _SHORTEST <= seconds <= _LONGEST:
        bound = (
            f"greater than or equal to {_SHORTEST}"
            if seconds < _SHORTEST
            else f"less than or equal to {_LONGEST}"
        )
        raise _invalid(
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy "
            "constraint: "
            f"Member must have value {bound}"
        )
    if call.caller.session and seconds > _CHAINED:
        raise _invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit "
            "for roles assumed by role chaining"
        )
    return seconds


def _policies(params: Mapping[str, Any]) -> tuple[str, ...] | None:
    text = params.get("Policy")
    arns = [one["arn"] for one in params.get("PolicyArns") or ()]
    if text is None and not arns:
        return None
    if text is not None and len(text) > _POLICY_LIMIT:
        raise _invalid(
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_POLICY_LIMIT}"
        )
    texts = ([text] if text is not None else []) + managed_policies(arns)
    for one in texts:
        check_document(one, Kind.SESSION, "MalformedPolicyDocument")
    return tuple(texts)


def _trusted(call: Call, record: CallRecord, wish: _Wish, role: Any) -> None:
    """Raise AccessDenied, in the same words for a missing role and for one that does not trust the caller."""
    actions = ["sts:AssumeRole"]
    if call.params.get("SourceIdentity"):
        actions.append("sts:SetSourceIdentity")
    if call.params.get("Tags"):
        actions.append("sts:TagSession")
    for action in actions:
        allowed = role is not None and not _changes_identity(call) and _allowed(call, wish, role, action)
        record.checks.append({"action": action, "resource": wish.role_arn, "allowed": allowed})
        record.allowed = allowed
        if not allowed:
            message = (
                f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {wish.role_arn}"
            )
            raise refusal("denied", "sts", message)


def _changes_identity(call: Call) -> bool:
    """A source identity stays for the whole chain: it cannot be set again to something else."""
    before = call.caller.session.source_identity if call.caller.session else ""
    return bool(before) and call.params.get("SourceIdentity", before) != before


def _allowed(call: Call, wish: _Wish, role: Any, action: str) -> bool:
    caller, params = call.caller, call.params
    context = common_context(call) | request_tags(params.get("Tags"))
    context |= {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in role.tags or ()}
    context |= {
        "sts:RoleSessionName": wish.name,
        "sts:ExternalId": params.get("ExternalId"),
        "sts:SourceIdentity": params.get("SourceIdentity"),
        "sts:TransitiveTagKeys": list(params.get("TransitiveTagKeys") or ()),
    }
    policies = PolicySet(
        identity=identity_policies(caller),
        resource=[document(role.assume_role_policy_document, Kind.RESOURCE)],
        boundary=boundary_policies(caller),
        session=session_policies(caller),
    )
    return evaluate_assume_role(policies, Request(action, wish.role_arn, caller.arn, context)).allowed


def _handed_out(call: Call, session: Principal) -> HttpReply:
    held, keys = session.session, session.keys
    ends = held.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if held and held.expires_at else ""
    identity = held.source_identity if held else ""
    packed = min(100, 100 * len(json.dumps(call.params.get("Policy", ""))) // _POLICY_LIMIT)
    source = f"<SourceIdentity>{escape(identity)}</SourceIdentity>" if identity else ""
    return _reply(
        call,
        f"{source}<AssumedRoleUser><Arn>{escape(session.arn)}</Arn>"
        f"<AssumedRoleId>{escape(session.user_id)}</AssumedRoleId></AssumedRoleUser>"
        f"<Credentials><AccessKeyId>{keys.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{keys.secret_access_key}</SecretAccessKey>"
        f"<SessionToken>{keys.session_token}</SessionToken><Expiration>{ends}</Expiration></Credentials>"
        f"<PackedPolicySize>{packed}</PackedPolicySize>",
    )


def _reply(call: Call, result: str) -> HttpReply:
    body = (
        f'<{call.operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{call.operation}Result>{result}</{call.operation}Result>"
        f"<ResponseMetadata><RequestId>{call.request_id}</RequestId></ResponseMetadata>"
        f"</{call.operation}Response>"
    )
    return HttpReply(200, (("Content-Type", "text/xml"),), body.encode())


def _invalid(message: str) -> AwsRefusal:
    return AwsRefusal(400, "ValidationError", message)
