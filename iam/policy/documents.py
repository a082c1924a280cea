"""What a policy document says: read strictly, so that no mistake in it is ever taken for a grant.

Rules: IAM User Guide, "IAM JSON policy elements reference" and "Grammar of the IAM JSON policy language".
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from iam.policy.conditions import ALL, ANY, IF_EXISTS, NULL, OPERATORS, Condition, condition
from iam.policy.errors import PolicyError
from iam.policy.patterns import COLONS, VARIABLE, Text, text
from iam.policy.positions import places
from iam.policy.principals import Principals, read_principals
from iam.policy.statements import Document, Effect, Kind, Resources, Statement, actions, resources

__all__ = ["CURRENT", "Document", "Effect", "Kind", "Statement", "canonical", "load", "parse"]

CURRENT: Final = "2012-10-17"
VERSIONS: Final = (CURRENT, "2008-10-17")
ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?-]+")
DOCUMENT_KEYS: Final = frozenset({"Version", "Id", "Statement"})
WHOLE: Final = frozenset({Kind.SESSION, Kind.RESOURCE})
"""Kinds in which AWS does not fill up an incomplete ARN; in those that hang on identities it does."""
STATEMENT_KEYS: Final = frozenset(
    {
        *("Sid", "Effect", "Condition", "Action", "NotAction"),
        *("Resource", "NotResource", "Principal", "NotPrincipal"),
    }
)


def canonical(document: Mapping[str, object]) -> str:
    """Give the one shortest JSON text of a document: what is sent to AWS, measured and compared."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def load(source: str) -> dict[str, object]:
    """Read a document's JSON text; raises PolicyError when it is no JSON object or names a key twice."""
    try:
        loaded = json.loads(source, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise PolicyError("document", f"is not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise PolicyError("document", "is not JSON that a policy can be") from error
    if not isinstance(loaded, dict):
        raise PolicyError("document", "must be a JSON object")
    _once(source)
    return loaded


def _no_number(constant: str) -> object:
    raise ValueError(constant)


def _once(source: str) -> None:
    seen: set[str] = set()
    for path, _ in places(source):
        if path in seen:
            raise PolicyError(f"document{path}", "is there twice")
        seen.add(path)


def parse(document: object, kind: Kind = Kind.IDENTITY, where: str = "") -> Document:
    """Read a document (parsed JSON); raises PolicyError that says where and what."""
    where = where or kind.value
    body = _object(document, where, DOCUMENT_KEYS)
    version = body.get("Version", VERSIONS[-1])
    if version not in VERSIONS:
        raise PolicyError(f"{where}.Version", f'must be "{CURRENT}", not {version!r}')
    if "Statement" not in body:
        raise PolicyError(where, "has no Statement")
    if not isinstance(body.get("Id", ""), str):
        raise PolicyError(f"{where}.Id", "must be a string")
    statements = body["Statement"] if isinstance(body["Statement"], list) else [body["Statement"]]
    reader = _Reader(kind, variables=version == CURRENT)
    read = tuple(
        reader.statement(statement, f"{where}.Statement[{n}]") for n, statement in enumerate(statements)
    )
    _unique(read)
    return Document(kind, read)


def _unique(statements: Iterable[Statement]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid in seen:
            raise PolicyError(f"{statement.where}.Sid", f'uses the Sid "{statement.sid}" twice')
        seen |= {statement.sid} - {""}


@dataclass(frozen=True, slots=True)
class _Reader:
    kind: Kind
    variables: bool

    def statement(self, raw: object, where: str) -> Statement:
        body = _object(raw, where, STATEMENT_KEYS)
        sid = body.get("Sid", "")
        if not isinstance(sid, str):
            raise PolicyError(f"{where}.Sid", "must be a string")
        named, not_actions, place = _either(body, "Action", where)
        return Statement(
            where=where,
            sid=sid,
            effect=_effect(body, where),
            actions=actions([_action(one, at) for one, at in _strings(named, place)], negated=not_actions),
            resources=self._resources(body, where),
            principals=self._principals(body, where),
            conditions=tuple(self._conditions(body.get("Condition", {}), f"{where}.Condition")),
        )

    def _resources(self, body: Mapping[str, object], where: str) -> Resources | None:
        if self.kind is Kind.RESOURCE and not body.keys() & {"Resource", "NotResource"}:
            return None
        named, negated, place = _either(body, "Resource", where)
        return resources([self._resource(raw, at) for raw, at in _strings(named, place)], negated=negated)

    def _resource(self, raw: str, where: str) -> Text:
        if raw != "*" and not raw.startswith("arn:"):
            raise PolicyError(where, f'must be an ARN or "*", not {raw!r}')
        if self.kind in WHOLE and raw.count(":") < COLONS and not raw.endswith("*"):
            raise PolicyError(where, f"is no whole ARN: {raw!r}")
        return text(raw, variables=self.variables)

    def _principals(self, body: Mapping[str, object], where: str) -> Principals | None:
        named = body.keys() & {"Principal", "NotPrincipal"}
        if self.kind is not Kind.RESOURCE:
            if named:
                raise PolicyError(where, f"a policy of kind {self.kind} cannot name a Principal")
            return None
        element, negated, place = _either(body, "Principal", where)
        return read_principals(element, negated=negated, where=place)

    def _conditions(self, raw: object, where: str) -> Iterable[Condition]:
        for operator, lines in _object(raw, where).items():
            for key, values in _object(lines, f"{where}.{operator}").items():
                yield self._condition(operator, key, values, f"{where}.{operator}.{key}")

    def _condition(self, spelled: str, key: str, values: object, where: str) -> Condition:
        quantifier, operator, if_exists = _operator(spelled, where)
        if not key:
            raise PolicyError(where, "names no condition key")
        raws = [raw for raw, _ in _values(values, where)]
        for raw, place in _values(values, where):
            _readable(raw, OPERATORS[operator].read, place)
        return condition(
            operator, key, raws, quantifier=quantifier, if_exists=if_exists, variables=self.variables
        )


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


def _values(raw: object, where: str) -> Iterator[tuple[str, str]]:
    """Give each value as a text, with its place."""
    for value, place in _each(raw, where):
        if not isinstance(value, str | bool | int | float):
            raise PolicyError(place, "must be a string, a number, true or false, or a list of these")
        yield (str(value).lower() if isinstance(value, bool) else str(value)), place


def _each(raw: object, where: str) -> Iterator[tuple[object, str]]:
    if isinstance(raw, list):
        yield from ((value, f"{where}[{n}]") for n, value in enumerate(raw))
    else:
        yield raw, where


def _effect(body: Mapping[str, object], where: str) -> Effect:
    try:
        return Effect(str(body.get("Effect")))
    except ValueError as error:
        raise PolicyError(f"{where}.Effect", 'must be "Allow" or "Deny"') from error


def _action(raw: str, where: str) -> str:
    if not ACTION.fullmatch(raw):
        raise PolicyError(where, f'must look like "service:Action", not {raw!r}')
    return raw


def _either(body: Mapping[str, object], name: str, where: str) -> tuple[object, bool, str]:
    """Take X or NotX, of which a statement has exactly one: its value, whether it is NotX, its place."""
    if (name in body) == (f"Not{name}" in body):
        raise PolicyError(where, f"needs either {name} or Not{name}")
    taken = name if name in body else f"Not{name}"
    return body[taken], taken != name, f"{where}.{taken}"


def _strings(raw: object, where: str) -> Iterator[tuple[str, str]]:
    """Give each string with its place."""
    if raw == []:
        raise PolicyError(where, "must be a string or a list of strings, and not empty")
    for value, place in _each(raw, where):
        if not isinstance(value, str) or not value:
            raise PolicyError(place, "must be a string or a list of strings, and not empty")
        yield value, place


def _object(raw: object, where: str, known: frozenset[str] | None = None) -> Mapping[str, object]:
    if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
        raise PolicyError(where, "must be a JSON object")
    unknown = sorted(raw.keys() - known) if known is not None else []
    if unknown:
        raise PolicyError(f"{where}.{unknown[0]}", f"knows no element {unknown[0]!r}")
    return raw
