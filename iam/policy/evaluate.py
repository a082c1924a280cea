"""Whether a request is allowed by a set of policies: AWS's decision for one account, without AWS.

Rules: IAM User Guide, "Policy evaluation logic": an explicit Deny anywhere wins; else identity policies or
the resource's policy must allow; a permissions boundary and a session policy only ever take away.
Service control policies are not part of this model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from iam.policy.documents import Document, Kind, Statement, parse
from iam.policy.errors import PolicyError
from iam.policy.patterns import Context
from iam.policy.principals import Caller, Naming, caller

Raw = Mapping[str, object] | Document
ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies that bear on a request: parsed JSON or documents already read.

    `None` says that no such policy exists; a list, even an empty one, says that one applies.
    """

    identity: Sequence[Raw] | None = ()
    resource: Sequence[Raw] | None = ()
    boundary: Sequence[Raw] | None = None
    session: Sequence[Raw] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `action` as `service:Name`, the resource's ARN (`*` when the action has none), the caller.

    `principal` is the ARN of a user, a role, a role's session or a service's host name; "" is nobody known.
    `context` holds condition keys with one value or several; a list that is empty is a missing key.
    """

    action: str
    resource: str = "*"
    principal: str = ""
    context: Mapping[str, object] = field(default_factory=dict)


class Reason(StrEnum):
    """Why a decision is what it is."""

    EXPLICIT_DENY = "explicit_deny"
    IDENTITY_ALLOW = "identity_allow"
    RESOURCE_ALLOW = "resource_allow"
    NO_ALLOW = "no_allow"
    NOT_IN_BOUNDARY = "not_in_boundary"
    NOT_IN_SESSION = "not_in_session"
    NOT_TRUSTED = "not_trusted"

    @property
    def sentence(self) -> str:
        """Say it for people."""
        return SENTENCES[self]


SENTENCES: Mapping[str, str] = {
    Reason.EXPLICIT_DENY: "A statement denies it, and a deny always wins.",
    Reason.IDENTITY_ALLOW: "The caller's own policy allows it.",
    Reason.RESOURCE_ALLOW: "The policy of the resource allows it.",
    Reason.NO_ALLOW: "No statement allows it, and what is not allowed is denied.",
    Reason.NOT_IN_BOUNDARY: "The permissions boundary does not allow it.",
    Reason.NOT_IN_SESSION: "The session policy does not allow it.",
    Reason.NOT_TRUSTED: "The role's trust policy does not let this caller in.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer; `statements` are the deciding ones, such as "identity[0].Statement[2] (ReadOnly)"."""

    allowed: bool
    reason: Reason
    statements: tuple[str, ...] = ()


def evaluate(policies: PolicySet, request: Request) -> Decision:
    """Decide a request inside one account; raises PolicyError for a document or request that is not valid."""
    return _Case.of(policies, request).decide()


def evaluate_assume_role(policies: PolicySet, request: Request) -> Decision:
    """Decide sts:AssumeRole and its kin: `resource` is the trust policy, which must allow in any case.

    The caller's own policies must allow too when the role is in another account or the trust policy names
    only the caller's account (IAM User Guide, "Cross-account policy evaluation logic").
    """
    return _Case.of(policies, request).decide_trust()


