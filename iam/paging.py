"""Pages of a list by keyset: what follows a given row, as fast on page 10,000 as on page 1."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

from iam.errors import Problem

LIMIT = 50
MOST = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, newest first, and the cursor of the next page (empty on the last)."""

    results: list[T]
    next: str


def page(rows: QuerySet[Any, T], *, key: str = "id", cursor: str = "", limit: int = LIMIT) -> Page[T]:
    """Return the page that follows the cursor, ordered by `key` downwards.

    The key must be unique and in an index: an id (ids sort by time) or a sequence number. The cursor is the
    key of the last row seen; a cursor that cannot be one raises Problem("cursor_invalid").
    """
    size = max(1, min(limit, MOST))
    if cursor:
        rows = rows.filter(**{f"{key}__lt": _position(rows, key, cursor)})
    found = list(rows.order_by(f"-{key}")[: size + 1])
    more = len(found) > size
    return Page(found[:size], _value(found[size - 1], key) if more else "")


def _value(row: object, key: str) -> str:
    return str(row[key] if isinstance(row, dict) else getattr(row, key))


def _position(rows: QuerySet[Any, T], key: str, cursor: str) -> str | int:
    numeric = rows.model._meta.get_field(key).get_internal_type() != "CharField"  # noqa: SLF001 - its public name
    fits = cursor.isascii() and (cursor.isdigit() if numeric else cursor.replace("_", "").isalnum())
    if not fits or len(cursor) > (18 if numeric else 40):
        raise Problem(
            "cursor_invalid",
            "This is not a cursor of this list. Start again without one and follow `next`.",
            fields={"cursor": ["Not a cursor of this list."]},
        )
    return int(cursor) if numeric else cursor
