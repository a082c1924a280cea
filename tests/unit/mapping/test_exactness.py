"""What a lint says of reaching, held against trying every workload of a small world.

The world has a member of each class of values that these selectors can tell apart: all that they name,
numbers in each stretch, in two spellings, a text of no other kind, and absence. So "no workload here" means
"none at all".
"""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as some

from iam.mapping import Config, Known, Remark, lint, resolve
from tests.unit.mapping.writing import config

Labels = dict[str, str]

TYPES = ["job", "service", "workspace"]
PROJECTS = [None, "", "a", "b", "5", "05", "elsewhere", "-1", "2", "3", "003", "4", "005", "6", "06", "7"]
USERS = [None, "u", "v", "someone"]
WORLD: list[Labels] = [
    {
        label: value
        for label, value in zip(("workload-type", "project", "user"), one, strict=True)
        if value is not None
    }
    for one in product(TYPES, PROJECTS, USERS)
]

parts = some.one_of(
    some.sampled_from(["workload-type=job", "workload-type!=job", "workload-type in (job,service)",
                       "workload-type", "workload-type notin (job,service)", "workload-type in (batch,job)"]),
    some.sampled_from(["project=a", "project=5", "project=05", "project!=a", "project in (a,b)",
                       "project in (5,05,b)", "project notin (a,5)", "project", "!project", "project>3",
                       "project<3", "project>5",
                       "project<6", "project<5", "project in ()"]),
    some.sampled_from(["user=u", "user!=u", "user in (u,v)", "user notin (u,v)", "user", "!user", "user=v"]),
    some.sampled_from(["team", "team!=x"]),
)  # fmt: skip
selectors = some.lists(parts, max_size=3).map(",".join)
rules = some.lists(some.tuples(selectors, some.sampled_from(["r", "s"])), max_size=7)


def by_rule(read: Config) -> tuple[list[list[Labels]], list[list[Labels]], list[Labels]]:
    """For each rule the workloads that it matches, those that it decides, and those left to the default."""
    matched: list[list[Labels]] = [[] for _ in read.rules]
    decided: list[list[Labels]] = [[] for _ in read.rules]
    left: list[Labels] = []
    for labels in WORLD:
        hits = [at for at, rule in enumerate(read.rules) if rule.selector.matches(labels)]
        for at in hits:
            matched[at].append(labels)
        (decided[hits[0]] if hits else left).append(labels)
    return matched, decided, left


def about(found: tuple[Remark, ...], *codes: str) -> dict[int | None, Remark]:
    return {one.rule_index: one for one in found if one.code in codes}


@settings(max_examples=250, deadline=None)
@given(rules)
def test_what_is_never_reached_is_exactly_what_no_workload_reaches(written: list[tuple[str, str]]) -> None:
    read = config(*written)
    matched, decided, left = by_rule(read)
    found = lint(read)
    places = range(len(read.rules))
    never = {at for at in places if not matched[at]}
    same = {at for at in places if matched[at] and matched[at] in matched[:at]}
    behind_one = {
        at for at in places if matched[at] and any(covers(matched[one], matched[at]) for one in range(at))
    }
    unreached = {at for at in places if not decided[at]}
    assert about(found, "never-matches").keys() == never
    assert about(found, "duplicate").keys() == same
    assert about(found, "never-matches", "duplicate", "shadowed", "shadowed-by-several").keys() == unreached
    # Behind a rule that is itself behind others, the others may be named instead.
    assert about(found, "shadowed").keys() <= behind_one - same
    assert (None in about(found, "default-unreached")) is (not left)


@settings(max_examples=250, deadline=None)
@given(rules)
def test_the_rules_named_hide_it_and_the_example_would_have_matched(written: list[tuple[str, str]]) -> None:
    read = config(*written)
    matched, _, _ = by_rule(read)
    for at, one in about(lint(read), "duplicate", "shadowed", "shadowed-by-several").items():
        assert at is not None
        assert all(other < at for other in one.others)
        assert all(any(labels in matched[other] for other in one.others) for labels in matched[at])
        assert (one.other_index is None) is (one.code == "shadowed-by-several")
        assert one.witness is not None
        assert read.rules[at].selector.matches(one.witness)
        assert any(read.rules[other].selector.matches(one.witness) for other in one.others)
        if one.code == "shadowed-by-several":
            assert needed(matched, at, one.others)


@settings(max_examples=250, deadline=None)
@given(rules)
def test_overlaps_are_exactly_those_of_reached_rules_with_other_roles(written: list[tuple[str, str]]) -> None:
    read = config(*written)
    matched, decided, _ = by_rule(read)
    found = lint(read)
    for code in ("overlap", "exception"):
        expected = {}
        for at in range(len(read.rules)):
            others = tuple(
                one for one in range(at)
                if decided[at] and decided[one] and read.rules[one].value != read.rules[at].value
                and any(labels in matched[at] for labels in matched[one])
                and covers(matched[at], matched[one]) is (code == "exception")
            )  # fmt: skip
            if others:
                expected[at] = others
        named = about(found, code)
        assert {at: one.others for at, one in named.items()} == expected
        for place, remark in named.items():
            assert place is not None
            assert remark.other_index is not None
            assert remark.witness is not None
            assert read.rules[place].selector.matches(remark.witness)
            assert read.rules[remark.other_index].selector.matches(remark.witness)
            assert f"rule {(resolve(read, remark.witness).rule_index or 0) + 1} decides" in remark.fix


@settings(max_examples=150, deadline=None)
@given(rules, some.sets(some.sampled_from(["workload-type", "project", "user"])))
def test_labels_that_are_always_there_narrow_the_world(
    written: list[tuple[str, str]], present: set[str]
) -> None:
    read = config(*written)
    world = [labels for labels in WORLD if present <= labels.keys()]
    if "workload-type" not in present:
        world += [{name: text for name, text in one.items() if name != "workload-type"} for one in world]
    first = [
        next((at for at, rule in enumerate(read.rules) if rule.selector.matches(one)), None) for one in world
    ]
    found = lint(read, Known(always_present=frozenset(present)))
    unreached = about(found, "never-matches", "duplicate", "shadowed", "shadowed-by-several").keys()
    assert unreached == set(range(len(read.rules))) - set(first)
    assert (None in about(found, "default-unreached")) is (None not in first)


def covers(wide: list[Labels], narrow: list[Labels]) -> bool:
    return all(labels in wide for labels in narrow)


def needed(matched: list[list[Labels]], at: int, others: tuple[int, ...]) -> bool:
    """Say whether no rule could be left out of those that cover one together."""
    return all(
        any(all(labels not in matched[one] for one in others if one != left_out) for labels in matched[at])
        for left_out in others
    )
