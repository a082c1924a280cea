"""Does the cross-account role carry the documents of this release, as the last look saw it? Pure.

A role is behind when a statement of the control-plane policy is in none of its policies, or when its trust
policy falls short. Statements of the customer's own beside ours are nobody's business here.
"""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clouds.export.bootstrap import POLICY_NAME, Bootstrap
from clouds.export.policies import REVISION
from clouds.facts import Facts, Role
from clouds.names import cloud_names
from clouds.specs import CloudSpec
from iam.policy.documents import canonical
from iam.policy.grants import control_plane_policy
from iam.policy.trust import Remark, lint


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a role lacks of this release: statements of its policy by name, remarks on its trust policy.

    `actions` are all that the statements name; the role may still have some of them from other policies.
    """

    statements: tuple[str, ...]
    actions: tuple[str, ...]
    trust: tuple[Remark, ...]

    @property
    def behind(self) -> bool:
        """Whether it lacks anything."""
        return bool(self.statements or self.trust)


def shortfall(spec: CloudSpec, facts: Facts) -> Shortfall | None:
    """Return what the role lacks; None where the look did not see all of its policies."""
    role = facts.role(spec.cross_account_role_arn or "")
    carried = None if role is None else _carried(role)
    if role is None or carried is None:
        return None
    wanted = control_plane_policy(cloud_names(spec))["Statement"]
    lacking = [one for one in wanted if _essence(one) not in carried]
    return Shortfall(
        statements=tuple(str(one["Sid"]) for one in lacking),
        actions=tuple(sorted({action for one in lacking for action in _listed(one["Action"])})),
        trust=lint(role.trust, spec.portal_role_arn, spec.external_id),
    )


def revision_carried(spec: CloudSpec, facts: Facts) -> int | None:
    """Return this release's revision where the role carries all of it, 0 where not, None where unseen."""
    found = shortfall(spec, facts)
    if found is None:
        return None
    return 0 if found.behind else REVISION


def attach_policy_line(bootstrap: Bootstrap) -> str:
    """Return the AWS CLI line that gives the cloud's role this release's policy."""
    words = ("aws", "iam", "put-role-policy", "--role-name", bootstrap.role_name)
    return shlex.join(
        [*words, "--policy-name", POLICY_NAME, "--policy-document", canonical(bootstrap.policy)]
    )


def _carried(role: Role) -> frozenset[str] | None:
    """Every statement of a role's policies in one form; None where one of them was not read."""
    if role.inline is None or role.attached is None:
        return None
    documents = [*role.inline.values(), *(one.document for one in role.attached)]
    if any(one is None for one in documents):
        return None
    return frozenset(_essence(one) for document in documents if document for one in _statements(document))


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = document.get("Statement", [])
    yield from found if isinstance(found, list) else [found]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _essence(statement: Mapping[str, Any]) -> str:
    """A statement without its name, lists in order: AWS does not care for either, nor for a list of one."""
    return canonical({key: _sorted(value) for key, value in statement.items() if key != "Sid"})


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(str, value)) if len(value) != 1 else str(value[0])
    return value
