"""Writing a configuration's YAML: anew, or into a text that people have commented, whose comments stay.

A rule keeps the comment lines right above it when it moves; a rule that goes takes them along.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clouds.config.faults import ConfigFault
from clouds.config.reading import Place, Reading, read_yaml

MAPPING = "dataplane_iam_mapping"
RULES = f"{MAPPING}.rules"
OPTIONAL = "compute_stack"
_WORDS = ("mode", "default_rule")
_STEP = "  "
_LONGEST_PLAIN = 400
_LIKE_OTHERS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def write_yaml(document: Mapping[str, Any]) -> str:
    """Give a configuration as YAML, in the order and indentation of the examples in the documentation."""
    return "\n".join(_lines(document, "")) + "\n"


def rewrite(source: str, document: Mapping[str, Any]) -> str:
    """Give the source changed so that it says what the document says, with its comments where they belong.

    What cannot be changed in place (rules in flow style, say) is written anew: the result always reads back
    as the document.
    """
    try:
        reading = read_yaml(source)
    except ConfigFault:
        return write_yaml(document)
    if not isinstance(reading.data, Mapping):
        return write_yaml(document)
    wanted = {key: value for key, value in document.items() if key != OPTIONAL or key in reading.data}
    if reading.data == wanted:
        return source
    for change in (_changed, _mapping_anew):
        changed = change(reading, wanted)
        if changed and _says(changed, wanted):
            return changed
    return write_yaml(document)


def _mapping_anew(reading: Reading, document: Mapping[str, Any]) -> str:
    """Give the text with its mapping written anew, and all that stands around it as it was."""
    place = reading.places.get(MAPPING)
    lines = reading.text.split("\n")
    if place is None or MAPPING not in document:
        return ""
    first = next((at for at in range(place.line, 0, -1) if lines[at - 1].startswith(MAPPING)), 0)
    if first:
        lines[first - 1 : place.last_line] = _lines({MAPPING: document[MAPPING]}, "")
    return "\n".join(lines)


def _says(text: str, document: Mapping[str, Any]) -> bool:
    try:
        return bool(read_yaml(text).data == document)
    except ConfigFault:
        return False


def _lines(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, inner in value.items():
        name = f"{indent}{scalar(key)}:"
        if isinstance(inner, Mapping) and inner:
            yield name
            yield from _lines(inner, indent + _STEP)
        elif isinstance(inner, list | tuple) and inner:
            yield name
            for item in inner:
                yield from _item(item, indent + _STEP)
        else:
            yield f"{name} {_leaf(inner)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        lines = list(_lines(item, f"{indent}{_STEP}"))
        yield f"{indent}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield f"{indent}- {_leaf(item)}"


def _leaf(value: Any) -> str:
    if isinstance(value, str):
        return scalar(value)
    return json.dumps(value) if value or not isinstance(value, Mapping | list | tuple) else _empty(value)


def _empty(value: Any) -> str:
    return "{}" if isinstance(value, Mapping) else "[]"


def scalar(text: str) -> str:
    """Give a text as YAML: plain where that reads back as the same text, else in double quotes as in JSON."""
    return text if _is_plain(text) else f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    """Give a letter inside double quotes; beyond the first plane YAML and JSON escape differently."""
    return json.dumps(letter)[1:-1] if letter <= "\uffff" else f"\\U{ord(letter):08x}"


def _is_plain(text: str) -> bool:
    if not text or len(text) > _LONGEST_PLAIN or not text.isprintable() or not text[0].isalnum():
        return False
    if ": " in text or " #" in text or text.endswith((":", " ")):
        return False
    # What looks like a number, a truth or nothing, to YAML 1.1 too, is none of these in quotes only.
    return text.lower() not in _LIKE_OTHERS and not text[0].isdigit()


def _changed(reading: Reading, document: Mapping[str, Any]) -> str:
    """Give the text with rules, words and override changed in place; empty where it cannot be."""
    old, new = _mapping(reading.data), _mapping(document)
    rules = reading.places.get(RULES)
    if not old or not new or rules is None or rules.style != "block" or not new.get("rules"):
        return ""
    lines = reading.text.split("\n")
    # From the end of the text to its start, so that line numbers before a change still hold.
    edits = [(rules, _rules(reading, lines, new["rules"]))]
    edits += [edit for key in _WORDS if (edit := _word(reading, lines, old, new, key))]
    for place, made in sorted(edits, key=lambda edit: edit[0].line, reverse=True):
        first = _first_line(reading, lines, place)
        lines[first - 1 : place.last_line] = made
    return _with_override("\n".join(lines), old, new)


def _mapping(data: Any) -> Mapping[str, Any]:
    found = data.get(MAPPING) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _first_line(reading: Reading, lines: Sequence[str], place: Place) -> int:
    """Give the first line of what is replaced: for the rules, that of the comments above the first."""
    if place is not reading.places.get(RULES):
        return place.line
    return _above(lines, place.line, 0)


def _above(lines: Sequence[str], line: int, floor: int) -> int:
    """Give the first of the comment and blank lines right above a line (both from 1), not above `floor`."""
    while line - 1 > floor and (not lines[line - 2].strip() or lines[line - 2].lstrip().startswith("#")):
        line -= 1
    return line


def _rules(reading: Reading, lines: Sequence[str], wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give the lines of the rules as wanted: each takes the lines of the old rule that it came from."""
    known = reading.data[MAPPING]["rules"]
    blocks, floor = [], 0
    for at in range(len(known)):
        place = reading.places[f"{RULES}[{at}]"]
        blocks.append((_above(lines, place.line, floor), place.last_line))
        floor = place.last_line
    indent = _STEP * 2
    if known:
        first = lines[reading.places[f"{RULES}[0]"].line - 1]
        indent = first[: len(first) - len(first.lstrip())]
    made: list[str] = []
    for rule, came_from in zip(wanted, _origins(known, wanted), strict=True):
        if came_from is None:
            made += _item(rule, indent)
            continue
        start, end = blocks[came_from]
        block = list(lines[start - 1 : end])
        made += block if known[came_from] == rule else _renewed(reading, block, start, came_from, rule)
    return made


