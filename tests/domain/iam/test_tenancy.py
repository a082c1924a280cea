"""The second wall: a query that forgets the organization gets nothing. SQLite has none, and says so."""

from datetime import datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from iam import tenancy
from iam.ids import new_id
from iam.models import ApiToken, AuditEvent, Membership, Organization, ServiceAccount
from iam.permissions import MemberRole
from tests.people import People

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.services

# Tables of ours that belong to nobody's organization, each with its reason.
FREE = {
    "iam_user",  # a person may be in many organizations
    "iam_signinattempt",  # counted before anybody is known
    "clouds_workerbeat",  # workers serve all organizations
}
TENANT_MODELS = [
    model
    for model in apps.get_models()
    if model._meta.app_label in {"iam", "clouds"} and model._meta.db_table not in FREE
]


def walled() -> bool:
    return connection.vendor == "postgresql"


def scalar(query: str, *values: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


# Who may look at all organizations at once, and why.
SEES_EVERYONE = {
    "iam/access.py",  # signing in: whose token or session this is decides the organization
    "iam/invitations.py",  # the same for the secret of an invitation
    "iam/management/commands/audit_verify.py",  # an operator checks all logs
    "clouds/services/claims.py",  # a worker serves all organizations, and enters one with each claim
    "portal/firstowner.py",  # whether there is any organization yet
    "portal/metrics.py",  # counts for the operator
}


def test_only_named_places_look_at_all_organizations() -> None:
    rooms = [ROOT / room for room in ("iam", "clouds", "portal")]
    found = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in room.rglob("*.py")
        if "tenancy.everyone(" in path.read_text() or "import everyone" in path.read_text()
    }
    assert found == SEES_EVERYONE


def test_the_wall_says_whether_it_stands(db: None) -> None:
    assert tenancy.wall().startswith("ok") is walled()
    assert ("SQLite" in tenancy.wall()) is not walled()


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.db_table)
def test_every_table_of_a_tenant_is_behind_the_wall(db: None, model: type) -> None:
    table = model._meta.db_table  # type: ignore[attr-defined]
    if walled():
        forced = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = %s"
        assert scalar(forced, table) is True
        assert scalar("SELECT count(*) FROM pg_policies WHERE tablename = %s", table) == 1
    columns = {field.column for field in model._meta.local_fields}  # type: ignore[attr-defined]
    assert "organization_id" in columns or table == "iam_organization"


def test_a_query_that_forgets_the_organization_gets_nothing(us: People) -> None:
    seen = {model: model.objects.count() for model in (Organization, Membership, ApiToken, AuditEvent)}
    assert all((count == 0) is walled() for count in seen.values()), seen


def test_a_query_sees_the_organization_that_was_named_and_no_other(us: People) -> None:
    with tenancy.scope(us.others.id):
        organizations = set(Membership.objects.values_list("organization_id", flat=True))
    assert organizations == ({us.others.id} if walled() else {us.organization.id, us.others.id})
    with tenancy.everyone():
        assert Membership.objects.values("organization_id").distinct().count() == 2


def test_scopes_nest_and_end(us: People) -> None:
    def visible() -> set[str]:
        return set(Organization.objects.values_list("id", flat=True))

    everything = {us.organization.id, us.others.id}
    with tenancy.scope(us.organization.id):
        with tenancy.scope(us.others.id), tenancy.everyone():
            assert visible() == everything
        inner_failure(us)
        assert visible() == ({us.organization.id} if walled() else everything)
    assert visible() == (set() if walled() else everything)


def inner_failure(us: People) -> None:
    with pytest.raises(ZeroDivisionError), tenancy.scope(us.others.id):
        raise ZeroDivisionError


def test_a_row_cannot_be_put_into_another_organization(us: People, now: datetime) -> None:
    row = ServiceAccount(
        id=new_id("sa"), organization=us.others, name="spy", role=MemberRole.OWNER, created_at=now
    )

    def smuggle() -> None:
        with tenancy.scope(us.organization.id), transaction.atomic():
            row.save(force_insert=True)

    if walled():
        with pytest.raises(DatabaseError, match="row-level security"):
            smuggle()
    else:
        smuggle()
    with tenancy.everyone():
        assert ServiceAccount.objects.filter(name="spy").exists() is not walled()
