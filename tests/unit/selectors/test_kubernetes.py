"""Our reading of the label selectors of Kubernetes, case by case: meaning, canonical text, refusals."""

import pytest

from iam.selectors import Operator, SelectorError, parse

IN, NOTIN, EXISTS, ABSENT = Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST
EQ, EQEQ, NE = Operator.EQUALS, Operator.DOUBLE_EQUALS, Operator.NOT_EQUALS
GT, LT = Operator.GREATER_THAN, Operator.LESS_THAN

READ: list[tuple[str, list[tuple[str, Operator, list[str]]], str]] = [
    # Nothing asks for nothing.
    ("", [], ""),
    (" ", [], ""),
    ("\t\r\n ", [], ""),
    # Equality.
    ("x=a", [("x", EQ, ["a"])], "x=a"),
    ("x==a", [("x", EQEQ, ["a"])], "x==a"),
    ("x!=a", [("x", NE, ["a"])], "x!=a"),
    ("x = a", [("x", EQ, ["a"])], "x=a"),
    (" x\t==\n a ", [("x", EQEQ, ["a"])], "x==a"),
    ("x  != a", [("x", NE, ["a"])], "x!=a"),
    ("tier=front-end_1.2", [("tier", EQ, ["front-end_1.2"])], "tier=front-end_1.2"),
    ("x=A1", [("x", EQ, ["A1"])], "x=A1"),
    ("x=1", [("x", EQ, ["1"])], "x=1"),
    # The empty value.
    ("x=", [("x", EQ, [""])], "x="),
    ("x= ", [("x", EQ, [""])], "x="),
    ("x==", [("x", EQEQ, [""])], "x=="),
    ("x!=", [("x", NE, [""])], "x!="),
    ("x=,z= ", [("x", EQ, [""]), ("z", EQ, [""])], "x=,z="),
    ("x= ,z!= ,y", [("x", EQ, [""]), ("y", EXISTS, []), ("z", NE, [""])], "x=,y,z!="),
    # Sets.
    ("x in (a)", [("x", IN, ["a"])], "x in (a)"),
    ("x in (b,a)", [("x", IN, ["a", "b"])], "x in (a,b)"),
    ("x in (b,a,b)", [("x", IN, ["a", "b"])], "x in (a,b)"),
    ("x in ( a , b )", [("x", IN, ["a", "b"])], "x in (a,b)"),
    ("x in(a)", [("x", IN, ["a"])], "x in (a)"),
    ("x\nnotin\t(a,b)", [("x", NOTIN, ["a", "b"])], "x notin (a,b)"),
    ("x notin(a)", [("x", NOTIN, ["a"])], "x notin (a)"),
    ("x in ()", [("x", IN, [""])], "x in ()"),
    ("x in ( )", [("x", IN, [""])], "x in ()"),
    ("x notin ()", [("x", NOTIN, [""])], "x notin ()"),
    ("x in (,)", [("x", IN, [""])], "x in ()"),
    ("x in (,,)", [("x", IN, [""])], "x in ()"),
    ("x in (,a)", [("x", IN, ["", "a"])], "x in (,a)"),
    ("x in (a,)", [("x", IN, ["", "a"])], "x in (,a)"),
    ("x in (a,,b)", [("x", IN, ["", "a", "b"])], "x in (,a,b)"),
    ("x notin (, a)", [("x", NOTIN, ["", "a"])], "x notin (,a)"),
    ("x in (10,9)", [("x", IN, ["10", "9"])], "x in (10,9)"),
    ("x in (b,B,a,A)", [("x", IN, ["A", "B", "a", "b"])], "x in (A,B,a,b)"),
    # Presence.
    ("x", [("x", EXISTS, [])], "x"),
    (" x ", [("x", EXISTS, [])], "x"),
    ("\rx", [("x", EXISTS, [])], "x"),
    ("!x", [("x", ABSENT, [])], "!x"),
    ("! x", [("x", ABSENT, [])], "!x"),
    ("!\n\tx ,y", [("x", ABSENT, []), ("y", EXISTS, [])], "!x,y"),
    # Numbers.
    ("x>1", [("x", GT, ["1"])], "x>1"),
    ("x < 7", [("x", LT, ["7"])], "x<7"),
    ("x>1,z<5", [("x", GT, ["1"]), ("z", LT, ["5"])], "x>1,z<5"),
    ("x>007", [("x", GT, ["007"])], "x>007"),
    ("x>9223372036854775807", [("x", GT, ["9223372036854775807"])], "x>9223372036854775807"),
    ("x<" + "0" * 62 + "1", [("x", LT, ["0" * 62 + "1"])], "x<" + "0" * 62 + "1"),
    # A comma is "and"; requirements are ordered by key, and those of one key stay as written.
    ("x=a,y=b,z=c", [("x", EQ, ["a"]), ("y", EQ, ["b"]), ("z", EQ, ["c"])], "x=a,y=b,z=c"),
    ("b,a", [("a", EXISTS, []), ("b", EXISTS, [])], "a,b"),
    ("x=b,x=a", [("x", EQ, ["b"]), ("x", EQ, ["a"])], "x=b,x=a"),
    ("x,x", [("x", EXISTS, []), ("x", EXISTS, [])], "x,x"),
    ("z!=a,z", [("z", NE, ["a"]), ("z", EXISTS, [])], "z!=a,z"),
    ("B,a", [("B", EXISTS, []), ("a", EXISTS, [])], "B,a"),
    (
        "x notin (abc,def),bar,z in (),w",
        [("bar", EXISTS, []), ("w", EXISTS, []), ("x", NOTIN, ["abc", "def"]), ("z", IN, [""])],
        "bar,w,x notin (abc,def),z in ()",
    ),
    ("x,y in (a)", [("x", EXISTS, []), ("y", IN, ["a"])], "x,y in (a)"),
    # Keys and values that are keywords.
    ("in", [("in", EXISTS, [])], "in"),
    ("notin", [("notin", EXISTS, [])], "notin"),
    ("!in", [("in", ABSENT, [])], "!in"),
    ("in in (in)", [("in", IN, ["in"])], "in in (in)"),
    ("in notin (notin)", [("in", NOTIN, ["notin"])], "in notin (notin)"),
    ("notin in (in,notin)", [("notin", IN, ["in", "notin"])], "notin in (in,notin)"),
    ("notin=in", [("notin", EQ, ["in"])], "notin=in"),
    ("in,notin", [("in", EXISTS, []), ("notin", EXISTS, [])], "in,notin"),
    ("a in (x,y,notin, z,in)", [("a", IN, ["in", "notin", "x", "y", "z"])], "a in (in,notin,x,y,z)"),
    ("IN=NotIn", [("IN", EQ, ["NotIn"])], "IN=NotIn"),
    # Keys with prefixes, and the bounds of their lengths.
    ("example.com/name=a", [("example.com/name", EQ, ["a"])], "example.com/name=a"),
    ("a/b", [("a/b", EXISTS, [])], "a/b"),
    ("!a-b.c/D_e.f-G", [("a-b.c/D_e.f-G", ABSENT, [])], "!a-b.c/D_e.f-G"),
    ("0.1.2.domain/99 notin (1.1)", [("0.1.2.domain/99", NOTIN, ["1.1"])], "0.1.2.domain/99 notin (1.1)"),
    ("1234", [("1234", EXISTS, [])], "1234"),
    ("1foo in (bar)", [("1foo", IN, ["bar"])], "1foo in (bar)"),
    ("a" * 63, [("a" * 63, EXISTS, [])], "a" * 63),
    ("d" * 253 + "/" + "n" * 63, [("d" * 253 + "/" + "n" * 63, EXISTS, [])], "d" * 253 + "/" + "n" * 63),
    ("x=" + "v" * 63, [("x", EQ, ["v" * 63])], "x=" + "v" * 63),
    # A NUL ends a word; where a word could begin, it ends the text.
    ("x\0", [("x", EXISTS, [])], "x"),
    ("x\0=\0a", [("x", EQ, ["a"])], "x=a"),
    ("x=a\0\0,,,", [("x", EQ, ["a"])], "x=a"),
    ("\0(", [], ""),
]

