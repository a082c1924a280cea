"""What must hold for any selector, held against a second, plainer reading of the language."""

import re

from hypothesis import given, settings
from hypothesis import strategies as some

from iam.selectors import Selector, SelectorError, parse

Asked = tuple[str, str, tuple[str, ...]]
KEYS = ["x", "project", "in", "notin", "example.com/name"]
VALUES = ["", "a", "b", "in", "5", "05", "-5", "6", "a+b@example.com", "Zürich"]
ORDINARY = [value for value in VALUES if value != "-5"]

keys = some.sampled_from(KEYS)
one_value = some.sampled_from(ORDINARY).map(lambda value: (value,))
values = some.lists(some.sampled_from(ORDINARY), min_size=1).map(tuple)
bounds = some.sampled_from(["4", "5", "006"]).map(lambda value: (value,))
asked: some.SearchStrategy[Asked] = some.one_of(
    some.tuples(keys, some.sampled_from(["=", "==", "!="]), one_value),
    some.tuples(keys, some.sampled_from(["in", "notin"]), values),
    some.tuples(keys, some.sampled_from(["exists", "!"]), some.just(())),
    some.tuples(keys, some.sampled_from([">", "<"]), bounds),
)
labellings = some.dictionaries(some.sampled_from([*KEYS, "other"]), some.sampled_from(VALUES))


@some.composite
def written(draw: some.DrawFn) -> tuple[list[Asked], str]:
    """Requirements, and one of the many ways to write them."""
    requirements = draw(some.lists(asked, max_size=4))

    def gap() -> str:
        return draw(some.sampled_from(["", "", " ", "\t", "\n ", "\r"]))

    def text(one: Asked) -> str:
        key, operator, values = one
        if operator == "exists":
            return key
        if operator == "!":
            return f"!{gap()}{key}"
        if operator in {"in", "notin"}:
            listed = ",".join(f"{gap()}{value}{gap()}" for value in values)
            return f"{key} {gap()}{operator}{gap()}({listed})"
        return f"{key}{gap()}{operator}{gap()}{values[0]}"

    return requirements, ",".join(f"{gap()}{text(one)}{gap()}" for one in requirements)


def number(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", value) else None


def naive(requirements: list[Asked], labels: dict[str, str]) -> bool:
    """The meaning of a selector, word for word from the documentation."""
    for key, operator, values in requirements:
        has = key in labels
        if operator == "exists":
            met = has
        elif operator == "!":
            met = not has
        elif operator in {"in", "=", "=="}:
            met = has and labels[key] in values
        elif operator in {"notin", "!="}:
            met = not has or labels[key] not in values
        else:
            found = number(labels[key]) if has else None
            met = found is not None and (
                found > int(values[0]) if operator == ">" else found < int(values[0])
            )
        if not met:
            return False
    return True


@given(written(), labellings)
def test_a_selector_means_what_it_says(case: tuple[list[Asked], str], labels: dict[str, str]) -> None:
    requirements, text = case
    assert parse(text).matches(labels) is naive(requirements, labels)


@given(written())
def test_canonical_text_reads_back_to_the_same(case: tuple[list[Asked], str]) -> None:
    requirements, text = case
    selector = parse(text)
    assert parse(str(selector)) == selector
    assert str(parse(str(selector))) == str(selector)
    assert len(selector.requirements) == len(requirements)
    assert hash(parse(str(selector))) == hash(selector)


WS = r"[ \t\r\n]*"
WORD = r"[^ \t\r\n=!(),<>]+"
LIST = rf"\({WS}(?:{WORD})?{WS}(?:,{WS}(?:{WORD})?{WS})*\)"
REQUIREMENT = (
    rf"(?:!{WS}{WORD}|{WORD}[ \t\r\n]+(?:in|notin){WS}{LIST}|"
    rf"{WORD}{WS}(?:==|!=|=){WS}(?:{WORD})?|{WORD}{WS}[<>]{WS}[0-9]+|{WORD})"
)
GRAMMAR = re.compile(rf"{WS}(?:{REQUIREMENT}{WS}(?:,{WS}{REQUIREMENT}{WS})*)?")
SYMBOLS = ["=", "=", "!", "<", ">", ",", ",", "(", ")", " ", " ", "\n"]
WORDS = ["x", "in", "notin", "7"]


@settings(max_examples=1500)
@given(some.lists(some.sampled_from([*WORDS, *SYMBOLS]), max_size=12).map("".join))
def test_the_parser_accepts_what_the_grammar_accepts(text: str) -> None:
    """All words made of these are keys and values, so only the grammar is asked."""
    assert isinstance(understood(text), Selector) is (GRAMMAR.fullmatch(text) is not None)


def understood(text: str) -> Selector | SelectorError:
    try:
        return parse(text)
    except SelectorError as error:
        return error


odd_words = some.sampled_from([*WORDS, *SYMBOLS, "a@b", "é", "/", "-", "\0", "\ud800"])


@settings(max_examples=300)
@given(some.text(max_size=40) | some.lists(odd_words, max_size=14).map("".join))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    found = understood(text)
    if isinstance(found, SelectorError):
        assert 0 <= found.position <= len(text)
        assert found.message
    else:
        assert parse(str(found)) == found


@given(written(), some.integers(0, 200), some.sampled_from([" ", "\t", "\r", "\n"]))
def test_blanks_between_words_change_nothing(case: tuple[list[Asked], str], at: int, blank: str) -> None:
    _, text = case
    places = [0, len(text), *(found.start() for found in re.finditer(r"[ \t\r\n,()]", text))]
    place = places[at % len(places)]
    assert parse(text[:place] + blank + text[place:]) == parse(text)
