"""What a document grants differently from the usual policy for the same purpose, action by action. Pure.

Each action is the same, added, narrowed, changed (allowed where the usual policy could never allow it) or
left out; whatever is not the same has its reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from clouds.export.ray_roles import RayRole
from clouds.export.reference import Usual
from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.features import Need

DENIED: Final = "Deny "


class Change(StrEnum):
    """How one action differs."""

    SAME = "same"
    ADDED = "added"
    NARROWED = "narrowed"
    CHANGED = "changed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One action: how it differs from the usual policy, and why. `action` says "Deny …" of a denying one."""

    action: str
    change: Change
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """What a policy says about one action: the spelling, and each statement as text for comparison."""

    action: str
    statements: frozenset[str]
    raw: tuple[Mapping[str, Any], ...]


CHANGED: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        (
            "control-plane",
            "iam:putrolepolicy",
        ): "Set-up writes the policy of the cloud's cluster role. The usual "
        "policy means a service-linked role, whose policies AWS lets nobody write.",
        ("control-plane-tag-restricted", "ec2:runinstances"): "Ends with this account and region, and allows "
        "this cloud's own placement groups besides: they exist before, so they bear no tag of the request.",
        ("control-plane-tag-restricted", "ec2:startinstances"): "Starting sends no tags, so the usual "
        "condition on the tag of the request is never met. The tag of the instance is asked for instead.",
    }
)
_OTHER_DOCUMENT: Final = "Raydock's own operations do not call it. `control-plane-clusters` allows it."
_SERVICE_ROLE: Final = (
    "The usual condition iam:AWSServiceName is not known to this action, so it is never met; and AWS lets "
    "nobody write the policies of a service-linked role."
)
_OWN_POLICY: Final = (
    "The cluster role's own policy (`cluster-s3`) allows it, which is enough in the same account."
)
_NOT_OBJECTS: Final = (
    "Written out: getting, putting and deleting objects. The rest of the pattern restores from archives and "
    "replicates, which no node does."
)
LEFT_OUT: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("control-plane", "*"): _OTHER_DOCUMENT,
        ("control-plane", "iam:createservicelinkedrole"): _OTHER_DOCUMENT,
        ("control-plane-clusters", "iam:putrolepolicy"): _SERVICE_ROLE,
        ("cluster-s3", "s3:*object"): _NOT_OBJECTS,
        ("bucket-policy", "*"): _OWN_POLICY,
        ("minimal-register", "iam:updateassumerolepolicy"): "Raydock never edits who may enter: it shows the "
        "trust policy, and the customer attaches it. A role that could change its own door would be none.",
        ("minimal-verify", "s3:listallmybuckets"): "The one bucket is asked for by its name; the list of all "
        "buckets of the account is not needed.",
    }
)


def compared(
    name: str, spec: CloudSpec, document: Mapping[str, Any], usual: Iterable[Usual], needs: Iterable[Need]
) -> tuple[Difference, ...]:
    """Return every action of a document and of the usual policy with its difference, ours first."""
    ours = _ours(document)
    theirs = _theirs(spec, usual)
    why = _reasons(needs)
    found = [_ours_against(name, grants, _covering(key, theirs), why) for key, grants in ours.items()]
    left = [grants for key, grants in theirs.items() if not _covered(key, ours)]
    return (*found, *(_left_out(name, grants) for grants in left))


def _ours_against(
    name: str, ours: Grants, usual: Grants | None, why: Mapping[str, tuple[Need, ...]]
) -> Difference:
    needs = why.get(ours.action.lower(), ())
    if usual is None:
        return Difference(action=ours.action, change=Change.ADDED, reason=_why_added(needs))
    if ours.statements == usual.statements:
        return Difference(action=ours.action, change=Change.SAME)
    changed = CHANGED.get((name, ours.action.lower()))
    if changed:
        return Difference(action=ours.action, change=Change.CHANGED, reason=changed)
    return Difference(action=ours.action, change=Change.NARROWED, reason=_why_narrowed(ours, needs))


def _left_out(name: str, usual: Grants) -> Difference:
    known = LEFT_OUT.get((name, usual.action.lower())) or LEFT_OUT.get((name, "*"), "")
    return Difference(action=usual.action, change=Change.LEFT_OUT, reason=known)


def _why_added(needs: tuple[Need, ...]) -> str:
    callers = dict.fromkeys(kind for need in needs for kind in need.called_by.split(", ") if kind)
    own = [f"Raydock calls it itself: {', '.join(callers)}."] if callers else []
    own += [need.reason for need in needs if need.reason]
    return " ".join(dict.fromkeys(own or (need.feature.sentence for need in needs)))


def _why_narrowed(ours: Grants, needs: tuple[Need, ...]) -> str:
    own = [need.reason for need in needs if need.reason]
    return " ".join(dict.fromkeys(own)) or " ".join(_narrowings(ours.raw))


