"""What a value stands for: given by itself, seen at the last look, or assumed and said to be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clouds.config.examining import examine
from clouds.config.values import resolved, resolved_values
from clouds.facts import Facts, InstanceProfile, Role
from iam.mapping import Config, Known, read_config
from tests.unit.config.samples import document, rule

ACCOUNT = "222222222222"
ARN = f"arn:aws:iam::{ACCOUNT}"
PROFILE = f"{ARN}:instance-profile/gpu"
SEEN = Facts(
    at=datetime(2026, 5, 4, tzinfo=UTC),
    account_id=ACCOUNT,
    region="eu-central-1",
    roles=(Role(name="nodes", arn=f"{ARN}:role/teams/nodes", path="/teams/"),),
    instance_profiles=(InstanceProfile(name="gpu", arn=PROFILE, role_names=("gpu-role",)),),
)


def config(*rules: dict[str, str], **more: Any) -> Config:
    return read_config(document(*rules, **more)["dataplane_iam_mapping"])


@pytest.mark.parametrize(
    ("value", "facts", "kind", "role", "arn", "basis"),
    [
        ("nodes", None, "role", "nodes", f"{ARN}:role/nodes", "assumed"),
        ("nodes", SEEN, "role", "nodes", f"{ARN}:role/teams/nodes", "seen"),
        ("gpu", SEEN, "instance_profile", "gpu-role", PROFILE, "seen"),
        ("gpu", None, "role", "gpu", f"{ARN}:role/gpu", "assumed"),
        (PROFILE, SEEN, "instance_profile", "gpu-role", PROFILE, "seen"),
        (PROFILE, None, "instance_profile", "gpu", PROFILE, "given"),
        (f"{ARN}:role/a/b", None, "role", "b", f"{ARN}:role/a/b", "given"),
    ],
)  # fmt: skip
def test_names_and_arns_are_resolved(
    value: str, facts: Facts | None, kind: str, role: str, arn: str, basis: str
) -> None:
    found = resolved(value, provider="AWS", account_id=ACCOUNT, facts=facts)
    assert (found.value, found.kind, found.role, found.arn, found.basis) == (value, kind, role, arn, basis)
    assert found.account_id == ACCOUNT
    assert found.note


def test_a_service_account_is_what_it_says() -> None:
    found = resolved("sa@x.iam.gserviceaccount.com", provider="GCP", account_id="")
    assert (found.kind, found.arn, found.basis) == ("service_account", "", "given")


def test_each_value_of_rules_and_override_is_resolved_once() -> None:
    override = {"mode": "ALLOW_LIST", "allowed": ["gpu", "nodes"]}
    given = config(rule("a", "nodes"), rule("b", "nodes"), instance_profile_override=override)
    found = resolved_values(given, provider="AWS", account_id=ACCOUNT, facts=SEEN)
    assert [one.value for one in found] == ["nodes", "gpu"]


def test_a_role_of_another_account_is_remarked_with_the_fix() -> None:
    foreign = "arn:aws:iam::333333333333:role/nodes"
    given = config(rule("project=a", "nodes"), rule("project=b", foreign))
    (remark,) = examine(given, Known(), provider="AWS", account_id=ACCOUNT)
    assert (remark.code, remark.severity, remark.rule_index) == ("other-account", "error", 1)
    assert ACCOUNT in remark.fix


def test_a_role_that_was_not_found_is_remarked_with_how_that_is_known() -> None:
    given = config(rule("project=a", "nodes"))
    (remark,) = examine(given, Known(roles=frozenset()), provider="AWS", account_id=ACCOUNT)
    assert (remark.code, remark.rule_index) == ("unknown-role", 0)
    assert remark.fix.endswith("verify again when it is there.")
