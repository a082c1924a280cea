"""The text forms of Terraform's language: values, blocks and what must be escaped.

Terraform language documentation, "Strings and templates" and "Style conventions".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INDENT = "  "


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that is written as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Json:
    """A document that a text holds."""

    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nested:
    """A block inside a block, once for each of these bodies."""

    bodies: Sequence[Mapping[str, Any]]


def block(head: str, body: Mapping[str, Any]) -> str:
    """Return a block: attributes of one line, then those of several, then the blocks inside."""
    texts = {name: expression(value) for name, value in body.items() if not isinstance(value, Nested)}
    inner = _aligned({name: text for name, text in texts.items() if "\n" not in text})
    inner += [f"{name} = {text}" for name, text in texts.items() if "\n" in text]
    nested = [
        block(name, one) for name, value in body.items() if isinstance(value, Nested) for one in value.bodies
    ]
    apart = [f"\n{one}" if inner or number else one for number, one in enumerate(nested)]
    return _lines(f"{head} {{", [*inner, *apart], "}")


def _aligned(texts: Mapping[str, str]) -> list[str]:
    """Lines whose equals signs stand one under the other."""
    width = max(map(len, texts), default=0)
    return [f"{name:<{width}} = {text}" for name, text in texts.items()]


def expression(value: Any) -> str:
    """Return a value as an expression; a text in it is never taken for a template."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Json):
        return f"jsonencode({literal(value.document)})"
    if isinstance(value, Mapping):
        return _lines("{", _aligned({_key(key): expression(item) for key, item in value.items()}), "}")
    if isinstance(value, list | tuple):
        return f"[{', '.join(expression(item) for item in value)}]"
    return literal(value)


def _key(key: Any) -> str:
    return f"({key.text})" if isinstance(key, Code) else literal(key)


def _lines(start: str, inner: Iterable[str], end: str) -> str:
    indented = (f"{INDENT}{line}" if line else "" for one in inner for line in one.split("\n"))
    return "\n".join([start, *indented, end])


def literal(value: Any) -> str:
    """Return JSON values as an expression: JSON is one already, but for the marks of templates."""
    text = json.dumps(value, indent=2, separators=(",", " : "))
    return text.replace("${", "$${").replace("%{", "%%{")
