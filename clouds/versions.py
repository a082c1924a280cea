"""What is remembered of a cloud's configuration: every version that was ever saved."""

from functools import partial
from typing import Any

from django.db import models

from iam.fields import CanonicalJSONField
from iam.ids import new_id
from iam.models import Organization


class ConfigVersion(models.Model):
    """One state of a cloud's configuration, from number 1 on. Rows are only added (a trigger holds it).

    Which one counts stands in the cloud's row, so that a cloud without a mapping costs no look-up.

    `source` is the YAML with its comments, `resolved` what each value stood for when it was saved.
    """

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "cfg"), editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    cloud = models.ForeignKey("clouds.Cloud", models.PROTECT, related_name="config_versions", db_index=False)
    number = models.PositiveIntegerField()
    document: "models.Field[Any, Any]" = CanonicalJSONField()
    source = models.TextField()
    resolved: "models.Field[Any, Any]" = CanonicalJSONField()
    author = models.CharField(max_length=254)
    author_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    reason = models.TextField(default="")
    restored_from = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cloud", "number"], name="config_version_number"),)

    def __str__(self) -> str:
        return f"{self.cloud_id} configuration {self.number}"
