import pytest

from iam.policy.documents import Kind, load, parse
from iam.policy.errors import PolicyError
from iam.policy.positions import Position, position

SOURCE = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    {
      "Effect": "Allow",
      "Action": ["s3:ListBucket",
                 "s3 PutObject"],
      "Resource": "*",
      "Condition": {"StringEquals": {"aws:RequestTag/a.b": ["x", null]}}
    }
  ]
}
"""


def error_of(source: str, kind: Kind = Kind.IDENTITY) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(load(source), kind, "identity[3]")
    return caught.value


@pytest.mark.parametrize(
    ("before", "after", "line", "column"),
    [
        ("", "", 8, 18),
        ("s3 PutObject", "s3:PutObject", 10, 66),
        ('"2012-10-17"', '"2012-10-18"', 2, 3),
        ('{"Effect": "Allow", "Action"', '{"Effect": "allow", "Action"', 4, 6),
        ('{"Effect": "Allow", "Action"', '{"Action"', 4, 5),
        ('"Resource": "*"},', '"Resource": "*", "Extra": 1},', 4, 68),
        ('"Resource": "*"},', '"Resource": "data"},', 4, 51),
        ('["s3:ListBucket",\n                 "s3 PutObject"]', '"x"', 7, 7),
        ('["s3:ListBucket",\n                 "s3 PutObject"],', '"s3:Get*", "Sid": 4,', 7, 28),
        ('"StringEquals": {"aws', '"StringEqual": {"aws', 8, 18),
        ("{\n", "{\n,", 2, 1),
        ("\n}\n", "\n", 13, 1),
        ('"Effect": "Allow", "Action"', '"Effect": "Allow", "Effect": "Deny", "Action"', 4, 25),
    ],
)
def test_position_of_the_first_mistake(before: str, after: str, line: int, column: int) -> None:
    source = SOURCE.replace(before, after, 1) if before else SOURCE
    assert position(source, error_of(source)) == Position(line, column)


def test_one_statement_without_a_list() -> None:
    source = '{"Statement":\n {"Effect": "Allow", "Action": "x", "Resource": "*"}}'
    assert position(source, error_of(source)) == Position(2, 22)


def test_a_principal_that_cannot_be() -> None:
    source = '{"Statement": [{"Effect": "Allow",\n "Principal": {"AWS":\n["*", "jane"]}, "Action": "s3:*"}]}'
    assert position(source, error_of(source, Kind.RESOURCE)) == Position(3, 7)


@pytest.mark.parametrize("source", ["[]", "", "[" * 100_000, "1" * 5000, '{"a": ' * 900 + "1" + "}" * 900])
def test_what_is_no_document_at_all_has_a_place_too(source: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(load(source))
    assert position(source, caught.value).line == 1
