"""What a policy document says: read strictly, so that no mistake in it is ever taken for a grant.

Rules: IAM User Guide, "IAM JSON policy elements reference" and "Grammar of the IAM JSON policy language".
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from iam.policy.conditions import ALL, ANY, IF_EXISTS, NULL, OPERATORS, Condition
from iam.policy.errors import PolicyError
from iam.policy.patterns import VARIABLE, Context, Glob, Text, arn_matches, text, wildcard
from iam.policy.principals import Principals, read_principals

CURRENT: Final = "2012-10-17"
VERSIONS: Final = (CURRENT, "2008-10-17")
ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
DOCUMENT_KEYS: Final = frozenset({"Version", "Id", "Statement"})
STATEMENT_KEYS: Final = frozenset(
    {
        *("Sid", "Effect", "Condition", "Action", "NotAction"),
        *("Resource", "NotResource", "Principal", "NotPrincipal"),
    }
)


class Effect(StrEnum):
    """What a statement does to a request that it covers."""

    ALLOW = "Allow"
    DENY = "Deny"


class Kind(StrEnum):
    """Where a document is attached; a resource document (bucket or trust policy) names principals."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, read. `None` resources: a trust policy, which speaks of the role it hangs on."""

    where: str
    sid: str
    effect: Effect
    actions: tuple[Glob, ...]
    not_actions: bool
    resources: tuple[Text, ...] | None
    not_resources: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """Give the place in its document, with the Sid where it has one."""
        return f"{self.where} ({self.sid})" if self.sid else self.where

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Say whether action, resource and conditions of a request fall under this statement."""
        return (
            self._covers_action(action)
            and self._covers_resource(resource, context)
            and self._is_certain(context)
            and all(condition.holds(context) for condition in self.conditions)
        )

    def _covers_action(self, action: str) -> bool:
        return any(glob.fullmatch(action) for glob in self.actions) != self.not_actions

    def _covers_resource(self, resource: str, context: Context) -> bool:
        if self.resources is None:
            return True
        return any(_fits(wanted, resource, context) for wanted in self.resources) != self.not_resources

    def _is_certain(self, context: Context) -> bool:
        """Keep an Allow from growing where a "not" holds only because a variable could not be filled in."""
        if self.effect is Effect.DENY:
            return True
        resources = self.resources or ()
        return (not self.not_resources or all(wanted.resolvable(context) for wanted in resources)) and all(
            condition.resolvable(context) for condition in self.conditions if condition.negated
        )


def _fits(wanted: Text, resource: str, context: Context) -> bool:
    if wanted.raw == "*":
        return True
    globs = wanted.arn(context)
    return globs is not None and arn_matches(globs, resource)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document, read."""

    kind: Kind
    statements: tuple[Statement, ...]


