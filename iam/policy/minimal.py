"""The policies of one operation alone: what it calls by itself, and what its features need beside that.

For roles that are to do nothing else. Statements on the same resources under the same conditions become one,
so that each policy fits into a role.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from iam.policy import cloud_needs
from iam.policy.documents import CURRENT
from iam.policy.features import Feature, Need, needs_statement
from iam.policy.grants import TABLE, Grant, Kind
from iam.policy.places import CloudNames, Place

MINIMAL: Final[Mapping[str, tuple[frozenset[Kind], tuple[Need, ...]]]] = MappingProxyType(
    {
        # A set-up looks through a session of the kind verify, and may be taken down again.
        "setup": (frozenset({Kind.SETUP, Kind.VERIFY, Kind.TAKEDOWN}), cloud_needs.SETUP),
        "register": (frozenset({Kind.CONNECT, Kind.REGISTER}), cloud_needs.REGISTER),
        "verify": (frozenset({Kind.CONNECT, Kind.VERIFY}), cloud_needs.VERIFY),
        "delete": (frozenset({Kind.DELETE}), cloud_needs.DELETE),
    }
)
"""Operation -> the kinds of work it consists of, and what its features need."""


def minimal_needs(operation: str) -> tuple[Need, ...]:
    """Give what one operation needs: Raydock's own calls first. Raises KeyError for an unknown operation."""
    kinds, needs = MINIMAL[operation]
    return (*(own_need(grant) for grant in TABLE if grant.kinds & kinds), *needs)


def own_need(grant: Grant) -> Need:
    """Write a grant of Raydock's own operations as a need."""
    return Need(
        grant.name,
        Feature.OPERATIONS,
        grant.service,
        grant.verbs,
        grant.places,
        grant.tests,
        called_by=", ".join(kind for kind in Kind if kind in grant.kinds),
    )


def minimal_policy(operation: str, names: CloudNames) -> dict[str, Any]:
    """Give the policy of one operation. Raises KeyError for an unknown operation."""
    return merged_policy(minimal_needs(operation), names)


def merged_policy(needs: Iterable[Need], names: CloudNames) -> dict[str, Any]:
    """Give one policy of all needs, as short as it can be said without allowing more."""
    groups: dict[tuple[object, ...], list[Need]] = {}
    for need in needs:
        groups.setdefault((frozenset(need.places), need.tests, need.denies), []).append(need)
    statements = (_merged(group, names) for group in groups.values())
    return {"Version": CURRENT, "Statement": [one for one in statements if one["Resource"]]}


def _merged(group: list[Need], names: CloudNames) -> dict[str, Any]:
    known = tuple(place for place in group[0].places if _known(place, names))
    first = group[0]
    one = Need(first.name, first.feature, first.service, first.verbs, known, first.tests, "", first.denies)
    actions = sorted({action for need in group for action in need.actions})
    return needs_statement(one, names) | {"Action": actions[0] if len(actions) == 1 else actions}


def _known(place: str, names: CloudNames) -> bool:
    return place != Place.OWN_ROLE or names.cross_account_role_arn is not None
