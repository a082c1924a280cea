"""What changed between two versions of a configuration: rule by rule, and as lines of YAML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clouds.config.matching import Matcher, line_difference
from clouds.config.writing import MAPPING

What = Literal["added", "removed", "changed", "moved"]
_WORDS = ("mode", "default_rule", "instance_profile_override")


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: `path` in the newer version (in the older one for what was removed), before and after."""

    path: str
    what: What
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"path": self.path, "what": self.what, "before": self.before, "after": self.after}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare two documents by meaning: order of rules counts, comments and spelling of YAML do not."""
    old, new = before.get(MAPPING, {}), after.get(MAPPING, {})
    return (*_words(old, new), *_rules(old.get("rules", []), new.get("rules", [])))


def text_difference(before: str, after: str, *, names: tuple[str, str]) -> str:
    """Compare two YAML texts line by line, as `diff -u` prints it; empty where they are the same."""
    lines = line_difference(before.splitlines(), after.splitlines(), names=names)
    return "".join(f"{line}\n" for line in lines)


def _words(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key in _WORDS:
        if old.get(key) != new.get(key):
            what: What = "added" if key not in old else "removed" if key not in new else "changed"
            yield Difference(f"{MAPPING}.{key}", what, old.get(key), new.get(key))


def _rules(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """Rules that went from one place and appear at another moved; what stands in a gap was changed."""
    matcher = Matcher([_key(rule) for rule in old], [_key(rule) for rule in new])
    gaps = [found for found in matcher.get_opcodes() if found[0] != "equal"]
    gone = {_key(old[at]): at for _, i1, i2, _, _ in gaps for at in range(i1, i2)}
    come = {_key(new[at]): at for _, _, _, j1, j2 in gaps for at in range(j1, j2)}
    moved = gone.keys() & come.keys()
    for _, i1, i2, j1, j2 in gaps:
        left = [at for at in range(i1, i2) if _key(old[at]) not in moved]
        right = [at for at in range(j1, j2) if _key(new[at]) not in moved]
        yield from _gap(old, new, left, right)
        for at in range(j1, j2):
            if _key(new[at]) in moved:
                came_from = f"rules[{gone[_key(new[at])]}]"
                yield Difference(f"{MAPPING}.rules[{at}]", "moved", came_from, f"rules[{at}]")


def _gap(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], left: list[int], right: list[int]
) -> Iterator[Difference]:
    both = min(len(left), len(right))
    for a, b in zip(left[:both], right[:both], strict=True):
        yield Difference(f"{MAPPING}.rules[{b}]", "changed", dict(old[a]), dict(new[b]))
    for at in left[both:]:
        yield Difference(f"{MAPPING}.rules[{at}]", "removed", dict(old[at]), None)
    for at in right[both:]:
        yield Difference(f"{MAPPING}.rules[{at}]", "added", None, dict(new[at]))


def _key(rule: Mapping[str, Any]) -> tuple[str, str]:
    return str(rule.get("selector")), str(rule.get("value"))
