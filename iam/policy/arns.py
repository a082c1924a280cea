"""Which texts are ARNs of roles that Raydock may assume; strict, since what passes here is trusted later.

Rule T13. Forms: IAM User Guide, "IAM identifiers" and "IAM and AWS STS quotas" (name and path lengths).
"""

import re
import unicodedata
from dataclasses import dataclass

PARTITIONS = {"aws-cn": "China", "aws-us-gov": "GovCloud", "aws-iso": "isolated", "aws-iso-b": "isolated"}
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")
PATH = re.compile(r"/(?:[!-#%-)+->@-~]+/)?")
"""IAM allows `*`, `?` and `$` in a path too; in a policy they would stand for more than this one role."""
LONGEST_PATH = 512
ACCOUNT_ID = re.compile(r"[0-9]{12}")
EXAMPLE = "arn:aws:iam::123456789012:role/raydock"
OTHER_RESOURCES = {
    "assumed-role": "a session of a role, not a role",
    "user": "a user, and Raydock assumes only roles",
    "group": "a group, and Raydock assumes only roles",
    "instance-profile": "an instance profile, not a role",
    "policy": "a policy, not a role",
}


class ArnError(ValueError):
    """A text that is not the ARN of a role that Raydock may assume; `code` names the rule it breaks."""

    def __init__(self, code: str, message: str) -> None:
        """Keep code and message; the message says what is wrong, why, and what to give instead."""
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RoleArn:
    """A role of the commercial partition; `path` begins and ends with a slash."""

    account_id: str
    path: str
    name: str

    def __str__(self) -> str:
        """Give the ARN."""
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.name}"


def parse_role_arn(text: str, *, portal_account_id: str = "") -> RoleArn:
    """Read a role's ARN; raises ArnError. A role in the portal's own account is refused."""
    _refuse_odd_characters(text)
    prefix, partition, service, region, account_id, resource = _fields(text)
    _refuse_partition(prefix, partition)
    if service not in {"iam", "sts"} or region:
        raise ArnError("not_iam", f"This ARN is not one of IAM. A role's ARN looks like {EXAMPLE}.")
    if not ACCOUNT_ID.fullmatch(account_id):
        raise ArnError("account", f"The account id in this ARN has not exactly 12 digits: {EXAMPLE}.")
    path, name = _role(service, resource)
    if account_id == portal_account_id:
        raise ArnError(
            "portal_account",
            "This role is in the account that Raydock itself runs in. "
            "Give a role in the account where the cloud shall live.",
        )
    return RoleArn(account_id, path, name)


def is_account_id(text: str) -> bool:
    """Say whether the text is an AWS account id: exactly 12 ASCII digits."""
    return ACCOUNT_ID.fullmatch(text) is not None


def _refuse_odd_characters(text: str) -> None:
    if any(character.isspace() for character in text):
        raise ArnError("blank", "This ARN has a blank or line break in it. Copy it again without.")
    odd = next((character for character in text if not "!" <= character <= "~"), "")
    if odd:
        name = unicodedata.name(odd, f"U+{ord(odd):04X}")
        raise ArnError(
            "character",
            f"This ARN has a character that no ARN has ({name}); it may only look like the right one. "
            "Copy the ARN from the IAM console or the AWS CLI.",
        )


def _fields(text: str) -> list[str]:
    fields = text.split(":", 5)
    if len(fields) < 6 or ":" in fields[-1]:  # noqa: PLR2004 - an ARN has six fields
        raise ArnError("form", f"This is not an ARN of a role. It looks like {EXAMPLE}.")
    return fields


def _refuse_partition(prefix: str, partition: str) -> None:
    if prefix != "arn" or not partition:
        raise ArnError("form", f"This is not an ARN. A role's ARN looks like {EXAMPLE}.")
    if partition != "aws":
        where = PARTITIONS.get(partition, "unknown")
        raise ArnError(
            "partition",
            f"This role is in the {where} partition ({partition}), which has its own accounts and "
            "credentials. Raydock works with roles of the commercial partition (aws) only.",
        )


def _role(service: str, resource: str) -> tuple[str, str]:
    kind, _, rest = resource.partition("/")
    if kind == "root":
        raise ArnError("not_role", f"This is an account, not a role. A role's ARN looks like {EXAMPLE}.")
    if kind != "role" or service != "iam":
        what = OTHER_RESOURCES.get(kind, "not a role")
        raise ArnError("not_role", f"This ARN names {what}. A role's ARN looks like {EXAMPLE}.")
    folder, slash, name = rest.rpartition("/")
    path = f"/{folder}{slash}"
    if not NAME.fullmatch(name) or not PATH.fullmatch(path) or "//" in path or len(path) > LONGEST_PATH:
        raise ArnError(
            "name", f"The role's name or path is not one that IAM allows, or has * ? or $ in it: {EXAMPLE}."
        )
    return path, name
