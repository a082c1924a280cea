"""Where the language is wider than Kubernetes, and where an error says that it fails."""

import pytest

from iam.labels import LONGEST_VALUE
from iam.selectors import SelectorError, parse

ADDRESSES = [
    "user1@example.com",
    "first.last+ray@sub.example.co.uk",
    "_svc-batch@example.com",
    "o'brien@example.com",
    "#&$%*/?^`{|}~.x@example.com",
    "-@example.com",
    "jörg@exämple.de",
    "用户@例子.广告",
    f"{'l' * 64}@{'d' * 251}.com",
]
NAMES = ["c++", "team/blue", "Zürich", "v" * 64, "v" * LONGEST_VALUE, "50%", "rock&roll", "~"]


@pytest.mark.parametrize("value", [*ADDRESSES, *NAMES])
@pytest.mark.parametrize("form", ["user={}", "user=={}", "user in ({})", "user in (a, {} ,b)"])
def test_an_address_or_a_name_may_be_a_value(form: str, value: str) -> None:
    selector = parse(form.format(value))
    assert selector.matches({"user": value})
    assert not selector.matches({"user": value + "x"})
    assert parse(str(selector)) == selector


@pytest.mark.parametrize("value", ADDRESSES)
def test_an_address_is_no_key_and_no_number(value: str) -> None:
    for text in (value, f"!{value}", f"{value}=a", f"x>{value}"):
        with pytest.raises(SelectorError):
            parse(text)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("x,", 2, "a label's name"),
        ("x=a, ", 5, "a label's name"),
        (" ,x", 1, "a label's name"),
        ("x=a y=b", 4, "comma"),
        ("x=a||y=b", 6, "comma"),
        ("!user=a", 5, "user notin (value)"),
        ("x nott in (y)", 2, "in (…)"),
        ("x in a", 5, "a list such as (a,b)"),
        ("x in (a b)", 8, "')'"),
        ("x in (a, b", 10, "')'"),
        ("x in (a,=)", 8, "')'"),
        ("user in (a@b.c, ok, a:b)", 21, "':'"),
        ("x=-a", 2, "take '-' away"),
        ("x = a.", 5, "take '.' away"),
        ("-x=a", 0, "letters, digits"),
        ("my key=a", 3, "not 'key'"),
        ("pro*ject=a", 3, "letters, digits"),
        ("Ex.com/a=b", 0, "small letters"),
        ("ex.com/a/b", 8, "one slash"),
        ("ex.com/=b", 7, "1 to 63"),
        ("a=b,/x", 4, "domain"),
        ("x > many", 4, "whole number"),
        ("x>", 2, "whole number"),
        ("x=(a)", 2, "a value"),
        ("x=" + "a" * 321, 322, "320"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, position: int, says: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse(text)
    assert (caught.value.position, says in caught.value.message) == (position, True), caught.value


def test_a_long_fault_is_shown_in_part() -> None:
    with pytest.raises(SelectorError) as caught:
        parse("x=a " + "y" * 5000)
    assert len(caught.value.message) < 200
