"""How long a mapping takes to resolve and to lint as its rules grow, and how the cost grows with them.

Each mapping mixes what people write: one user, one project with a type, lists, exclusions. The lint's second
figure is for rules that are hard to reason about: each excludes something, so that all overlap with all.
"""

import random
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from iam.mapping import Compiled, Config, DefaultRule, Mode, Rule, compiled, lint
from iam.selectors import parse
from tests.benchmarks.figures import Figure

RESOLVED, LINTED = (10, 100, 1000), (100, 300, 1000)
AT_MOST_RESOLVE, AT_MOST_LINT = 0.001, 2.0
TYPES = ("job", "service", "workspace")
SEED = 3
Labels = dict[str, str]


def run() -> list[Figure]:
    """Medians of several passes; compiling is counted apart, since it happens once for each version."""
    return [*resolving(), *linting()]


def resolving() -> list[Figure]:
    """One resolve, with and without its trace, on workloads that match early, late and never."""
    silent: list[float] = []
    told: list[float] = []
    ready_in: list[float] = []
    for count in RESOLVED:
        made = mapping(count, usual)
        ready_in.append(seconds(partial(compiled, made)))
        ready, asked = compiled(made), workloads(count)
        silent.append(seconds(partial(decide, ready, asked)) / len(asked))
        told.append(seconds(partial(explain, ready, asked)) / len(asked))
    return [
        figure("resolve", RESOLVED, silent, AT_MOST_RESOLVE),
        figure("resolve with the trace of every rule", RESOLVED, told, AT_MOST_RESOLVE),
        figure("compile, once per version", RESOLVED, ready_in, None),
    ]


def linting() -> list[Figure]:
    """One lint of usual rules and of rules that all overlap."""
    figures = []
    for name, write in (("usual rules", usual), ("rules that all overlap", excluding)):
        made = [mapping(count, write) for count in LINTED]
        taken = [seconds(partial(lint, one), passes=3) for one in made]
        figures.append(figure(f"lint, {name}", LINTED, taken, AT_MOST_LINT))
    return figures


def figure(what: str, counts: tuple[int, ...], taken: list[float], most: float | None) -> Figure:
    """The cost at each number of rules, and how many times dearer ten times the rules are."""
    each = ", ".join(f"{count}: {spent * 1000:.3g} ms" for count, spent in zip(counts, taken, strict=True))
    growth = taken[-1] / taken[0]
    text = f"{each} (x{counts[-1] // counts[0]} rules: x{growth:.1f})"
    aim = "" if most is None else f"<= {most * 1000:g} ms at {counts[-1]}"
    return Figure("mapping", what, text, aim, None if most is None else taken[-1] <= most)


def seconds(work: Callable[[], object], *, passes: int = 7) -> float:
    """The median time of one pass."""
    taken = []
    for _ in range(passes):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def decide(ready: Compiled, asked: list[Labels]) -> None:
    """Resolve each workload."""
    for labels in asked:
        ready.resolve(labels)


def explain(ready: Compiled, asked: list[Labels]) -> None:
    """Resolve each workload and write its trace."""
    for labels in asked:
        assert len(ready.resolve(labels).trace) == len(ready.config.rules) + 1


def mapping(count: int, write: Callable[[random.Random, int], str]) -> Config:
    """A mapping of so many rules."""
    chance = random.Random(SEED)
    texts = [write(chance, number) for number in range(count)]
    rules = (Rule(parse(text), f"role-{chance.randrange(20)}", text) for text in texts)
    return Config(Mode.CUSTOMER_MANAGED, tuple(rules), DefaultRule.FAIL)


def usual(chance: random.Random, number: int) -> str:
    """A rule as people write them."""
    user, project = f"user=user{number}@example.com", f"project=project-{chance.randrange(200)}"
    kinds = f"workload-type in ({','.join(chance.sample(TYPES, chance.randrange(1, 3)))})"
    team = ",".join(f"user{chance.randrange(500)}@example.com" for _ in range(8))
    forms = (
        f"{user},{project}", f"{kinds},{user}", f"{kinds},{project}", f"{project},user in ({team})",
        f"{project},user notin (user{chance.randrange(300)}@example.com)",
    )  # fmt: skip
    return forms[number % len(forms)]


def excluding(chance: random.Random, number: int) -> str:
    """A rule that holds nearly everything."""
    return f"project!=project-{number},user!=user{number}@example.com,workload-type={chance.choice(TYPES)}"


def workloads(count: int) -> list[Labels]:
    """Workloads whose user has a rule (early, late), and some that nothing matches."""
    chance = random.Random(SEED)
    return [
        {
            "workload-type": TYPES[number % 3],
            "project": f"project-{chance.randrange(220)}",
            "user": f"user{chance.randrange(count * 2)}@example.com",
        }
        for number in range(100)
    ]
