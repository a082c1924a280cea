"""Reading a configuration's YAML: plain values and where each stands, and nothing that could surprise.

Only the events of a YAML 1.2 parser are used (https://yaml.org/spec/1.2.2/): nothing is constructed, so no
tag can name a class, and aliases, which can blow a small text up to gigabytes, are refused where they stand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from clouds.config.faults import ConfigFault, Fault

LONGEST_TEXT = 256 * 1024
DEEPEST = 10
LONGEST_NUMBER = 32
LONGEST_NAME = 200
MOST_VALUES = 20_000
"""Three for each of 2,000 rules, and some: parsing this many takes about half a second."""
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_ADVICE = {
    "\\t": "Indent with blanks instead of tabs.",
    "mapping values": "Put a text that holds a colon into quotes, or correct the indentation.",
    "expected ':'": "A name and its value are separated by a colon and a blank.",
    "block end": "Lines that belong together start in the same column.",
    "escape": "Write a backslash twice in double quotes, or use single quotes.",
    "quoted": "Close the quotes.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: line and column from 1, its first and last character, and how it is written.

    `style` is the quote or block sign of a scalar, `flow` or `block` for a list or object, else empty.
    `last_line` is the last line that holds some of it.
    """

    line: int
    column: int
    start: int
    end: int
    last_line: int
    style: str


@dataclass
class Reading:
    """The values of a YAML text, and each one's place by its path, as in `dataplane_iam_mapping.rules[2]`."""

    text: str
    data: Any = None
    places: dict[str, Place] = field(default_factory=dict)

    def place(self, path: str, position: int | None = None) -> tuple[int, int]:
        """Give line and column of a path, or of the nearest part above; `position` counts inside a text."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        found = self.places.get(path)
        if found is None:
            return 1, 1
        inside = (
            position if position and found.style in {"", "'", '"'} and found.last_line == found.line else 0
        )
        return found.line, found.column + inside + (1 if inside and found.style else 0)

    def fault(self, path: str, message: str, position: int | None = None) -> Fault:
        """Give a fault at a path, with its line and column."""
        return Fault(path, message, *self.place(path, position))


def tidy(text: str) -> str:
    """Give a text with the line ends of Unix, one at its end, and no byte-order mark."""
    plain = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n")
    return plain.rstrip("\n") + "\n" if plain.strip() else ""


def decoded(raw: bytes) -> str:
    """Give the text of bytes; raises ConfigFault where they are no UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        message = "This is not UTF-8. Save the file as UTF-8 and send it again."
        raise ConfigFault([Fault("", message, before.count(b"\n") + 1, column)]) from error


def read_yaml(text: str) -> Reading:
    """Read one YAML document; raises ConfigFault that names line and column, and the way to mend it."""
    if len(text) > LONGEST_TEXT:
        message = f"The YAML has more than {LONGEST_TEXT // 1024} KiB. Take out what is not needed."
        raise ConfigFault([Fault("", message)])
    builder = _Builder(Reading(text))
    try:
        builder.document()
    except MarkedYAMLError as error:
        raise _unreadable(error) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        message = "There is a character here that YAML does not allow. Take it out."
        raise ConfigFault([Fault("", message, line, column)]) from error
    except (YAMLError, ValueError, IndexError) as error:
        if isinstance(error, ConfigFault):
            raise
        raise ConfigFault([Fault("", f"The YAML cannot be read. {_ADVICE['block end']}", 1, 1)]) from error
    return builder.reading


def _unreadable(error: MarkedYAMLError) -> ConfigFault:
    mark = error.problem_mark or error.context_mark
    problem = f"{error.context or ''} {error.problem or ''}".lower()
    advice = next((text for sign, text in _ADVICE.items() if sign in problem), "")
    said = str(error.problem or error.context or "it ends too early").strip()
    message = (
        f"The YAML cannot be read here: {said}. {advice or 'Check indentation, colons and quotes before it.'}"
    )
    return ConfigFault([Fault("", message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)])


