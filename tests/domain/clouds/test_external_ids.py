"""What the database knows of external IDs: one way to rotate, and none ever used twice (T2, T4, T17)."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from clouds.models import Cloud, ExternalId
from clouds.services import external_ids
from clouds.states import CloudState, Kind
from iam import tenancy
from tests import factories
from tests.people import People

pytestmark = pytest.mark.services
FIRST, SECOND, THIRD = "rdk-ext-first", "rdk-ext-second", "rdk-ext-third"
NAMES = ("external_id", "pending_external_id", "retiring_external_id")
Three = tuple[str, str | None, str | None]
QUIET, BEGUN, SWAPPED, DONE = (
    (FIRST, None, None),
    (FIRST, SECOND, None),
    (SECOND, None, FIRST),
    (SECOND, None, None),
)


def at(us: People, row: Three) -> Cloud:
    """A cloud that came to this row by legal moves."""
    path: dict[Three, list[Three]] = {
        QUIET: [],
        BEGUN: [BEGUN],
        SWAPPED: [BEGUN, SWAPPED],
        DONE: [BEGUN, SWAPPED, DONE],
    }
    cloud = factories.cloud(us.organization, CloudState.ACTIVE, external_id=FIRST)
    for step in path[row]:
        write(us, cloud, step)
    return cloud


def write(us: People, cloud: Cloud, row: Three) -> None:
    with us.owner.here, transaction.atomic():
        assert Cloud.objects.filter(pk=cloud.pk).update(**dict(zip(NAMES, row, strict=True))) == 1


def read(us: People, cloud: Cloud) -> Three:
    with us.owner.here:
        kept = Cloud.objects.get(pk=cloud.pk)
    return kept.external_id, kept.pending_external_id, kept.retiring_external_id


@pytest.mark.parametrize(
    ("before", "after"),
    [(QUIET, BEGUN), (BEGUN, QUIET), (BEGUN, SWAPPED), (SWAPPED, DONE), (DONE, (SECOND, THIRD, None))],
    ids=["begin", "abandon", "swap", "retire", "begin again"],
)
def test_t4_t17_the_moves_of_a_rotation_pass(us: People, before: Three, after: Three) -> None:
    cloud = at(us, before)
    write(us, cloud, after)
    assert read(us, cloud) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (QUIET, (SECOND, None, None)),
        (QUIET, (SECOND, None, FIRST)),
        (QUIET, (FIRST, None, SECOND)),
        (QUIET, (FIRST, SECOND, THIRD)),
        (BEGUN, (SECOND, None, None)),
        (BEGUN, (SECOND, SECOND, FIRST)),
        (BEGUN, (THIRD, None, FIRST)),
        (BEGUN, (SECOND, None, THIRD)),
        (BEGUN, (FIRST, THIRD, None)),
        (SWAPPED, (FIRST, None, None)),
        (SWAPPED, (FIRST, None, SECOND)),
        (SWAPPED, (SECOND, THIRD, FIRST)),
        (SWAPPED, (SECOND, None, THIRD)),
        (DONE, (FIRST, None, None)),
        (DONE, (SECOND, FIRST, None)),
    ],
    ids=lambda row: "-".join((one or "none").removeprefix("rdk-ext-") for one in row),
)
def test_t4_t17_every_other_change_is_refused(us: People, before: Three, after: Three) -> None:
    cloud = at(us, before)
    with pytest.raises(DatabaseError):
        write(us, cloud, after)
    assert read(us, cloud) == before


def test_t4_a_cloud_is_born_with_one_id(us: People) -> None:
    born: list[dict[str, Any]] = [{"pending_external_id": SECOND}, {"retiring_external_id": SECOND}]
    for more in born:
        with pytest.raises(DatabaseError), transaction.atomic():
            factories.cloud(us.organization, CloudState.ACTIVE, **more)


def test_t2_no_id_is_ever_used_twice_by_whomever(us: People) -> None:
    """Not a pending one, not one that was given up, not one that was rotated out, not a deleted cloud's."""
    deleted = factories.cloud(us.organization, CloudState.DELETED, external_id="rdk-ext-gone")
    cloud = at(us, DONE)
    write(us, cloud, (SECOND, THIRD, None))
    write(us, cloud, DONE)
    stranger = factories.cloud(us.others, CloudState.ACTIVE)
    for used in (FIRST, SECOND, THIRD, deleted.external_id):
        with pytest.raises(DatabaseError), us.stranger.here, transaction.atomic():
            Cloud.objects.filter(pk=stranger.pk).update(pending_external_id=used)
        with pytest.raises(DatabaseError), transaction.atomic():
            factories.cloud(us.others, external_id=used)


@pytest.mark.parametrize("change", ["update", "delete", "replace"])
def test_t2_what_was_made_once_is_never_forgotten(us: People, change: str) -> None:
    cloud = at(us, QUIET)
    made = ExternalId.objects.filter(value=FIRST)

    def forget() -> Any:
        if change == "update":
            return made.update(value=SECOND)
        if change == "delete":
            return made.delete()
        verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
        columns = "(value, organization_id, cloud_id)"
        with connection.cursor() as cursor:
            return cursor.execute(
                f"{verb} INTO clouds_externalid {columns} VALUES (%s, %s, %s)",
                [FIRST, us.organization.id, "cld_other"],
            )

    with pytest.raises(DatabaseError), us.owner.here, transaction.atomic():
        forget()
    with us.owner.here:
        assert made.values_list("cloud_id", flat=True).get() == cloud.id


def test_a_stranger_s_ids_are_not_seen(us: People) -> None:
    factories.cloud(us.others, CloudState.ACTIVE, external_id=FIRST)
    with us.owner.here:
        seen = ExternalId.objects.filter(value=FIRST).exists()
    assert seen is (connection.vendor == "sqlite")
    with tenancy.everyone():
        assert ExternalId.objects.get(value=FIRST).organization_id == us.others.id


def test_t17_a_rotation_makes_no_second_id_while_an_old_one_has_to_go(us: People, now: datetime) -> None:
    cloud = at(us, SWAPPED)
    operation = factories.operation(cloud, Kind.ROTATE)
    with us.owner.here, transaction.atomic():
        kept = Cloud.objects.select_for_update().get(pk=cloud.pk)
        external_ids.begin(actor=us.owner.actor, cloud=kept, operation_id=operation.id, now=now)
    assert read(us, cloud) == SWAPPED
