"""Turns frozen dataclasses into plain JSON values and back.

Specs and facts are stored in JSON columns. A row that an older release wrote must still be readable,
so unknown keys are left out and missing keys take the field's default.
"""

import dataclasses
import types
import typing
from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """The JSON form of a dataclass, a container or a single value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def from_plain(kind: type[T], value: Mapping[str, Any]) -> T:
    """The dataclass `kind` filled from the mapping that `to_plain` made."""
    hints = _hints(cast("Hashable", kind))
    return kind(**{name: _decode(hint, value[name]) for name, hint in hints.items() if name in value})


@lru_cache(maxsize=128)
def _hints(kind: Hashable) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cast("type[Any]", kind))}
    return {name: hint for name, hint in typing.get_type_hints(kind).items() if name in names}


def _decode(hint: Any, value: Any) -> Any:
    if value is None or hint is Any:
        return value
    if typing.get_origin(hint) is not None:
        return _decode_container(typing.get_origin(hint), typing.get_args(hint), value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    return from_plain(hint, value) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else value


def _decode_container(origin: Any, arguments: tuple[Any, ...], value: Any) -> Any:
    if origin in {types.UnionType, typing.Union}:
        return _decode(next(item for item in arguments if item is not type(None)), value)
    if origin is tuple:
        return tuple(_decode(arguments[0], item) for item in value)
    if origin is Mapping:
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    return value