REFUSED = [
    ",", "x,", ",x", "x,,y", "x=a,", "x in (a),", ", ,", "x, ", "!", "!,x", "!!x", "!(x)", "!=a", "=a",
    "==", ">1", "x=a||y=b", "x==a==b", "x===a", "x=a=b", "x=!a", "x=(a)", "x=)", "x!", "x!a", "x!!=a",
    "x<>1", "x=<1", "x>=1", "x=>1", "!x=a", "!x!=a", "!x in (a)", "!x notin (a)", "!x>1", "!x y", "x y",
    "x nott in (y)", "x In (a)", "x IN (a)", "x not in (a)", "x in", "x notin", "x in a", "x in a)",
    "x in (", "x in (a", "x in (a,", "x in (a b)", "x in (a;b)", "x in ((a))", "x in (a))", "x in (!a)",
    "x in (a=b)", "x in (a,b", "x in [a]", "x in {a", "x in (a)b", "a in (xyz)b notin ()",
    "a in (xyz abc)", "a notin(", "a (", "(", ")", "()", "x()", "x in ()()", "xin (a)", "x>", "x<",
    "x>a", "x<a", "x>1.5", "x>1e3", "x>0x10", "x>1_000", "x>-1", "x>+1", "x>,y",
    "x>9223372036854775808", "x<" + "0" * 63 + "1", "x>(1)", "x>1>2", "x > 1 2", "-x", "x-", "_x", "x_",
    ".x", "x.", "x*", "x@y", "x:y", "é", "x+y", "x;y", '"x"', "x/", "/x", "/", "a//b", "a/b/c",
    "A.com/x", "a_b/x", "-a/x", "a-/x", "a..b/x", ".a/x", "a./x", "a/-x", "a/x-", "a" * 64,
    "a/" + "b" * 64, "d" * 254 + "/n", "x\u00a0=a", "x\x0b=a", "x\x0c", "\ufeffx", "x=-a", "x=a-",
    "x=_a", "x=a_", "x=.a", "x=a.", "x=-", "x=.", "x in (a,-b)", "x notin (a.)", "x!=-a", "x==a-",
    "x=a b", "x=a\0b", "x=[a]", 'x="a"', "x=a:b", "x=a;b", "x=a\\b", "x=a\x0b", "x=a\x7f", "x=\u200b",
    "x=\ud800",
]  # fmt: skip


