"""Rows are seen by their own organization only (PostgreSQL); an external ID never changes (both databases)."""

from django.db import migrations

from iam.tenancy import POSTGRESQL, SQLITE, VendorSQL, enforce

TENANT_TABLES = (
    "clouds_cloud",
    "clouds_operation",
    "clouds_operationevent",
    "clouds_intent",
    "clouds_awscall",
    "clouds_cloudresource",
    "clouds_verification",
    "clouds_verificationfinding",
    "clouds_lane",
)
REFUSAL = "A cloud keeps its external ID and its organization for ever: this change is refused"
CHANGED = "NEW.external_id <> OLD.external_id OR NEW.organization_id <> OLD.organization_id"

POSTGRESQL_UP = [
    f"""
    CREATE FUNCTION raydock_keep_cloud_identity() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    f"""CREATE TRIGGER keep_identity BEFORE UPDATE ON clouds_cloud FOR EACH ROW WHEN ({CHANGED})
        EXECUTE FUNCTION raydock_keep_cloud_identity()""",
]
POSTGRESQL_DOWN = [
    "DROP TRIGGER keep_identity ON clouds_cloud",
    "DROP FUNCTION raydock_keep_cloud_identity()",
]
SQLITE_UP = [
    f"""CREATE TRIGGER clouds_cloud_keep_identity BEFORE UPDATE ON clouds_cloud WHEN {CHANGED}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
]
SQLITE_DOWN = ["DROP TRIGGER clouds_cloud_keep_identity"]


class Migration(migrations.Migration):
    dependencies = (("clouds", "0001_clouds"),)

    operations = (
        *enforce(TENANT_TABLES),
        VendorSQL(POSTGRESQL, POSTGRESQL_UP, POSTGRESQL_DOWN),
        VendorSQL(SQLITE, SQLITE_UP, SQLITE_DOWN),
    )
