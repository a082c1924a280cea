"""One pattern inside another, and two that touch; held against the evaluator's own patterns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from iam.policy.covering import inside, meet
from iam.policy.patterns import Reach, Text, text

INSIDE = [
    ("arn:aws:s3:::a/x", "arn:aws:s3:::a/*", True),
    ("arn:aws:s3:::a/*", "arn:aws:s3:::a/*", True),
    ("arn:aws:s3:::a/*", "arn:aws:s3:::a*", True),
    ("arn:aws:s3:::a*", "arn:aws:s3:::a/*", False),
    ("arn:aws:s3:::a/?", "arn:aws:s3:::a/*", True),
    ("arn:aws:s3:::a/*", "arn:aws:s3:::a/?", False),
    ("arn:aws:s3:::a*b*c", "arn:aws:s3:::a*c", True),
    ("arn:aws:s3:::a*c", "arn:aws:s3:::a*b*c", False),
    ("arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::*/*", True),
    ("arn:aws:s3:::*/*", "arn:aws:s3:::${aws:username}/*", False),
    ("arn:aws:s3:::${aws:username}", "arn:aws:s3:::${aws:userid}", False),
    ("arn:aws:s3:::${aws:username}", "arn:aws:s3:::${AWS:UserName}", True),
    ("arn:aws:s3:::${aws:username}", "arn:aws:s3:::?", False),
    ("arn:aws:s3:::${*}", "arn:aws:s3:::*", True),
    ("arn:aws:s3:::*", "arn:aws:s3:::${*}", False),
    ("arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:*:vpc/*", True),
    ("arn:aws:ec2:eu-*-1:*:vpc/*", "arn:aws:ec2:eu-*:*:vpc/*", True),
    ("arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:eu-*-1:*:vpc/*", False),
    ("arn:aws:ec2:e*:2:vpc/v", "arn:aws:ec2:e*1:2:vpc/v", False),
    # A variable before the last field may bring colons with it.
    ("arn:aws:ec2:${x:y}:2:vpc/v", "arn:aws:ec2:*:2:vpc/v", False),
    ("*", "arn:*", False),
    ("arn:aws:s3", "arn:aws:s3:*", True),
]


@pytest.mark.parametrize(("small", "large", "expected"), INSIDE)
def test_inside(small: str, large: str, *, expected: bool) -> None:
    assert inside(text(small, variables=True), text(large, variables=True), Reach.RESOURCE) is expected
    assert inside(text(small, variables=True), text("*", variables=True), Reach.RESOURCE)


patterns = some.text("ab:*?", max_size=9)
fields = some.lists(some.text("ab*?", max_size=3), min_size=5, max_size=7).map(":".join)
texts = some.text("abx:", max_size=9)
arns = some.lists(some.text("abx", max_size=3), min_size=6, max_size=8).map(":".join)


@given(patterns, patterns, some.lists(texts, max_size=9))
@settings(max_examples=300, deadline=None)
def test_what_is_inside_fits_and_what_fits_both_meets(small: str, large: str, tried: list[str]) -> None:
    holds(small, large, [*tried, small.replace("*", "").replace("?", "x")], Reach.EVERYTHING)


@pytest.mark.parametrize("reach", [Reach.RESOURCE, Reach.FIELD])
@given(fields, fields, some.lists(arns, max_size=9), some.sampled_from(["", "x", "a:b", ":"]))
@settings(max_examples=300, deadline=None)
def test_the_same_for_arns(reach: Reach, small: str, large: str, tried: list[str], filling: str) -> None:
    holds(small, large, [*tried, small.replace("*", filling).replace("?", "x")], reach)


def holds(small: str, large: str, tried: list[str], reach: Reach) -> None:
    one, other = text(small, variables=False), text(large, variables=False)
    globs = [found for each in (one, other) if (found := each.glob({}, reach))]
    for value in tried:
        fits = [glob.fullmatch(value) is not None for glob in globs]
        assert not (inside(one, other, reach) and fits[0]) or fits[1]
        assert (
            reach is Reach.EVERYTHING
            or not resource_fits(one, value)
            or not fits[1]
            or meet(one, other, reach)
        )


def resource_fits(resource: Text, value: str) -> bool:
    glob = resource.glob({}, Reach.RESOURCE)
    return glob is not None and glob.fullmatch(value) is not None