def _origins(known: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Say for each wanted rule which old one it is: the same, else one half alike, else the one in place."""
    left = set(range(len(known)))
    signs = [_signs(rule) for rule in known]
    found: list[int | None] = [None] * len(wanted)
    for choice in range(3):
        by_sign: dict[str, list[int]] = {}
        for at in sorted(left, reverse=True):
            by_sign.setdefault(signs[at][choice], []).append(at)
        for place, rule in enumerate(wanted):
            same = by_sign.get(_signs(rule)[choice]) if found[place] is None else None
            if same:
                at = same.pop()
                found[place] = at
                left.discard(at)
    if len(known) == len(wanted):
        found = [place if at is None and place in left else at for place, at in enumerate(found)]
    return found


def _signs(rule: Any) -> tuple[str, str, str]:
    """Give what tells a rule: all of it, its selector, its value."""
    fields = rule if isinstance(rule, Mapping) else {}
    whole, selector, value = (rule, [fields.get("selector")], {"value": fields.get("value")})
    return json.dumps(whole, sort_keys=True), json.dumps(selector), json.dumps(value)


def _renewed(reading: Reading, block: list[str], start: int, at: int, rule: Mapping[str, Any]) -> list[str]:
    """Give a rule's lines with its texts changed, its comments kept; written anew where they are odd."""
    places = {key: reading.places.get(f"{RULES}[{at}].{key}") for key in rule}
    indent = block[-1][: len(block[-1]) - len(block[-1].lstrip())]
    for key, place in places.items():
        if place is None or place.line != place.last_line or place.style in {"|", ">", "flow", "block"}:
            head = [line for line in block if line.lstrip().startswith("#")]
            return [*head, *_item(rule, indent.removesuffix(_STEP))]
        line = place.line - start
        width = place.end - place.start
        before, after = block[line][: place.column - 1], block[line][place.column - 1 + width :]
        block[line] = f"{before}{_leaf(rule[key])}{after}"
    return block


def _word(
    reading: Reading, lines: Sequence[str], old: Mapping[str, Any], new: Mapping[str, Any], key: str
) -> tuple[Place, list[str]] | None:
    """Give the line of `mode` or `default_rule` with its word changed, None where it stays."""
    place = reading.places.get(f"{MAPPING}.{key}")
    if old.get(key) == new.get(key) or place is None:
        return None
    line, width = lines[place.line - 1], place.end - place.start
    changed = f"{line[: place.column - 1]}{_leaf(new[key])}{line[place.column - 1 + width :]}"
    return place, [changed]


def _with_override(text: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Give the text with `instance_profile_override` as wanted: taken out where it was, put in at the end."""
    key = "instance_profile_override"
    if old.get(key) == new.get(key):
        return text
    lines = text.rstrip("\n").split("\n")
    if key in old:
        place = read_yaml(text).places[f"{MAPPING}.{key}"]
        first = next(at for at in range(place.line, 0, -1) if lines[at - 1].lstrip().startswith(key))
        del lines[first - 1 : place.last_line]
    if key in new:
        end = read_yaml("\n".join(lines)).places[MAPPING]
        lines[end.last_line : end.last_line] = list(_lines({key: new[key]}, " " * (end.column - 1)))
    return "\n".join(lines) + "\n"
