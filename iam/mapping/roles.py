"""What a rule may give to a workload: which texts name a role on AWS, and a service account on GCP.

Forms: IAM User Guide, "IAM and AWS STS quotas" (names), "IAM identifiers" (ARNs); Google Cloud IAM,
"Types of service accounts".
"""

import re
from typing import Literal, NamedTuple

from iam.policy.arns import ACCOUNT_ID, LONGEST_PATH, PATH, ArnError, parse_role_arn

Kind = Literal["role_name", "profile_arn", "role_arn"]
PROVIDERS = ("AWS", "GCP")
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
"""A role's name has at most 64 characters; an instance profile's, which may stand here too, 128."""
PROFILE = re.compile(r"arn:aws:iam::(?P<account>[^:]*):instance-profile(?P<path>/(?:.*/)?)(?P<name>[^/]*)")
SERVICE_ACCOUNT = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?@(?:[-a-z0-9]+\.)*gserviceaccount\.com")
LONGEST_EMAIL = 254


class RoleName(NamedTuple):
    """What a value names on AWS. A `role_name` may as well be the name of an instance profile."""

    kind: Kind
    name: str


def value_problem(value: str, *, provider: str) -> str | None:
    """Say what is wrong with a rule's value and how to mend it, None when it is in order."""
    if value != value.strip():
        return "There is a blank before or after the value. Take it away."
    if provider == "GCP":
        return _service_account_problem(value)
    try:
        role_name(value)
    except ArnError as error:
        return error.message
    return None


def role_name(value: str) -> RoleName:
    """Read a value for AWS: a name, or the ARN of a role or profile. Raises ArnError (a ValueError)."""
    if not value.startswith("arn:"):
        if not NAME.fullmatch(value):
            raise ArnError(
                "name",
                "This is neither the name nor the ARN of a role or instance profile. "
                "A name has 1 to 128 letters, digits and characters of _+=,.@- and no blanks.",
            )
        return RoleName("role_name", value)
    profile = PROFILE.fullmatch(value)
    if profile is None:
        return RoleName("role_arn", parse_role_arn(value).name)
    path_fits = PATH.fullmatch(profile["path"]) and len(profile["path"]) <= LONGEST_PATH
    if not (path_fits and ACCOUNT_ID.fullmatch(profile["account"]) and NAME.fullmatch(profile["name"])):
        raise ArnError(
            "profile",
            "This is not the ARN of an instance profile. It looks like "
            "arn:aws:iam::123456789012:instance-profile/cluster-node.",
        )
    return RoleName("profile_arn", profile["name"])


def bare_name(value: str) -> str:
    """Give the name in a value, so that the ways to write one role compare equal; other texts as they are."""
    try:
        return role_name(value).name
    except ArnError:
        return value


def _service_account_problem(value: str) -> str | None:
    if len(value) <= LONGEST_EMAIL and SERVICE_ACCOUNT.fullmatch(value):
        return None
    return (
        "On GCP a rule gives the e-mail of a service account, such as "
        "cluster-node@my-project.iam.gserviceaccount.com."
    )
