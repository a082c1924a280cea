"""Plans as people see them before anything runs: by resource, in sentences, from the last look or a guess."""

from collections import Counter
from datetime import datetime
from typing import Any

from clouds.facts import Facts, Zone
from clouds.models import Cloud
from clouds.planning import plan_delete, plan_setup
from clouds.queries import spec_of
from clouds.specs import CloudSpec
from iam.policy.grants import Kind, actions

ASSUMED_ZONES = "abc"
LINES = (
    {
        "icon": "network",
        "label": "A network of its own",
        "note": "VPC, a public subnet in each zone, internet gateway, routes, S3 endpoint, security group",
    },
    {"icon": "cylinder", "label": "A bucket", "note": "Encrypted, closed to the public, TLS only"},
    {
        "icon": "user-round-cog",
        "label": "A cluster role",
        "note": "What the nodes may do: this bucket and nothing else",
    },
    {
        "icon": "coins",
        "label": "No hourly charge",
        "note": "Nothing of this costs money while no cluster runs; the bucket is charged by use",
    },
)
LIMITS = {
    "ec2": ("EC2", "only in the cloud's region; changes only to what carries the cloud's tag"),
    "iam": ("IAM", "only the cluster role and its instance profile, and reading its own role"),
    "s3": ("S3", "only the cloud's own bucket"),
    "servicequotas": ("Service Quotas", "reading limits"),
}


def assumed_facts(spec: CloudSpec, now: datetime) -> Facts:
    """Return what an empty account with three zones would look like, for a plan before the first look."""
    zones = tuple(
        Zone(name=f"{spec.region}{letter}", id=f"az{number}")
        for number, letter in enumerate(ASSUMED_ZONES, 1)
    )
    return Facts(at=now, account_id=spec.account_id, region=spec.region, zones=zones)


def setup_preview(cloud: Cloud, now: datetime) -> dict[str, Any]:
    """Return the set-up plan of a cloud, each resource with the sentence of its first step."""
    spec = spec_of(cloud)
    facts = Facts.from_json(cloud.facts) if cloud.facts else assumed_facts(spec, now)
    plan = plan_setup(spec, facts).to_json()
    plan["resources"] = [
        {**one, "sentence": one["steps"][0]["sentence"], "more": len(one["steps"]) - 1}
        for one in plan["resources"]
    ]
    plan["assumed"] = not cloud.facts
    return plan


def delete_preview(cloud: Cloud) -> dict[str, Any]:
    """Return the delete plan of a cloud from its last look, bucket kept; empty when nothing was ever seen."""
    if not cloud.facts:
        return {"blockers": [], "kept": []}
    return plan_delete(spec_of(cloud), Facts.from_json(cloud.facts), bucket="keep").to_json()


def grants() -> list[dict[str, str]]:
    """Return what the cross-account role may do, service by service, over all kinds of operation."""
    every = {action for kind in Kind for action in actions(kind)}
    counts = Counter(action.partition(":")[0] for action in every)
    return [
        {"label": f"{label}, {counts[service]} action{'' if counts[service] == 1 else 's'}", "note": note}
        for service, (label, note) in LIMITS.items()
        if counts[service]
    ]