@dataclass(slots=True)
class _Case:
    identity: Sequence[Document]
    resource: Sequence[Document]
    boundary: Sequence[Document] | None
    session: Sequence[Document] | None
    action: str
    target: str
    caller: Caller
    context: Context

    @classmethod
    def of(cls, policies: PolicySet, request: Request) -> "_Case":
        if not ACTION.fullmatch(request.action):
            raise PolicyError("request.action", f'must look like "service:Action", not {request.action!r}')
        given = _given(request.context)
        who = caller(request.principal, given.get("aws:principalarn", ("",))[0])
        return cls(
            identity=_read(policies.identity, Kind.IDENTITY) or (),
            resource=_read(policies.resource, Kind.RESOURCE) or (),
            boundary=_read(policies.boundary, Kind.BOUNDARY),
            session=_read(policies.session, Kind.SESSION),
            action=request.action,
            target=request.resource,
            caller=who,
            context={**_known(who), **given},
        )

    def decide(self) -> Decision:
        return self._denied() or self._limited(self._allowing(self.identity), self._named_by())

    def decide_trust(self) -> Decision:
        denied = self._denied()
        if denied:
            return denied
        naming = self._named_by()
        if not naming:
            return Decision(allowed=False, reason=Reason.NOT_TRUSTED)
        role_account = self.target.split(":")[4:5]
        foreign = self.caller.account != "" and [self.caller.account] != role_account
        if foreign or max(naming) is Naming.ACCOUNT:
            own = self._limited(self._allowing(self.identity), {})
            return replace(own, statements=naming[max(naming)] + own.statements) if own.allowed else own
        return self._limited((), naming)

    def _denied(self) -> Decision | None:
        denying = [
            statement.name
            for documents in (self.identity, self.resource, self.boundary or (), self.session or ())
            for document in documents
            for statement in document.covering(self.action)[0]
            if self._is_meant(statement) and statement.applies(self.target, self.context)
        ]
        if not denying:
            return None
        return Decision(allowed=False, reason=Reason.EXPLICIT_DENY, statements=tuple(denying))

    def _is_meant(self, denying: Statement) -> bool:
        named = denying.principals
        return named is None or named.denies(self.caller, bounded=self.boundary is not None)

    def _limited(self, own: tuple[str, ...], naming: Mapping[Naming, tuple[str, ...]]) -> Decision:
        """Hold what is granted against boundary and session policy, as far as they bind each grant."""
        if Naming.OUTRIGHT in naming:
            return Decision(allowed=True, reason=Reason.RESOURCE_ALLOW, statements=naming[Naming.OUTRIGHT])
        as_role, as_user = naming.get(Naming.ROLE, ()), naming.get(Naming.USER, ())
        if not (own or as_role or as_user):
            return Decision(allowed=False, reason=Reason.NO_ALLOW)
        if not self._within(self.session):
            return Decision(allowed=False, reason=Reason.NOT_IN_SESSION)
        if as_user:
            return Decision(allowed=True, reason=Reason.RESOURCE_ALLOW, statements=as_user)
        if not self._within(self.boundary):
            return Decision(allowed=False, reason=Reason.NOT_IN_BOUNDARY)
        reason = Reason.IDENTITY_ALLOW if own else Reason.RESOURCE_ALLOW
        return Decision(allowed=True, reason=reason, statements=own or as_role)

    def _within(self, limit: Sequence[Document] | None) -> bool:
        return limit is None or bool(self._allowing(limit))

    def _named_by(self) -> dict[Naming, tuple[str, ...]]:
        """Group the resource's allowing statements by how closely each names the caller."""
        found: dict[Naming, tuple[str, ...]] = {}
        for document in self.resource:
            for statement in document.covering(self.action)[1]:
                naming = statement.principals.grants(self.caller) if statement.principals else Naming.NONE
                if naming is not Naming.NONE and statement.applies(self.target, self.context):
                    found[naming] = (*found.get(naming, ()), statement.name)
        return found

    def _allowing(self, documents: Sequence[Document]) -> tuple[str, ...]:
        return tuple(
            statement.name
            for document in documents
            for statement in document.covering(self.action)[1]
            if statement.applies(self.target, self.context)
        )


def _read(documents: Sequence[Raw] | None, kind: Kind) -> Sequence[Document] | None:
    if documents is None:
        return None
    if isinstance(documents, str | Mapping):
        raise PolicyError(kind.value, "must be a list of policy documents")
    return [
        raw if isinstance(raw, Document) and raw.kind is kind else _document(raw, kind, n)
        for n, raw in enumerate(documents)
    ]


def _document(raw: Raw, kind: Kind, place: int) -> Document:
    where = f"{kind.value}[{place}]"
    if isinstance(raw, Document):
        raise PolicyError(where, f"is a document of kind {raw.kind}, not {kind}")
    return parse(raw, kind, where)


def _given(context: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """Read the request's keys: lower case, every value a text, keys without a value left out."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in context.items():
        lowered = key.lower()
        if isinstance(value, str):
            texts: tuple[str, ...] = (value,)
        else:
            values = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            texts = tuple(_spelled(one) for one in values if one is not None)
        if texts:
            found[lowered] = found[lowered] + texts if lowered in found else texts
    return found


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1024)
def _known(who: Caller) -> Mapping[str, tuple[str, ...]]:
    """Give the keys that AWS itself adds, as far as the caller's ARN says them."""
    user = who.arn.rpartition("/")[2] if ":user/" in who.arn else ""
    known = {
        "aws:principalarn": who.role or who.arn,
        "aws:principalaccount": who.account,
        "aws:username": user,
    }
    return {key: (value,) for key, value in known.items() if value}
