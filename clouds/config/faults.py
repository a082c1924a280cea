"""What is wrong with a configuration, and where: the path in the document and, in YAML, line and column."""

from collections.abc import Iterable
from dataclasses import dataclass

from iam.errors import Problem

MOST_TOLD = 5
MOST_FAULTS = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend. `path` is empty for the whole; `line` and `column` count from 1; 0: no place."""

    path: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Give the sentence, with its place first where there is one."""
        return f"Line {self.line}, column {self.column}: {self.message}" if self.line else self.message


class ConfigFault(ValueError):  # noqa: N818 - the word of the lists that it carries
    """A configuration that is refused; `faults` holds the first 200 things that are wrong."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        found = tuple(faults)
        more = len(found) - MOST_FAULTS
        rest = (Fault("", f"{more} more things are wrong. Mend these first."),) if more > 0 else ()
        self.faults = (*found[:MOST_FAULTS], *rest)
        super().__init__(" ".join(str(one) for one in self.faults))


def as_problem(error: ConfigFault, code: str = "config_invalid") -> Problem:
    """Return the refusal of what was sent: every fault by its field, and the first of them in a sentence."""
    fields: dict[str, list[str]] = {}
    for one in error.faults:
        fields.setdefault(one.path or "body", []).append(str(one))
    more = len(error.faults) - MOST_TOLD
    told = " ".join(f"{one.path}: {one}" if one.path else str(one) for one in error.faults[:MOST_TOLD])
    return Problem(code, f"{told} And {more} more." if more > 0 else told, fields=fields)