class _Builder:
    """Makes values out of a parser's events, one after another, and remembers where they stood."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(reading.text)
        self.documents = 0
        self.values = 0

    def document(self) -> None:
        """Read the only document of the text."""
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise _refused(
                        event.start_mark, "A second document starts here. Send one, without `---`."
                    )
            elif isinstance(event, NodeEvent):
                self.reading.data, _ = self.value(event, "", 1)

    def value(self, event: Any, path: str, depth: int) -> tuple[Any, int]:
        """Read a value; give it, and the last line that it stands on (from 1)."""
        self._refuse_magic(event, depth)
        self.values += 1
        if self.values > MOST_VALUES:
            raise _refused(event.start_mark, f"There are more than {MOST_VALUES} values. Take some out.")
        if isinstance(event, ScalarEvent):
            made: Any = _scalar(event)
            end = event.end_mark
        elif isinstance(event, SequenceStartEvent):
            made, end = self._list(path, depth)
        else:
            made, end = self._object(path, depth)
        start = event.start_mark
        last = self._last_line(start, end, flow=bool(getattr(event, "flow_style", False)))
        style = _style(event)
        self.reading.places[path] = Place(
            start.line + 1, start.column + 1, start.index, end.index, last, style
        )
        return made, last

    def _list(self, path: str, depth: int) -> tuple[list[Any], StringMark]:
        found: list[Any] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                return found, event.end_mark
            found.append(self.value(event, f"{path}[{len(found)}]", depth + 1)[0])
        raise ValueError(path)

    def _object(self, path: str, depth: int) -> tuple[dict[str, Any], StringMark]:
        found: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                return found, event.end_mark
            self._refuse_magic(event, depth)
            if not isinstance(event, ScalarEvent):
                raise _refused(event.start_mark, "A name must stand here, not a list or an object.")
            key = str(event.value)
            if len(key) > LONGEST_NAME:
                message = f"No name has more than {LONGEST_NAME} characters. Put a text into quotes."
                raise _refused(event.start_mark, message)
            if key in found:
                message = f"{key[:40]!r} stands here a second time. Remove one of the two."
                raise _refused(event.start_mark, message, f"{path}.{key}".strip("."))
            found[key] = self.value(next(self.events), f"{path}.{key}".strip("."), depth + 1)[0]
        raise ValueError(path)

    def _last_line(self, start: StringMark, end: StringMark, *, flow: bool) -> int:
        """Give the last line that holds some of the value: a block's end is marked where the next begins."""
        if flow:
            return int(end.line) + 1
        written = self.reading.text[start.index : end.index]
        lines = written.split("\n")
        while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        return int(start.line) + len(lines)

    @staticmethod
    def _refuse_magic(event: Any, depth: int) -> None:
        if isinstance(event, AliasEvent):
            raise _refused(event.start_mark, "Aliases (*) are not read. Write the value out.")
        if depth > DEEPEST:
            raise _refused(event.start_mark, f"This is nested deeper than {DEEPEST} levels. Make it flatter.")
        if getattr(event, "anchor", None):
            raise _refused(
                event.start_mark, "Anchors (&) are not read. Write the value out where it is used."
            )
        if _tagged(event):
            message = "A value that starts with ! needs quotes, as in selector: '!project'."
            raise _refused(event.start_mark, message)


def _tagged(event: Any) -> bool:
    return getattr(event, "tag", None) is not None


def _refused(mark: StringMark, message: str, path: str = "") -> ConfigFault:
    return ConfigFault([Fault(path, message, mark.line + 1, mark.column + 1)])


def _style(event: Any) -> str:
    if isinstance(event, ScalarEvent):
        return str(event.style or "")
    return "flow" if event.flow_style else "block"


def _scalar(event: ScalarEvent) -> Any:
    """Give a scalar's value by the core schema of YAML 1.2; everything quoted is text."""
    text = str(event.value)
    if event.style or len(text) > LONGEST_NUMBER:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
