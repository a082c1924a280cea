"""What each operation may do in the customer's account, as policy documents.

The policy that the customer attaches and the session policies of the operations are both written from one
table, `iam.policy.grant_table`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

from iam.policy.documents import CURRENT
from iam.policy.grant_table import TABLE, Grant, Kind
from iam.policy.places import MAPPED_PREFIX, PROBE_PREFIX, SHORT, CloudNames, Place, Test

__all__ = [
    "GRANTS",
    "MAPPED_PREFIX",
    "POWERLESS",
    "PROBE_PREFIX",
    "SESSION_POLICY_LIMIT",
    "TABLE",
    "CloudNames",
    "Grant",
    "Kind",
    "Place",
    "actions",
    "control_plane_policy",
    "look_at_mapped_policy",
    "needed_kinds",
    "session_policy",
]

SESSION_POLICY_LIMIT: Final = 2048
"""Characters that sts:AssumeRole takes as Policy."""

POWERLESS: Final = {"Version": CURRENT, "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
"""The session policy of whoever only tries a door: what comes of it can do nothing."""


_PASSING: Final = "PassClusterRoleToInstances"

GRANTS: Mapping[Kind, tuple[Grant, ...]] = MappingProxyType(
    {kind: tuple(grant for grant in TABLE if kind in grant.kinds) for kind in Kind}
)
"""What each kind of operation may do."""


def control_plane_policy(names: CloudNames) -> dict[str, Any]:
    """Give what the customer attaches to the cross-account role: everything any operation needs, no more.

    In a registered cloud nothing is built and nothing removed: the role looks, probes the bucket, and passes
    the cluster role.
    """
    statements = (
        _statement(names, grant.actions, grant.places, grant.tests) | {"Sid": grant.name}
        for grant in TABLE
        if grant.kinds & needed_kinds(names) or (names.registered and grant.name == _PASSING)
    )
    return {"Version": CURRENT, "Statement": list(statements)}


def needed_kinds(names: CloudNames) -> frozenset[Kind]:
    """Give the kinds of operation that the cross-account role of such a cloud must allow."""
    return frozenset({Kind.REGISTER}) if names.registered else frozenset(Kind) - {Kind.REGISTER}


def session_policy(kind: str, names: CloudNames) -> dict[str, Any]:
    """Give the session policy of one kind of operation; its canonical text fits in sts:AssumeRole.

    It meets the role's own policy as an intersection, so it is written short where that loses nothing: reads
    stand together, and statements that bear the same conditions on ARNs of different services become one.
    A kind that has no grant gets POWERLESS. Raises ValueError for an unknown kind.
    """
    if not GRANTS[Kind(kind)]:
        return {**POWERLESS}
    merged: dict[tuple[tuple[Test, ...], bool], list[Grant]] = {}
    for grant in GRANTS[Kind(kind)]:
        tests = grant.tests if grant.session_tests is None else grant.session_tests
        merged.setdefault((tests, grant.reads), []).append(grant)
    statements = (_merged(names, grants, tests) for (tests, _), grants in merged.items())
    return {"Version": CURRENT, "Statement": list(statements)}


def look_at_mapped_policy(names: CloudNames, roles: Iterable[str], profiles: Iterable[str]) -> dict[str, Any]:
    """Give what lets a verification look at mapped roles and profiles of any name: these ARNs beside ours."""
    named = {"LookAtMappedRoles": roles, "LookAtMappedProfiles": profiles}
    statements = []
    for grant in (grant for grant in TABLE if grant.name in named):
        own = _statement(names, grant.actions, grant.places, ())
        places = dict.fromkeys((own["Resource"], *named[grant.name]))
        statements.append({**own, "Sid": grant.name, "Resource": _one_or_list(places)})
    return {"Version": CURRENT, "Statement": statements}


def actions(kind: str) -> frozenset[str]:
    """Give every action that a kind of operation may use."""
    return frozenset(action for grant in GRANTS[Kind(kind)] for action in grant.actions)


def _merged(names: CloudNames, grants: Iterable[Grant], tests: tuple[Test, ...]) -> dict[str, Any]:
    granted = dict.fromkeys(action for grant in grants for action in grant.actions)
    places = {_short(grant, place): None for grant in grants for place in grant.places}
    return _statement(names, granted, places, tests)


def _short(grant: Grant, place: Place) -> str:
    return str(Place.ANYWHERE) if grant.reads else SHORT.get(place, place)


def _statement(
    names: CloudNames, granted: Iterable[str], places: Iterable[str], tests: tuple[Test, ...]
) -> dict[str, Any]:
    filled = [place.format_map(asdict(names)) for place in places if _known(place, names)]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": _one_or_list(granted),
        "Resource": _one_or_list(filled),
    }
    return statement | ({"Condition": _condition(names, tests)} if tests else {})


def _known(place: str, names: CloudNames) -> bool:
    return place != Place.OWN_ROLE or names.cross_account_role_arn is not None


def _condition(names: CloudNames, tests: tuple[Test, ...]) -> dict[str, dict[str, str]]:
    return {operator: {key: value.format_map(asdict(names))} for operator, key, value in tests}


def _one_or_list(values: Iterable[str]) -> str | list[str]:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed
