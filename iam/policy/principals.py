"""Who a resource policy or trust policy speaks of: Principal and NotPrincipal.

Rules: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType

from iam.policy.errors import PolicyError

ACCOUNT = re.compile(r"\d{12}")
ROOT = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):root")
SESSION = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/([^/]+)")
ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):(iam|sts)::(\d{12}|cloudfront):[^\s*?]+")
UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,}")


class Naming(IntEnum):
    """How closely a statement names the caller, the closest highest.

    AWS limits what each gives: an account only delegates (its own identity policies must allow), a role
    is held in by boundary and session policy, a user by the session policy, and a session, a service or
    everyone by neither (IAM User Guide, "How enforcement code logic evaluates requests").
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    USER = 3
    OUTRIGHT = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller's names: its ARN (or service host name), its role's ARN if it is a session, its account."""

    arn: str
    role: str
    account: str


@lru_cache(maxsize=1024)
def caller(principal: str, role_arn: str = "") -> Caller:
    """Read the ARN that calls; `role_arn` is the role's own ARN when the caller's role has a path."""
    session = SESSION.fullmatch(principal)
    if session:
        partition, account, role, _ = session.groups()
        plain = f"arn:{partition}:iam::{account}:role/{role}"
        with_path = role_arn.startswith(f"arn:{partition}:iam::{account}:role/") and role_arn.endswith(
            f"/{role}"
        )
        return Caller(principal, role_arn if with_path else plain, account)
    fields = principal.split(":")
    account = fields[4] if principal.startswith("arn:") and len(fields) > 4 else ""  # noqa: PLR2004 - ARN fields
    return Caller(principal, principal if ":role/" in principal else "", account)


@dataclass(frozen=True, slots=True)
class Principals:
    """The Principal or NotPrincipal element of a statement, as (kind, value) pairs."""

    entries: tuple[tuple[str, str], ...]
    negated: bool
    everyone: bool = field(repr=False, compare=False)
    names: frozenset[str] = field(repr=False, compare=False)
    """What is named under AWS but accounts."""
    accounts: frozenset[str] = field(repr=False, compare=False)
    others: frozenset[str] = field(repr=False, compare=False)
    """Services, identity providers and canonical users."""

    def naming(self, who: Caller) -> Naming:
        """Give how closely the element names the caller, whether as Principal or as NotPrincipal."""
        if self.everyone or who.arn in self.others:
            return Naming.OUTRIGHT
        if who.arn in self.names and who.arn != who.role:
            return Naming.USER if ":user/" in who.arn else Naming.OUTRIGHT
        if who.role in self.names:
            return Naming.ROLE
        if who.account not in self.accounts:
            return Naming.NONE
        return Naming.OUTRIGHT if who.arn.endswith(":root") else Naming.ACCOUNT

    def grants(self, who: Caller) -> Naming:
        """Give how closely an Allow names the caller; a NotPrincipal names everyone it leaves out."""
        naming = self.naming(who)
        if not self.negated:
            return naming
        return Naming.OUTRIGHT if naming is Naming.NONE else Naming.NONE

    def denies(self, who: Caller, *, bounded: bool) -> bool:
        """Say whether a Deny is meant for the caller; `bounded`: its role or user has a permissions boundary.

        A NotPrincipal spares whom it names. An account named beside users or roles of its own opens the way
        for these alone, and a boundary makes AWS deny whoever is named (IAM User Guide, "NotPrincipal" and
        "Permissions boundaries for IAM entities").
        """
        naming = self.naming(who)
        if not self.negated:
            return naming is not Naming.NONE
        if bounded and who.account and not self.everyone:
            return True
        if naming is Naming.ACCOUNT:
            return any(f":{who.account}:" in name for name in self.names)
        return naming is Naming.NONE


def _account(value: str) -> str:
    root = ROOT.fullmatch(value)
    return root[2] if root else value


def read_principals(element: object, *, negated: bool, where: str) -> Principals:
    """Read the element; raises PolicyError for a name that AWS would not take, such as one with wildcards."""
    if element == "*":
        return principals((("AWS", "*"),), negated=negated)
    if not isinstance(element, dict) or not element:
        raise PolicyError(where, 'must be "*" or an object such as {"AWS": "arn:…"}')
    entries = [(kind, value) for kind, values in element.items() for value in _listed(kind, values, where)]
    return principals(tuple(entries), negated=negated)


def principals(entries: tuple[tuple[str, str], ...], *, negated: bool) -> Principals:
    """Sort the named ones by what they are."""
    named = [_account(value) for kind, value in entries if kind == "AWS"]
    return Principals(
        entries=entries,
        negated=negated,
        everyone="*" in named,
        names=frozenset(value for value in named if not ACCOUNT.fullmatch(value)),
        accounts=frozenset(value for value in named if ACCOUNT.fullmatch(value)),
        others=frozenset(value for kind, value in entries if kind != "AWS"),
    )


def _listed(kind: object, raw: object, where: str) -> Iterator[str]:
    if kind not in FORMS:
        raise PolicyError(f"{where}.{kind}", f"knows no kind of principal {kind!r}")
    if raw == []:
        raise PolicyError(f"{where}.{kind}", "names nobody")
    for place, value in enumerate(raw if isinstance(raw, list) else [raw]):
        if not isinstance(value, str) or not FORMS[str(kind)](value):
            at = f"{where}.{kind}[{place}]" if isinstance(raw, list) else f"{where}.{kind}"
            raise PolicyError(at, f"is not a principal that AWS takes: {value!r}")
        yield value


def _aws(value: str) -> bool:
    return value == "*" or any(form.fullmatch(value) for form in (ACCOUNT, ARN, UNIQUE_ID))


def _plain(value: str) -> bool:
    return bool(value) and not set(value) & {"*", "?", " "}


FORMS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {"AWS": _aws, "Service": _plain, "Federated": _plain, "CanonicalUser": _plain}
)
"""How each kind of principal is written."""
