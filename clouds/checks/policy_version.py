"""Are the cross-account role's policies those of this release, nothing less and nothing more?

What is lacking is asked of the evaluator, so that a wider grant lacks nothing. What is beside the documents
of this release is told statement by statement: it may be of an earlier release, or the customer's own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.permissions import (
    READS,
    evaluated,
    how_to_attach,
    identity_of,
    requests,
    unreadable,
)
from clouds.export.policies import ATTACHABLE, REVISION, policy_documents
from iam.policy.documents import canonical
from iam.policy.grants import needed_kinds

_SHOWN = 8


def _policy_version(case: Case) -> Iterator[Answer]:
    expected = f"The role's policies are the documents of this release (version {REVISION})."
    lacking = evaluated(case, requests(case.names, needed_kinds(case.names)))
    if isinstance(lacking, str):
        yield unreadable(case, lacking, expected)
        return
    beside = _beside(case)
    parts = [
        f"It lacks {', '.join(sorted(lacking))}." if lacking else "",
        f"It allows beside them: {_listed(beside)}." if beside else "",
    ]
    yield Answer(
        good=not lacking and not beside,
        subject=case.spec.cross_account_role_arn or case.spec.account_id,
        observed=" ".join(filter(None, parts)) or "They say the same as the documents of this release.",
        expected=expected,
        detail="What a role may do beyond these documents Raydock never uses, as its sessions are narrowed.",
        fix="Attach the policy that this cloud's Policies page shows, and take off what is beside it and not "
        "needed by something else.",
        **how_to_attach(case),
    )


def _listed(found: tuple[str, ...]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more


def _beside(case: Case) -> tuple[str, ...]:
    """What the role's policies allow and no document of this release does, as "action on resource"."""
    role = case.facts.role(case.spec.cross_account_role_name)
    present = [atom for one in (identity_of(role) if role else None) or () for atom in _atoms(one)]
    offered = policy_documents(case.spec, case.spec.external_id or "")
    ours = {key for one in offered if one.name in ATTACHABLE for _, key in _atoms(one.document)}
    return tuple(dict.fromkeys(words for words, key in present if key not in ours))


def _atoms(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each action on each resource that a document allows: in words, and as a key to compare by."""
    for statement in _many(document.get("Statement", [])):
        if statement.get("Effect") != "Allow":
            continue
        condition = canonical({"c": _in_order(statement.get("Condition", {}))})
        places = _many(statement.get("Resource", f"all but {statement.get('NotResource')}"))
        for action in _many(statement.get("Action", f"all but {statement.get('NotAction')}")):
            for place in places:
                yield f"{action} on {place}", f"{str(action).lower()} {place} {condition}"


def _in_order(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key).lower(): _in_order(inner) for key, inner in value.items()}
    return sorted(map(str, _many(value)))


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


CHECKS = (
    Check(
        id="role.policy_version",
        severity="should",
        title="The cross-account role's policies are those of this release",
        actions=READS,
        ask=_policy_version,
        about="control-role",
    ),
)
