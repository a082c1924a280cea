"""What a request may say: known fields of the right kind, and never an external ID."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from iam.errors import Problem
from iam.paging import MOST

DEEPEST = 12
MOST_NAMED = 50


class Body(serializers.Serializer[Any]):
    """The fields of a request's body or query. Fields that are not declared are refused, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in data if name not in self.fields)
            if unknown:
                known = ", ".join(self.fields) or "none"
                told = unknown[:MOST_NAMED]
                raise ValidationError({name: [f"There is no such field here: {known}."] for name in told})
        return super().to_internal_value(data)


class Nothing(Body):
    """A body or query without fields."""


class Because(Body):
    """A body that may say why."""

    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="Why, for the audit log."
    )


class Paging(Body):
    """The query of a list."""

    cursor = serializers.CharField(required=False, max_length=64, help_text="From `next` of the page before.")
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, help_text="Rows on a page, 50 by default."
    )


def refuse_external_id(data: object) -> None:
    """Raise Problem("external_id_not_accepted") where any key, however deep, names an external ID."""
    if any(_letters(key) == "externalid" for key, _ in _walk(data)):
        raise Problem(
            "external_id_not_accepted",
            "External IDs are made by Raydock, one for each cloud, and never taken from a request: "
            "a chosen one could open a role to the wrong organization. Leave the field out.",
            fields={"external_id": ["Not accepted."]},
        )


def refuse_unstorable(data: object) -> None:
    """Raise Problem("text_invalid") for text that no database stores: NUL and halves of characters."""
    for key, value in _walk(data):
        for text in (key, value):
            if isinstance(text, str) and any(
                letter == "\0" or "\ud800" <= letter < "\ue000" for letter in text
            ):
                raise Problem(
                    "text_invalid",
                    "Some text holds a character that cannot be stored (NUL or half of a surrogate pair). "
                    "Send text as valid Unicode without NUL.",
                )


def _letters(key: object) -> str:
    return "".join(letter for letter in str(key) if letter.isalnum()).lower()


def _walk(data: object, depth: int = 0) -> Iterator[tuple[object, object]]:
    """Yield each key and value; items of lists have the key ""."""
    if depth > DEEPEST:
        raise Problem(
            "body_too_deep", f"The body is nested deeper than {DEEPEST} levels. Send a flatter one."
        )
    if isinstance(data, Mapping):
        pairs: Iterator[tuple[object, object]] = iter(data.items())
    elif isinstance(data, list):
        pairs = (("", item) for item in data)
    else:
        yield "", data
        return
    for key, value in pairs:
        yield key, value
        yield from _walk(value, depth + 1)
