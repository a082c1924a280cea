"""How JSON is kept where its very bytes matter: as canonical text, which no database rewrites."""

import json
from typing import Any

from django.db import models

from iam.canonical import canonical


class CanonicalJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON value stored as canonical text.

    PostgreSQL's jsonb rewrites numbers and refuses some characters, so a hash over it would not hold.
    """

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """Return the value as Python data."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: object) -> str | None:
        """Return the text to store."""
        return None if value is None else canonical(value)