def canonical(document: Mapping[str, object]) -> str:
    """Give the one shortest JSON text of a document: what is sent to AWS, measured and compared."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def load(source: str) -> dict[str, object]:
    """Read a document's JSON text; raises PolicyError when it is no JSON object or names a key twice."""
    try:
        loaded = json.loads(source, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise PolicyError("document", f"is not JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise PolicyError("document", "must be a JSON object")
    return loaded


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PolicyError("document", f"names a key twice: {', '.join(sorted(key for key, _ in pairs))}")
    return found


def parse(document: object, kind: Kind = Kind.IDENTITY, where: str = "") -> Document:
    """Read a document (parsed JSON); raises PolicyError that says where and what."""
    where = where or kind.value
    body = _object(document, where, DOCUMENT_KEYS)
    version = body.get("Version", VERSIONS[-1])
    if version not in VERSIONS:
        raise PolicyError(f"{where}.Version", f'must be "{CURRENT}", not {version!r}')
    if "Statement" not in body:
        raise PolicyError(where, "has no Statement")
    statements = body["Statement"] if isinstance(body["Statement"], list) else [body["Statement"]]
    reader = _Reader(kind, variables=version == CURRENT)
    read = tuple(
        reader.statement(statement, f"{where}.Statement[{n}]") for n, statement in enumerate(statements)
    )
    _unique([statement.sid for statement in read if statement.sid], where)
    return Document(kind, read)


def _unique(sids: list[str], where: str) -> None:
    twice = [sid for sid in sids if sids.count(sid) > 1]
    if twice:
        raise PolicyError(where, f'uses the Sid "{twice[0]}" twice')


@dataclass(frozen=True, slots=True)
class _Reader:
    kind: Kind
    variables: bool

    def statement(self, raw: object, where: str) -> Statement:
        body = _object(raw, where, STATEMENT_KEYS)
        sid = body.get("Sid", "")
        if not isinstance(sid, str):
            raise PolicyError(f"{where}.Sid", "must be a string")
        actions, not_actions = _either(body, "Action", where)
        resources, not_resources = self._resources(body, where)
        return Statement(
            where=where,
            sid=sid,
            effect=_effect(body, where),
            actions=tuple(_action(action, where) for action in _strings(actions, f"{where}.Action")),
            not_actions=not_actions,
            resources=resources,
            not_resources=not_resources,
            principals=self._principals(body, where),
            conditions=tuple(self._conditions(body.get("Condition", {}), f"{where}.Condition")),
        )

    def _resources(self, body: Mapping[str, object], where: str) -> tuple[tuple[Text, ...] | None, bool]:
        if self.kind is Kind.RESOURCE and not body.keys() & {"Resource", "NotResource"}:
            return None, False
        resources, negated = _either(body, "Resource", where)
        read = (self._resource(raw, where) for raw in _strings(resources, f"{where}.Resource"))
        return tuple(read), negated

    def _resource(self, raw: str, where: str) -> Text:
        if raw != "*" and not raw.startswith("arn:"):
            raise PolicyError(f"{where}.Resource", f'must be an ARN or "*", not {raw!r}')
        if raw.count(":") < 5 and not raw.endswith("*"):  # noqa: PLR2004 - an ARN has five colons at least
            raise PolicyError(f"{where}.Resource", f"is no whole ARN: {raw!r}")
        return text(raw, variables=self.variables)

    def _principals(self, body: Mapping[str, object], where: str) -> Principals | None:
        named = body.keys() & {"Principal", "NotPrincipal"}
        if self.kind is not Kind.RESOURCE:
            if named:
                raise PolicyError(where, f"a policy of kind {self.kind} cannot name a Principal")
            return None
        element, negated = _either(body, "Principal", where)
        return read_principals(element, negated=negated, where=where)

    def _conditions(self, raw: object, where: str) -> Iterable[Condition]:
        for operator, lines in _object(raw, where).items():
            for key, values in _object(lines, f"{where}.{operator}").items():
                yield self._condition(operator, key, values, f"{where}.{operator}.{key}")

    def _condition(self, spelled: str, key: str, values: object, where: str) -> Condition:
        quantifier, operator, if_exists = _operator(spelled, where)
        if not key:
            raise PolicyError(where, "names no condition key")
        raws = _values(values, where)
        for raw in raws:
            _readable(raw, OPERATORS[operator].read, where)
        texts = tuple(text(raw, variables=self.variables) for raw in raws)
        return Condition(operator, quantifier, if_exists, key.lower(), texts)


def _operator(spelled: str, where: str) -> tuple[str, str, bool]:
    quantifier, colon, name = spelled.rpartition(":")
    operator = name.removesuffix(IF_EXISTS)
    if operator not in OPERATORS or (colon and quantifier not in {ANY, ALL}):
        raise PolicyError(where, f"knows no operator {spelled!r}")
    if operator == NULL and spelled != NULL:
        raise PolicyError(where, "Null takes neither IfExists nor ForAnyValue nor ForAllValues")
    return quantifier, operator, operator != name


def _readable(raw: str, read: Callable[[str], object], where: str) -> None:
    if VARIABLE.search(raw):
        return
    try:
        read(raw)
    except ValueError as error:
        raise PolicyError(where, f"cannot be read: {raw!r}") from error


def _values(raw: object, where: str) -> list[str]:
    values = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(value, str | bool | int | float) for value in values):
        raise PolicyError(where, "must be a string, a number, true or false, or a list of these")
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _effect(body: Mapping[str, object], where: str) -> Effect:
    try:
        return Effect(str(body.get("Effect")))
    except ValueError as error:
        raise PolicyError(f"{where}.Effect", 'must be "Allow" or "Deny"') from error


def _action(raw: str, where: str) -> Glob:
    if not ACTION.fullmatch(raw):
        raise PolicyError(f"{where}.Action", f'must look like "service:Action", not {raw!r}')
    return wildcard(raw, ignore_case=True)


def _either(body: Mapping[str, object], name: str, where: str) -> tuple[object, bool]:
    """Take X or NotX, of which a statement must have exactly one."""
    if (name in body) == (f"Not{name}" in body):
        raise PolicyError(where, f"needs either {name} or Not{name}")
    return (body[name], False) if name in body else (body[f"Not{name}"], True)


def _strings(raw: object, where: str) -> list[str]:
    values = raw if isinstance(raw, list) else [raw]
    strings = [value for value in values if isinstance(value, str) and value]
    if not strings or len(strings) < len(values):
        raise PolicyError(where, "must be a string or a list of strings, and not empty")
    return strings


def _object(raw: object, where: str, known: frozenset[str] | None = None) -> Mapping[str, object]:
    if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
        raise PolicyError(where, "must be a JSON object")
    unknown = sorted(raw.keys() - known) if known is not None else []
    if unknown:
        raise PolicyError(where, f"knows no element {unknown[0]!r}")
    return raw
