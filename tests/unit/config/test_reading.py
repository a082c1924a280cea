"""YAML is read to plain values with their places; whatever else YAML can do is refused where it stands."""

import time
from collections.abc import Iterator

import pytest
import yaml as other_reader
from hypothesis import given
from hypothesis import strategies as st

from clouds.config.faults import ConfigFault, Fault
from clouds.config.reading import LONGEST_TEXT, decoded, read_yaml, tidy
from tests.unit.config.samples import COMMENTED


def refused(text: str) -> str:
    with pytest.raises(ConfigFault) as caught:
        read_yaml(text)
    return str(caught.value)


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        read_yaml(text)
    except ConfigFault as error:
        return error.faults
    return ()


def test_values_and_their_places() -> None:
    reading = read_yaml(COMMENTED)
    assert reading.data == other_reader.safe_load(COMMENTED)
    assert reading.place("dataplane_iam_mapping.rules[1].value") == (13, 14)
    assert reading.place("dataplane_iam_mapping.rules[0].selector", 17) == (8, 34)
    assert reading.place("dataplane_iam_mapping.rules[1].selector", 3) == (12, 21)
    assert reading.place("dataplane_iam_mapping.rules[1].missing") == (12, 7)
    assert reading.place("nowhere") == (2, 1)


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("a: *x", "Line 1, column 4", "Write the value out"),
        ("a: &x 1\nb: 2", "Line 1, column 4", "Write the value out where it is used"),
        ("a: 1\nb:\n  a: 1\n  a: 2", "Line 4, column 3", "Remove one of the two"),
        ("a: !!python/object/apply:os.system [ls]", "Line 1, column 4", "needs quotes"),
        ("selector: !user", "Line 1, column 11", "selector: '!project'"),
        ("a: 1\n---\nb: 2", "Line 2, column 1", "Send one"),
        ("a:\n\t- b", "Line 2, column 1", "blanks instead of tabs"),
        ("a: b: c", "Line 1, column 5", "into quotes"),
        ("a: [1, 2", "Line 1, column 9", "Check indentation, colons and quotes"),
        ("a: 'x", "Line 1, column 6", "Close the quotes"),
        ('a: "\\q"', "Line 1, column 6", "Write a backslash twice"),
        ("- a\nb: 1", "Line 2, column 1", "start in the same column"),
        ("a: 1\nb", "Line 2, column 2", "separated by a colon"),
        ("? [a]\n: b", "Line 1, column 3", "A name must stand here"),
        ("a: \x00", "Line 1, column 4", "Take it out"),
        ("a: \x1b[2J", "Line 1, column 4", "Take it out"),
        ("[" * 20 + "1" + "]" * 20, "Line 1, column 11", "Make it flatter"),
        ("{a: " * 20, "Line 1, column 41", "Make it flatter"),
    ],
)
def test_what_is_refused_says_where_and_how_to_mend_it(text: str, place: str, fix: str) -> None:
    said = refused(text)
    assert said.startswith(place), said
    assert fix in said


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "Anchors (&) are not read" in refused("\n".join(lines))


def test_merge_keys_bring_nothing_in() -> None:
    assert "Aliases (*) are not read" in refused("a: 1\n<<: *a")


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "a: 'x'\n", "#\n", "? ", "&a ", "\\", "a: |\n"])
def test_a_text_of_any_size_is_answered_at_once(piece: str) -> None:
    began = time.process_time()
    assert "KiB" in refused(piece * (LONGEST_TEXT + 1))
    text = piece * (20_000 // len(piece))
    assert all(one.line for one in faults_of(text))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("? " + ".a" * 120_000 + "\n: 1\n", "No name has more than 200 characters"),
        ("[" + "a," * 120_000 + "]", "There are more than 20000 values"),
        ("".join(f"k{n}: 1\n" for n in range(25_000)), "There are more than 20000 values"),
    ],
)
def test_what_would_take_seconds_to_read_is_refused_at_once(text: str, fix: str) -> None:
    began = time.process_time()
    assert fix in refused(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"), ("'12'", "12"), ('"null"', "null"), ("12", 12), ("-3", -3), ("1.5", 1.5),
        ("~", None), ("", None), ("true", True), ("yes", "yes"), ("no", "no"), ("012345678901", 12345678901),
        ("2026-05-04", "2026-05-04"), ("1_000", "1_000"), ("9" * 5_000, "9" * 5_000), ("a#b", "a#b"),
    ],
)  # fmt: skip
def test_plain_words_are_read_by_the_core_schema(written: str, value: object) -> None:
    assert read_yaml(f"a: {written}").data == {"a": value}


def test_bytes_that_are_no_utf_8_are_told_with_their_place() -> None:
    with pytest.raises(ConfigFault, match="Line 2, column 4: This is not UTF-8"):
        decoded(b"a: 1\nb: \xff")


def test_line_ends_and_byte_order_marks_are_tidied() -> None:
    assert tidy("\ufeffa: 1\r\nb: 2\r\r\n") == "a: 1\nb: 2\n"
    assert tidy(" \n") == ""


def pieces() -> Iterator[str]:
    yield from (
        "a",
        ": ",
        "\n",
        "  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        '"',
        "#",
        "&x",
        "*x",
        "!t ",
        "|",
        ">",
        "?",
    )
    yield from ("%", "@", "\t", "---", "...", "<<", "0", "~", "\\", "\u2028", "é")


@given(st.lists(st.sampled_from([*pieces()]), max_size=30).map("".join))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    assert all(one.line >= 1 and one.column >= 1 for one in faults_of(text))
