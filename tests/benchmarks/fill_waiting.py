"""Add N waiting connect operations as rows, each on a cloud of its own."""

import os
import random
import sys
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from clouds.models import Cloud, Lane, Operation  # noqa: E402 - models need django.setup first
from iam import tenancy  # noqa: E402
from iam.ids import new_id  # noqa: E402
from iam.models import Organization  # noqa: E402


def main(count: int) -> None:
    """Operations that came back with Again(about an hour): due between ten minutes and an hour from now."""
    organization = Organization.objects.order_by("created_at")[0]
    now, chance = datetime.now(UTC), random.Random(7)
    with tenancy.scope(organization.pk):
        Lane.objects.get_or_create(organization=organization)
        clouds = Cloud.objects.bulk_create(
            Cloud(
                organization=organization, name=f"waiting-{number:05}", region="eu-central-1",
                state="connecting", account_id="222222222222", external_id=new_id("ext"),
                created_at=now, created_by="bench",
            )
            for number in range(count)
        )  # fmt: skip
        actor = {"kind": "user", "id": new_id("usr"), "label": "bench", "role": "owner"}
        arn = "arn:aws:iam::222222222222:role/absent"
        Operation.objects.bulk_create(
            Operation(
                organization=organization, cloud=cloud, kind="connect", state="waiting", actor=actor,
                exclusive=True, input={"role_arn": arn, "wait_seconds": 7200}, cloud_before="reserved",
                created_at=now, started_at=now,
                due_at=now + timedelta(seconds=chance.uniform(600, 3600)),
            )
            for cloud in clouds
        )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