def _narrowings(statements: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say in words what the resources and conditions of these statements hold a grant to."""
    said: dict[str, None] = {}
    for one in statements:
        keys = {key for lines in one.get("Condition", {}).values() for key in lines}
        found = [words for part, words in _BY_CONDITION.items() if any(part in key for key in keys)]
        said |= dict.fromkeys(found or _by_place(one))
    return tuple(said)


def _by_place(statement: Mapping[str, Any]) -> list[str]:
    places = " ".join(_listed(statement.get("Resource", "")))
    return [next((words for part, words in _BY_PLACE.items() if part in places), _ACCOUNT)]


_ACCOUNT: Final = "AWS takes an ARN here, so the grant ends with this account and region."
_BY_CONDITION: Final[Mapping[str, str]] = MappingProxyType(
    {
        "RequestTag": "What is made must bear this cloud's tag from the start.",
        "ResourceTag": "Only what bears this cloud's tag.",
        "CreateAction": "Tags are set only while something is created, so nothing of others becomes ours.",
        "PassedToService": "Only the cloud's own role, and to EC2 instances alone.",
        "AWSServiceName": "For this one service, in this account.",
        "ViaService": "Only when the storage service asks, for what it encrypts.",
        "ExternalId": "Only with this cloud's external ID.",
        "Principal": "Only roles of this account that bear this cloud's tag, over TLS.",
        "SecureTransport": "Nothing without TLS.",
    }
)
_BY_PLACE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aws-service-role": "Only the service's own role in this account.",
        ":stack/raydock-": "Only stacks whose names begin with raydock-.",
        ":role/*": "AWS takes an ARN here, so the grant ends with this account.",
        ":instance-profile/*": "AWS takes an ARN here, so the grant ends with this account.",
        ":policy/*": "Only policies of this account and of AWS.",
        "arn:aws:iam:": "Only the cloud's own roles and instance profile.",
        "arn:aws:s3:": "Only the cloud's own bucket.",
    }
)


def _ours(document: Mapping[str, Any]) -> dict[str, Grants]:
    found: dict[str, Grants] = {}
    for one in document["Statement"]:
        for action in _listed(one["Action"]):
            _add(found, action, one)
    return found


def _theirs(spec: CloudSpec, usual: Iterable[Usual]) -> dict[str, Grants]:
    found: dict[str, Grants] = {}
    for one in usual:
        statement = filled(one, spec)
        for action in one.names:
            _add(found, action, statement)
    return found


def filled(usual: Usual, spec: CloudSpec) -> dict[str, Any]:
    """Return the statement of a usual policy with a cloud's own names in it, without its actions."""
    names = {
        "bucket": spec.bucket_name,
        "cloud_id": spec.cloud_id,
        "account_id": spec.account_id,
        "cluster_role": spec.cluster_role_arn,
        "control_plane_role": spec.cross_account_role_arn or "",
        "other_cluster_role": "",
        "ray_worker": RayRole(spec, "worker").name,
        "portal_account": spec.portal_role_arn.split(":")[4],
    }
    parts: dict[str, Any] = {
        "Effect": usual.effect,
        "Resource": list(usual.resources),
        "Condition": usual.condition or {},
        "Principal": {kind: who.split() for kind, who in (usual.principal or {}).items()},
    }
    return {key: _with_names(value, names) for key, value in parts.items() if value}


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_names(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_names(inner, names) for inner in value]
    return value.format_map(names) if isinstance(value, str) else value


def _add(found: dict[str, Grants], action: str, statement: Mapping[str, Any]) -> None:
    shown = f"{DENIED}{action}" if statement["Effect"] == "Deny" else action
    known = found.get(shown.lower(), Grants(shown, frozenset(), ()))
    found[shown.lower()] = Grants(
        known.action, known.statements | {_essence(statement)}, (*known.raw, statement)
    )


def _essence(statement: Mapping[str, Any]) -> str:
    """What a statement says beside its actions and its name, in one form."""
    parts = {key: value for key, value in statement.items() if key not in {"Sid", "Action"}}
    return canonical({key: _in_order(value) for key, value in parts.items()})


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _in_order(inner) for key, inner in value.items()}
    return sorted(value) if isinstance(value, list) else [value]


def _covering(key: str, theirs: Mapping[str, Grants]) -> Grants | None:
    """The usual grant of this action, also by a pattern."""
    return next((grants for pattern, grants in theirs.items() if fnmatchcase(key, pattern)), None)


def _covered(pattern: str, ours: Mapping[str, Grants]) -> bool:
    return "*" not in pattern and any(fnmatchcase(key, pattern) for key in ours)


def _reasons(needs: Iterable[Need]) -> dict[str, tuple[Need, ...]]:
    found: dict[str, tuple[Need, ...]] = {}
    for need in needs:
        for action in need.actions:
            key = f"{DENIED}{action}".lower() if need.denies else action.lower()
            found[key] = (*found.get(key, ()), need)
    return found


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
