"""How one value of a request is held against one value of a policy, for each family of operators.

A value that cannot be read (a number that is none, an address that is none) meets nothing.
Rules: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from iam.policy.patterns import Context, Text, arn_matches

T = TypeVar("T")
Comparison = Callable[[str, Text, Context], bool]
"""Does this value of the request meet this value of the policy, its variables filled in from the request?"""

EPOCH = re.compile(r"\d{5,}(\.\d+)?")
YEAR_OR_MONTH = re.compile(r"\d{4}(-\d{2})?")


def equals(value: str, wanted: Text, context: Context) -> bool:
    """Say whether the texts are the same, letter by letter."""
    return value == wanted.literal(context)


def equals_ignoring_case(value: str, wanted: Text, context: Context) -> bool:
    """Say whether the texts are the same but for case."""
    literal = wanted.literal(context)
    return literal is not None and value.casefold() == literal.casefold()


def like(value: str, wanted: Text, context: Context) -> bool:
    """Say whether the text fits a pattern with `*` and `?`; case counts."""
    glob = wanted.glob(context)
    return glob is not None and glob.fullmatch(value) is not None


def arn_like(value: str, wanted: Text, context: Context) -> bool:
    """Say whether each of an ARN's six fields fits; ArnEquals and ArnLike do the same."""
    globs = wanted.arn(context)
    return globs is not None and arn_matches(globs, value)


def in_network(value: str, wanted: Text, context: Context) -> bool:
    """Say whether an address is inside a CIDR block (a bare address is a block of one)."""
    literal = wanted.literal(context)
    try:
        return literal is not None and ipaddress.ip_address(value) in network(literal)
    except ValueError:
        return False


def boolean(value: str, wanted: Text, context: Context) -> bool:
    """Say whether both texts are the same truth value, in any case of letters."""
    literal = wanted.literal(context)
    return value.lower() in {"true", "false"} and literal is not None and value.lower() == literal.lower()


def binary(value: str, wanted: Text, context: Context) -> bool:
    """Say whether two base64 texts mean the same bytes."""
    literal = wanted.literal(context)
    try:
        return literal is not None and octets(value) == octets(literal)
    except ValueError:
        return False


def numeric(holds: Callable[[Decimal, Decimal], bool]) -> Comparison:
    """Make a comparison of numbers: `holds(value of the request, value of the policy)`."""
    return _ordered(number, holds)


def dated(holds: Callable[[datetime, datetime], bool]) -> Comparison:
    """Make a comparison of moments: `holds(value of the request, value of the policy)`."""
    return _ordered(moment, holds)


def _ordered(read: Callable[[str], T], holds: Callable[[T, T], bool]) -> Comparison:
    def compare(value: str, wanted: Text, context: Context) -> bool:
        literal = wanted.literal(context)
        try:
            return literal is not None and holds(read(value), read(literal))
        except ValueError:
            return False

    return compare


def number(text: str) -> Decimal:
    """Read a finite number; raises ValueError."""
    try:
        read = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not read.is_finite():
        raise ValueError(text)
    return read


def moment(text: str) -> datetime:
    """Read an ISO 8601 date or seconds since 1970 as aware UTC; a date without a zone is UTC. ValueError."""
    if EPOCH.fullmatch(text):
        return _since_epoch(text)
    if YEAR_OR_MONTH.fullmatch(text):
        text = f"{text}-01-01"[:10]
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _since_epoch(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read a CIDR block or one address; bits beyond the prefix are ignored, as AWS does. ValueError."""
    return ipaddress.ip_network(text, strict=False)


def truth(text: str) -> bool:
    """Read `true` or `false`; raises ValueError."""
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def octets(text: str) -> bytes:
    """Read base64; raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