@pytest.mark.parametrize(("text", "requirements", "canonical"), READ, ids=[repr(row[0])[:40] for row in READ])
def test_a_selector_is_read_as_kubernetes_reads_it(
    text: str, requirements: list[tuple[str, Operator, list[str]]], canonical: str
) -> None:
    selector = parse(text)
    assert [(one.key, one.operator, list(one.values)) for one in selector.requirements] == requirements
    assert str(selector) == canonical
    assert parse(canonical) == selector


@pytest.mark.parametrize("text", REFUSED, ids=[ascii(text)[:40] for text in REFUSED])
def test_what_kubernetes_refuses_is_refused(text: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.message.endswith((".", "character.")), caught.value.message


NUMBERS = "x>5"
MATCHES = [
    ("", {}, True),
    ("", {"x": "y"}, True),
    ("x=y", {"x": "y"}, True),
    ("x==y", {"x": "y"}, True),
    ("x=y", {"x": "Y"}, False),
    ("x=y", {"x": "z"}, False),
    ("x=y", {}, False),
    ("x=y,z=w", {"x": "y", "z": "w"}, True),
    ("x=y,z=w", {"x": "w", "z": "w"}, False),
    ("x=y,z=w", {"x": "y"}, False),
    ("x=", {"x": ""}, True),
    ("x=", {}, False),
    ("x=", {"x": "a"}, False),
    ("x in ()", {"x": ""}, True),
    ("x in ()", {}, False),
    ("x in (,a)", {"x": "a"}, True),
    ("x in (,a)", {"x": ""}, True),
    ("x in (a,b)", {"x": "b"}, True),
    ("x in (a,b)", {"x": "c"}, False),
    ("x in (a,b)", {}, False),
    ("x!=y", {"x": "z"}, True),
    ("x!=y", {"x": "y"}, False),
    ("x!=y", {}, True),
    ("x!=", {}, True),
    ("x!=", {"x": ""}, False),
    ("x notin (a,b)", {}, True),
    ("x notin (a,b)", {"x": "c"}, True),
    ("x notin (a,b)", {"x": "a"}, False),
    ("x notin ()", {"x": ""}, False),
    ("x notin ()", {"x": "a"}, True),
    ("x!=y,z!=w", {"x": "z", "z": "a"}, True),
    ("x!=y,z!=w", {"x": "z", "z": "w"}, False),
    ("x", {"x": ""}, True),
    ("x", {"y": "z"}, False),
    ("!x", {"y": "z"}, True),
    ("!x", {"x": ""}, False),
    ("x,!x", {"x": "a"}, False),
    ("x=a,x=b", {"x": "a"}, False),
    ("notin=in", {"notin": "in"}, True),
    ("in in (notin)", {"in": "notin"}, True),
    ("example.com/x=a", {"example.com/x": "a"}, True),
    ("example.com/x=a", {"x": "a"}, False),
    ("x>1", {"x": "2"}, True),
    ("x>1", {"x": "1"}, False),
    ("x>1", {"x": "0"}, False),
    ("x<1", {"x": "0"}, True),
    ("x<1", {"x": "1"}, False),
    ("x>1", {}, False),
    ("x<1", {}, False),
    ("x>1", {"x": "v2"}, False),
    ("x>1", {"x": ""}, False),
    (NUMBERS, {"x": "10"}, True),
    (NUMBERS, {"x": "006"}, True),
    (NUMBERS, {"x": "+6"}, True),
    (NUMBERS, {"x": "6.0"}, False),
    (NUMBERS, {"x": " 6"}, False),
    (NUMBERS, {"x": "6\n"}, False),
    (NUMBERS, {"x": "1_0"}, False),
    (NUMBERS, {"x": "\u0666\u0666"}, False),
    (NUMBERS, {"x": "9223372036854775807"}, True),
    (NUMBERS, {"x": "9223372036854775808"}, False),
    (NUMBERS, {"x": "9" * 5000}, False),
    (NUMBERS, {"x": "0" * 5000 + "6"}, True),
    ("x<5", {"x": "-3"}, True),
    ("x<5", {"x": "-0"}, True),
    ("x<5", {"x": "-9223372036854775808"}, True),
    ("x<5", {"x": "-9223372036854775809"}, False),
    ("x<5", {"x": "-"}, False),
    ("x<5", {"x": "--1"}, False),
    ("x>1,x<3", {"x": "2"}, True),
    ("x>2,x<3", {"x": "2"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "labels", "matched"), MATCHES)
def test_labels_match_as_in_kubernetes(text: str, labels: dict[str, str], *, matched: bool) -> None:
    assert parse(text).matches(labels) is matched
