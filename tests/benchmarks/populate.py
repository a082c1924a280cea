"""Fill a data folder's database for the list benchmarks: a long audit chain, many clouds.

Run as `RAYDOCK_DATA_DIR=… python -m tests.benchmarks.populate EVENTS CLOUDS`, while nothing uses the folder.
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from clouds.models import Cloud  # noqa: E402 - models need django.setup first
from iam import audit, chain, tenancy  # noqa: E402
from iam.ids import new_id  # noqa: E402
from iam.models import AuditEvent, AuditHead, Organization  # noqa: E402

CHUNK = 5_000
ACTIONS = ("cloud.verify", "cloud.setup", "operation.end", "token.create", "cloud.rename")


def main(events: int, clouds: int) -> None:
    """Append events to the first organization's chain, hashed as the product does, and add clouds."""
    organization = Organization.objects.order_by("created_at")[0]
    with tenancy.scope(organization.pk):
        add_clouds(organization, clouds)
        add_events(organization.pk, events)


def add_clouds(organization: Organization, count: int) -> None:
    """Active clouds in a few regions."""
    now = datetime.now(UTC)
    Cloud.objects.bulk_create(
        Cloud(
            organization=organization,
            name=f"bench-{number:04}",
            region=("eu-central-1", "us-east-1")[number % 2],
            account_id="222222222222",
            state="active",
            external_id=new_id("ext"),
            created_at=now,
            created_by="bench",
            checks_passed=40,
            checks_total=41,
            verified_at=now,
        )
        for number in range(count)
    )


def add_events(organization_id: str, count: int) -> None:
    """A valid chain, ten seconds between events."""
    head, _ = AuditHead.objects.get_or_create(
        pk=organization_id, defaults={"seq": 0, "hash": chain.genesis(organization_id)}
    )
    began = datetime.now(UTC) - timedelta(seconds=10 * count)
    batch: list[AuditEvent] = []
    seq, last = head.seq, head.hash
    for number in range(count):
        seq += 1
        event = AuditEvent(
            id=new_id("evt"), organization_id=organization_id, seq=seq,
            at=began + timedelta(seconds=10 * number),
            actor_kind="user", actor_id=f"usr_{number % 50:026}", actor_role="member",
            actor_label=f"person{number % 50}@example.com", action=ACTIONS[number % len(ACTIONS)],
            entity="cloud", target_id=f"cld_{number % 500:026}", target_name=f"bench-{number % 500:04}",
            outcome="succeeded", request_id=f"req-{number}", previous_hash=last,
        )  # fmt: skip
        event.hash = last = chain.digest(audit._content(event))
        batch.append(event)
        if len(batch) == CHUNK or number == count - 1:
            AuditEvent.objects.bulk_create(batch)
            batch = []
    AuditHead.objects.filter(pk=organization_id).update(seq=seq, hash=last)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
