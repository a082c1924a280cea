"""What templates of the console may write beyond Django's own tags: icons, times, states, numbers, JSON."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from portal.web import words
from portal.web.progress import OPEN

register = template.Library()
NOTHING = "\N{EN DASH}"


@lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    """Draw an icon once per process: parsing the SVG for each table row would cost more than the row."""
    drawn = lucide(name, size=size, aria_hidden="true", focusable="false", **({"class": css} if css else {}))
    return mark_safe(drawn)  # noqa: S308 - the SVG comes out of the icon package, no person's text is in it


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """Return a Lucide icon as inline SVG, hidden from screen readers: the words beside it say the same."""
    return _icon(str(name), int(size), str(css))


def age(moment: datetime, now: datetime) -> str:
    """Say how long ago something was, in the shortest words a person would use."""
    seconds = (now - moment).total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return "just now"
    if seconds < 3600:  # noqa: PLR2004 - an hour
        return f"{int(seconds // 60)} min ago"
    if seconds < 86_400:  # noqa: PLR2004 - a day
        return f"{int(seconds // 3600)} h ago"
    if seconds < 30 * 86_400:
        days = int(seconds // 86_400)
        return f"{days} day{'' if days == 1 else 's'} ago"
    return f"{moment.day} {moment:%b %Y}"


@register.simple_tag
def ago(moment: datetime | None, missing: str = NOTHING) -> str:
    """Return a relative time with the exact UTC time on hover."""
    if moment is None:
        return missing
    return format_html(
        '<time datetime="{}" title="{} UTC" data-relative>{}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        age(moment, timezone.now()),
    )


@register.simple_tag
def at(moment: datetime | None, missing: str = NOTHING) -> str:
    """Return an exact UTC time, for lists that are held against other logs."""
    if moment is None:
        return missing
    return format_html(
        '<time datetime="{}">{}</time>', moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    )


@register.simple_tag
def clock(moment: datetime | None) -> str:
    """Return the time of day, with the exact UTC time on hover."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
        moment.strftime("%H:%M:%S"),
    )


@register.filter
def took(span: timedelta | None) -> str:
    """Say how long something took: "0.4 s", "12 s", "3 min 05 s"."""
    if span is None:
        return ""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth is worth saying
        return f"{seconds:.1f} s"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


@register.filter
def state(value: str) -> words.Word:
    """Return the label, tone and icon for a state, a result or an outcome."""
    return words.word(value)


@register.filter
def kind(value: str) -> str:
    """Return what an operation kind is called."""
    return words.OPERATION_KINDS.get(str(value), str(value))


@register.filter
def pretty(value: Any) -> str:
    """Return a JSON value indented by two, as AWS prints its documents."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def get(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """Return a value by a key that is itself a variable; nothing where there is none."""
    return (mapping or {}).get(key, "")


@register.filter
def initials(text: str) -> str:
    """Return one or two letters for a monogram."""
    parts = [part for part in str(text).replace("@", " ").replace(".", " ").split() if part]
    return "".join(part[0] for part in parts[:2]).upper() or "?"


@register.filter
def is_open(operation: Any) -> bool:
    """Say whether an operation still runs, waits or stands in the queue."""
    return bool(operation) and str(operation.state) in OPEN


@register.filter
def duration(operation: Any) -> str:
    """Return how long an operation took, or has taken so far."""
    if operation.started_at is None:
        return NOTHING
    return took((operation.finished_at or timezone.now()) - operation.started_at)


@register.filter
def brief(subject: str) -> str:
    """Return the part of an ARN that tells things apart: what comes after service, region and account."""
    return str(subject).split(":", 5)[-1] if str(subject).startswith("arn:") else str(subject)
