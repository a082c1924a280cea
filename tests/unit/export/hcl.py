"""Reads as much of Terraform's language as the exports are written in, and refuses everything else."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r'(?P<skip>\s+|#[^\n]*)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>-?[0-9]+)'
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<mark>[{}\[\]()=,:.])"
)


@dataclass(frozen=True)
class Reference:
    """`aws_vpc.vpc.id`, or `local.zones[0]` with the number as last part."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    function: str
    argument: Any


@dataclass
class Block:
    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    blocks: "list[Block]" = field(default_factory=list)


def read(text: str) -> Block:
    """The file as one block. Raises ValueError where it is not what the exports may hold."""
    reader = _Reader(list(_tokens(text)))
    found = reader.body(Block("file", ()), "")
    assert not reader.waiting
    return found


def references(value: Any) -> Iterator[Reference]:
    """Every reference in attributes, however deep."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Call):
        yield from references(value.argument)
    elif isinstance(value, Block):
        for one in (*value.attributes.values(), *value.blocks):
            yield from references(one)
    elif isinstance(value, dict):
        for one in (*value, *value.values()):
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            message = f"not HCL: {text[place : place + 30]!r}"
            raise ValueError(message)
        place = found.end()
        if found.lastgroup != "skip":
            yield str(found.lastgroup), found[0]


def _text(raw: str) -> str:
    for mark in ("${", "%{"):
        if mark in raw.replace(mark[0] + mark, ""):
            message = f"a template stands in {raw}"
            raise ValueError(message)
    return str(json.loads(raw)).replace("$${", "${").replace("%%{", "%{")


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.waiting = tokens[::-1]

    def next(self, *wanted: str) -> str:
        kind, text = self.waiting.pop() if self.waiting else ("end", "")
        if text not in wanted and kind not in wanted:
            message = f"{text!r} stands where {' or '.join(wanted)} should"
            raise ValueError(message)
        return text

    def sees(self, *wanted: str) -> bool:
        return bool(self.waiting) and (self.waiting[-1][1] in wanted or self.waiting[-1][0] in wanted)

    def body(self, block: Block, end: str) -> Block:
        while self.waiting and not self.sees(end):
            name = self.next("name")
            if self.sees("="):
                self.next("=")
                assert name not in block.attributes, f"{name} is said twice"
                block.attributes[name] = self.expression()
                continue
            labels = []
            while self.sees("text"):
                labels.append(_text(self.next("text")))
            self.next("{")
            block.blocks.append(self.body(Block(name, tuple(labels)), "}"))
            self.next("}")
        return block

    def expression(self) -> Any:
        if self.sees("text"):
            return _text(self.next("text"))
        if self.sees("number"):
            return int(self.next("number"))
        if self.sees("["):
            return self.sequence()
        if self.sees("{"):
            return self.mapping()
        if self.sees("("):
            self.next("(")
            inner = self.expression()
            self.next(")")
            return inner
        return self.named()

    def named(self) -> Any:
        name = self.next("name")
        if name in {"true", "false"}:
            return name == "true"
        if self.sees("("):
            self.next("(")
            argument = self.expression()
            self.next(")")
            return Call(name, argument)
        parts = [name]
        while self.sees(".", "["):
            if self.next(".", "[") == ".":
                parts.append(self.next("name"))
            else:
                parts.append(self.next("number"))
                self.next("]")
        return Reference(tuple(parts))

    def sequence(self) -> list[Any]:
        found = []
        self.next("[")
        while not self.sees("]"):
            found.append(self.expression())
            if not self.sees("]"):
                self.next(",")
        self.next("]")
        return found

    def mapping(self) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        self.next("{")
        while not self.sees("}"):
            key = self.next("name") if self.sees("name") else self.expression()
            self.next("=", ":")
            assert key not in found, f"{key} is said twice"
            found[key] = self.expression()
            if self.sees(","):
                self.next(",")
        self.next("}")
        return found
