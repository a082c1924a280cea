"""How one value of a request is held against one value of a policy, for each family of operators.

A comparison is made ready once for each value of a policy, and then asked with values of requests. A value
that cannot be read (a number that is none, an address that is none) meets nothing.
Rules: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from iam.policy.patterns import Context, Reach, Text

T = TypeVar("T")
Matcher = Callable[[str], bool]
"""Does this value of a request meet the value of the policy?"""
Comparison = Callable[[Text, Context], Matcher]
"""Makes a matcher of a policy's value, its variables filled in from the request."""

EPOCH = re.compile(r"\d{1,3}(\.\d+)?|\d{5,}(\.\d+)?", re.ASCII)
YEAR_OR_MONTH = re.compile(r"\d{4}(-\d{2})?", re.ASCII)
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,6})?\s*", re.ASCII)


def _nothing(_value: str) -> bool:
    return False


def equals(wanted: Text, context: Context) -> Matcher:
    """Ask whether the texts are the same, letter by letter."""
    literal = wanted.literal(context)
    return _nothing if literal is None else literal.__eq__


def equals_ignoring_case(wanted: Text, context: Context) -> Matcher:
    """Ask whether the texts are the same but for case."""
    literal = wanted.literal(context)
    folded = None if literal is None else literal.casefold()
    return lambda value: value.casefold() == folded


def like(wanted: Text, context: Context) -> Matcher:
    """Ask whether the text fits a pattern with `*` and `?`; case counts."""
    return _fitting(wanted, context, Reach.EVERYTHING)


def arn_like(wanted: Text, context: Context) -> Matcher:
    """Ask whether each of an ARN's six fields fits; ArnEquals and ArnLike do the same."""
    return _fitting(wanted, context, Reach.FIELD)


def _fitting(wanted: Text, context: Context, reach: Reach) -> Matcher:
    glob = wanted.glob(context, reach)
    if glob is None:
        return _nothing
    fullmatch = glob.fullmatch
    return lambda value: fullmatch(value) is not None


def in_network(wanted: Text, context: Context) -> Matcher:
    """Ask whether an address is inside a CIDR block (a bare address is a block of one)."""
    return _against(wanted, context, network, _address, lambda block, address: address in block)


def boolean(wanted: Text, context: Context) -> Matcher:
    """Ask whether both texts are the same truth value, in any case of letters."""
    return _against(wanted, context, truth, truth, lambda one, other: one is other)


def binary(wanted: Text, context: Context) -> Matcher:
    """Ask whether two base64 texts mean the same bytes."""
    return _against(wanted, context, octets, octets, lambda one, other: one == other)


def numeric(holds: Callable[[Decimal, Decimal], bool]) -> Comparison:
    """Make a comparison of numbers: `holds(value of the request, value of the policy)`."""
    return lambda wanted, context: _against(
        wanted, context, number, number, lambda bound, value: holds(value, bound)
    )


def dated(holds: Callable[[datetime, datetime], bool]) -> Comparison:
    """Make a comparison of moments: `holds(value of the request, value of the policy)`."""
    return lambda wanted, context: _against(
        wanted, context, moment, moment, lambda bound, value: holds(value, bound)
    )


V = TypeVar("V")


def _against(
    wanted: Text,
    context: Context,
    read_wanted: Callable[[str], T],
    read_value: Callable[[str], V],
    meets: Callable[[T, V], bool],
) -> Matcher:
    literal = wanted.literal(context)
    try:
        known = read_wanted(literal or "")
    except ValueError:
        return _nothing

    def matcher(value: str) -> bool:
        try:
            return meets(known, read_value(value))
        except ValueError:
            return False

    return matcher


def number(text: str) -> Decimal:
    """Read a finite number; raises ValueError."""
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


@lru_cache(maxsize=1024)
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


@lru_cache(maxsize=1024)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read a CIDR block or one address; bits beyond the prefix are ignored, as AWS does. ValueError."""
    return ipaddress.ip_network(text, strict=False)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


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
