"""Shapes that many replies share, as the API description shows them."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from iam.permissions import MemberRole

ROLES = [role.value for role in MemberRole]


class Shape(serializers.Serializer[Any]):
    """What a reply looks like. Replies are rendered by hand; a test holds them against their shapes."""


def names_of(shape: type[Shape]) -> tuple[str, ...]:
    """Return the names of a shape's fields."""
    return tuple(shape().get_fields())


def fields_of(row: object, names: Iterable[str]) -> dict[str, object]:
    """Return these attributes of a row: its reply, where they have the same names."""
    return {name: getattr(row, name) for name in names}


@cache
def list_of(shape: type[Shape]) -> Any:
    """Return the shape of a list: results, and the address of the next page or null."""
    return inline_serializer(
        f"{shape.__name__.removesuffix('Shape')}List",
        {"results": shape(many=True), "next": serializers.URLField(allow_null=True)},
    )


def role_field(**options: Any) -> serializers.ChoiceField:
    """Return a field that holds a member role."""
    return serializers.ChoiceField(choices=ROLES, **options)
