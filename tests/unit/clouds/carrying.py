"""Specs to test with, and carrying out plans on the small account."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clouds.planning import Plan, Ref, Step, at_path, plan_setup, resolved
from clouds.specs import CloudSpec
from tests.unit.clouds.account import ACCOUNT, REGION, Account, RefusedError

CLOUD_ID = "cld_01kabcdefghjkmnpqrstvwxyz0"
CONTROL_ROLE = f"arn:aws:iam::{ACCOUNT}:role/raydock-control-plane"


def spec(**changes: Any) -> CloudSpec:
    given: dict[str, Any] = {
        "cloud_id": CLOUD_ID,
        "organization_id": "org_01k",
        "name": "demo",
        "region": REGION,
        "account_id": ACCOUNT,
        "console_origin": "https://raydock.example.com",
        "portal_role_arn": "arn:aws:iam::111111111111:role/raydock-portal",
        "cross_account_role_arn": CONTROL_ROLE,
        "external_id": "an-external-id",
    }
    return CloudSpec(**{**given, **changes})


def carry_out(
    account: Account, plan: Plan, *, only: Callable[[Step], bool] = lambda step: True
) -> tuple[str, ...]:
    """Make the calls of a plan in its order, leaving out what `only` refuses and what needs that."""
    assert not plan.blockers
    return in_order(account, plan, plan.steps, only=only)


def in_order(
    account: Account,
    plan: Plan,
    steps: Iterable[Step],
    *,
    only: Callable[[Step], bool] = lambda step: True,
) -> tuple[str, ...]:
    replies: dict[str, Any] = {}
    for step in steps:
        if not (step.needs <= replies.keys() and only(step)):
            continue

        def look(ref: Ref) -> Any:
            return at_path(replies[ref.step], ref.path)

        try:
            replies[step.name] = account.call(step.action, resolved(step.params, look))
        except RefusedError as refusal:
            gone = step.missing_ok and ("NotFound" in str(refusal) or str(refusal) == "NoSuchEntity")
            if not (gone or str(refusal) in step.settled):
                raise
            replies[step.name] = {}
    return tuple(replies)


def built(wanted: CloudSpec | None = None) -> Account:
    """An account with a complete cloud in it."""
    account = Account()
    carry_out(account, plan_setup(wanted or spec(), account.facts()))
    return account


def names(steps: Sequence[Step]) -> list[str]:
    return [one.name for one in steps]
