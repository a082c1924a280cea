"""Mappings written short: each rule as (selector, role)."""

from typing import Any

from iam.mapping import Config, read_config

JOB = {"workload-type": "job", "project": "vision", "user": "ada@example.com"}


def document(*rules: tuple[str, str], default: str = "CLOUD_DEFAULT", **others: Any) -> dict[str, Any]:
    """The shape of `dataplane_iam_mapping`."""
    written = [{"selector": selector, "value": value} for selector, value in rules]
    return {"mode": "CUSTOMER_MANAGED", "rules": written, "default_rule": default, **others}


def config(*rules: tuple[str, str], default: str = "CLOUD_DEFAULT", **others: Any) -> Config:
    """The same, read."""
    return read_config(document(*rules, default=default, **others))


def override(mode: str, *allowed: str) -> dict[str, Any]:
    """The field about profiles in compute configs."""
    listed = {"allowed": list(allowed)} if allowed else {}
    return {"instance_profile_override": {"mode": mode, **listed}}
