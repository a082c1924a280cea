import pytest

from iam.policy.arns import ArnError, RoleArn, is_account_id, parse_role_arn

PORTAL = "111111111111"
GOOD = "arn:aws:iam::222222222222:role/raydock"

REFUSED = [
    ("", "form"),
    ("raydock", "form"),
    ("role/raydock", "form"),
    ("urn:aws:iam::222222222222:role/raydock", "form"),
    ("arn:aws:iam::222222222222", "form"),
    ("arn:aws:iam::222222222222:role/ray:dock", "form"),
    ("arn::iam::222222222222:role/raydock", "form"),
    ("ARN:aws:iam::222222222222:role/raydock", "form"),
    ("arn:aws-cn:iam::222222222222:role/raydock", "partition"),
    ("arn:aws-us-gov:iam::222222222222:role/raydock", "partition"),
    ("arn:AWS:iam::222222222222:role/raydock", "partition"),
    ("arn:aws:s3::222222222222:role/raydock", "not_iam"),
    ("arn:aws:iam:us-east-1:222222222222:role/raydock", "not_iam"),
    ("arn:aws:iam::22222222222:role/raydock", "account"),
    ("arn:aws:iam::2222222222222:role/raydock", "account"),
    ("arn:aws:iam::22222222222a:role/raydock", "account"),
    ("arn:aws:iam:::role/raydock", "account"),
    ("arn:aws:iam::aws:role/raydock", "account"),
    ("arn:aws:iam::222222222222:root", "not_role"),
    ("arn:aws:iam::222222222222:user/raydock", "not_role"),
    ("arn:aws:iam::222222222222:group/raydock", "not_role"),
    ("arn:aws:iam::222222222222:policy/raydock", "not_role"),
    ("arn:aws:iam::222222222222:instance-profile/raydock", "not_role"),
    ("arn:aws:iam::222222222222:Role/raydock", "not_role"),
    ("arn:aws:iam::222222222222:role", "name"),
    ("arn:aws:sts::222222222222:assumed-role/raydock/session", "not_role"),
    ("arn:aws:iam::222222222222:assumed-role/raydock/session", "not_role"),
    ("arn:aws:sts::222222222222:role/raydock", "not_role"),
    ("arn:aws:iam::222222222222:role/", "name"),
    ("arn:aws:iam::222222222222:role//raydock", "name"),
    ("arn:aws:iam::222222222222:role/team/", "name"),
    ("arn:aws:iam::222222222222:role/ray*", "name"),
    ("arn:aws:iam::222222222222:role/ray?ock", "name"),
    ("arn:aws:iam::222222222222:role/*/raydock", "name"),
    ("arn:aws:iam::222222222222:role/t?am/raydock", "name"),
    ("arn:aws:iam::222222222222:role/${x}/raydock", "name"),
    ("arn:aws:iam::222222222222:role/${aws:username}", "form"),
    ("arn:aws:iam::222222222222:role/" + "r" * 65, "name"),
    ("arn:aws:iam::222222222222:role/" + "p" * 512 + "/raydock", "name"),
    ("arn:aws:iam::111111111111:role/raydock", "portal_account"),
    (" " + GOOD, "blank"),
    (GOOD + "\n", "blank"),
    (GOOD.replace("role/", "role/ "), "blank"),
    (GOOD + "\u00a0", "blank"),
    (GOOD + "\u200b", "character"),
    (GOOD.replace("a", "\u0430"), "character"),
    (GOOD.replace("222222222222", "\uff12" * 12), "character"),
    (GOOD.replace("222222222222", "\u0662" * 12), "character"),
    (GOOD.replace("/", "\u2215"), "character"),
    (GOOD + "\x00", "character"),
]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        (GOOD, RoleArn("222222222222", "/", "raydock")),
        ("arn:aws:iam::222222222222:role/team/a/raydock", RoleArn("222222222222", "/team/a/", "raydock")),
        ("arn:aws:iam::012345678901:role/A_+=,.@-9", RoleArn("012345678901", "/", "A_+=,.@-9")),
        ("arn:aws:iam::222222222222:role/" + "r" * 64, RoleArn("222222222222", "/", "r" * 64)),
    ],
)
def test_t13_a_role_arn_is_read_and_written_back(text: str, role: RoleArn) -> None:
    assert parse_role_arn(text, portal_account_id=PORTAL) == role
    assert str(role) == text


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_t13_anything_else_is_refused_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(ArnError) as refused:
        parse_role_arn(text, portal_account_id=PORTAL)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(("partition", "place"), [("aws-cn", "China"), ("aws-us-gov", "GovCloud")])
def test_t13_other_partitions_are_named(partition: str, place: str) -> None:
    with pytest.raises(ArnError, match=place):
        parse_role_arn(GOOD.replace(":aws:", f":{partition}:"))


def test_t13_a_look_alike_is_named() -> None:
    with pytest.raises(ArnError, match="CYRILLIC SMALL LETTER A"):
        parse_role_arn(GOOD.replace("a", "\u0430"))


def test_an_account_id_has_twelve_ascii_digits() -> None:
    assert is_account_id("000000000001")
    for text in ("", "1", "1234567890123", "12345678901a", "\u0661" * 12, "123456789012\n"):
        assert not is_account_id(text)
