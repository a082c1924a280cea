"""Reads back what a customer's own tools say they have made, so that nobody copies ids by hand.

Forms: Terraform, "Command: output" (`terraform output -json`); AWS CLI Command Reference, "cloudformation
describe-stacks"; and what our own script prints. Each is brought to the same names first, those that the
exports give their outputs; everything wrong is said at once, each thing with how to mend it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clouds.export.parts import pascal
from iam.policy.arns import ArnError, is_account_id, parse_role_arn

_BY_ZONE: Final = "subnet_ids"
LONGEST_TEXT: Final = 200_000
NAMES: Final = (
    "vpc_id",
    _BY_ZONE,
    "security_group_id",
    "cluster_role_arn",
    "instance_profile_arn",
    "bucket",
    "cross_account_role_arn",
)
"""The outputs that a registration needs."""
_SETTLED: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    }
)
_PROFILE: Final = re.compile(
    r"arn:aws:iam::([0-9]{12}):instance-profile/(?:[\x21-\x7e]+/)?[\w+=,.@-]{1,128}", re.ASCII
)
_ZONE: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}[a-z]")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HOW_TO_ASK: Final = (
    "Give the text of `terraform output -json`, of `aws cloudformation describe-stacks --stack-name …`, or "
    "what Raydock's script printed."
)


class OutputsError(ValueError):
    """Outputs that a cloud cannot be registered with; `problems` maps an output's name to what is wrong.

    What is wrong with the text as a whole stands under "outputs".
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep the messages by output."""
        self.problems = dict(problems)
        super().__init__(" ".join(f"{name}: {said}" for name, said in self.problems.items()))


@dataclass(frozen=True, slots=True)
class MadeSubnet:
    """A subnet that a customer made; `zone` is empty where the outputs do not say it."""

    id: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a customer has made for a cloud, by AWS's ids and ARNs."""

    account_id: str
    vpc_id: str
    subnets: tuple[MadeSubnet, ...]
    security_group_ids: tuple[str, ...]
    cluster_role_arn: str
    instance_profile_arn: str
    bucket: str
    cross_account_role_arn: str


def read_outputs(text: str) -> Registration:
    """Return what the outputs name, in whichever of the three forms they are. Raises OutputsError."""
    named, source = _recognized(_loaded(text))
    return _Reader(named, source).registration()


@dataclass(frozen=True, slots=True)
class _Source:
    """Where outputs come from: how their names are written there, and how one is added."""

    written: Callable[[str], str]
    mend: str


_TERRAFORM: Final = _Source(
    lambda name: name,
    'Add output "{name}" to the Terraform files, apply, and run `terraform output -json` again.',
)
_STACK: Final = _Source(
    lambda name: pascal(name, "_"),
    "Add {name} to the template's Outputs, update the stack, and describe it again.",
)


def _loaded(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_TEXT:
        raise OutputsError({"outputs": f"The text is longer than {LONGEST_TEXT} characters. {_HOW_TO_ASK}"})
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OutputsError({"outputs": f"This is not JSON. {_HOW_TO_ASK}"}) from error
    if not isinstance(found, dict):
        raise OutputsError({"outputs": f"This is JSON, but no object. {_HOW_TO_ASK}"})
    return found


def _recognized(found: Mapping[str, Any]) -> tuple[dict[str, Any], _Source]:
    if "Stacks" in found:
        return _of_stack(found["Stacks"]), _STACK
    if not found:
        said = (
            "There are no outputs. Run it where the state is: in the folder of the applied Terraform files."
        )
        raise OutputsError({"outputs": said})
    wrapped = {name: one["value"] for name, one in found.items() if isinstance(one, dict) and "value" in one}
    return {**found, **wrapped}, _TERRAFORM


def _of_stack(stacks: Any) -> dict[str, Any]:
    described = [one for one in stacks if isinstance(one, dict)] if isinstance(stacks, list) else []
    if len(described) != 1:
        said = f"{len(described)} stacks are described here. Name the one: `describe-stacks --stack-name …`."
        raise OutputsError({"outputs": said})
    (stack,) = described
    state = str(stack.get("StackStatus", ""))
    if state not in _SETTLED:
        said = (
            f"The stack is in the state {state[:60] or 'unknown'}. Wait until it is CREATE_COMPLETE or "
            "UPDATE_COMPLETE; if it failed, its events say why."
        )
        raise OutputsError({"outputs": said})
    listed = stack.get("Outputs")
    pairs = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    told = {str(one.get("OutputKey")): one.get("OutputValue") for one in pairs}
    named = {name: told[key] for name in NAMES if (key := pascal(name, "_")) in told}
    return _with_zones(named, told.get("SubnetZones"))


def _with_zones(named: dict[str, Any], zones: Any) -> dict[str, Any]:
    """Bring the two lists of a stack to what Terraform says: zone and id; without zones a list of ids."""
    ids = named.get(_BY_ZONE)
    if isinstance(ids, str):
        parted = _parted(ids)
        in_zones = _parted(zones) if isinstance(zones, str) else []
        fit = len(set(in_zones)) == len(parted)
        named[_BY_ZONE] = dict(zip(in_zones, parted, strict=True)) if fit else parted
    return named


def _parted(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


class _Reader:
    """Takes the outputs one after the other and remembers all that is wrong."""

    def __init__(self, named: Mapping[str, Any], source: _Source) -> None:
        self.named = named
        self.source = source
        self.problems: dict[str, str] = {}

    def registration(self) -> Registration:
        vpc, bucket = self.one("vpc_id", _is("vpc")), self.one("bucket", _bucket)
        groups = tuple(self.texts("security_group_id", _is("sg")))
        subnets = tuple(MadeSubnet(one, zone) for one, zone in self.subnets())
        arns = {
            "cluster_role_arn": self.one("cluster_role_arn", _role),
            "instance_profile_arn": self.one("instance_profile_arn", _profile),
            "cross_account_role_arn": self.one("cross_account_role_arn", _role),
        }
        account = self.account(arns)
        if self.problems:
            raise OutputsError({self.source.written(name): said for name, said in self.problems.items()})
        return Registration(
            account_id=account, vpc_id=vpc, subnets=subnets, security_group_ids=groups, bucket=bucket, **arns
        )

    def one(self, name: str, wrong: Callable[[str], str]) -> str:
        found = self.texts(name, wrong)
        if len(found) > 1:
            self.problems[name] = "It names several things; a cloud has one. Give the one that it is to use."
        return found[0] if found else ""

    def texts(self, name: str, wrong: Callable[[str], str]) -> list[str]:
        """The output as a list of texts; one text is a list of one."""
        value = self.named.get(name)
        if value in (None, "", [], {}):
            mend = self.source.mend.format(name=self.source.written(name))
            self.problems[name] = f"The output is {'missing' if name not in self.named else 'empty'}. {mend}"
            return []
        if isinstance(value, dict) and name == _BY_ZONE:
            value = list(value.values())
        listed = value if isinstance(value, list) else [value]
        said = [wrong(one) if isinstance(one, str) else f"{_shown(one)} is no text." for one in listed]
        if any(said):
            self.problems[name] = " ".join(filter(None, said))
        return [str(one) for one in listed]

    def subnets(self) -> Iterable[tuple[str, str]]:
        found = self.texts(_BY_ZONE, _is("subnet"))
        if len(set(found)) != len(found):
            self.problems[_BY_ZONE] = "A subnet is named twice. Name each subnet once."
        value = self.named.get(_BY_ZONE)
        zones = [str(zone) for zone in value] if isinstance(value, dict) else [""] * len(found)
        if odd := [_shown(zone) for zone in zones if zone and not _ZONE.fullmatch(zone)]:
            self.problems[_BY_ZONE] = f"{', '.join(odd)}: a zone looks like eu-central-1a."
        return zip(found, zones, strict=True)

    def account(self, arns: Mapping[str, str]) -> str:
        """The one account of all ARNs that can be read."""
        accounts = {name: arn.split(":")[4] for name, arn in arns.items() if name not in self.problems}
        first = next(iter(accounts.values()), "")
        for name, account in accounts.items():
            if account != first:
                other = self.source.written(next(iter(accounts)))
                self.problems[name] = (
                    f"It is in account {account}, but {other} is in {first}. A cloud's roles are in one "
                    "account: give the outputs of one account."
                )
        return first


def _shown(value: Any) -> str:
    return json.dumps(value)[:80]


def _is(kind: str) -> Callable[[str], str]:
    pattern = re.compile(rf"{kind}-(?:[0-9a-f]{{8}}|[0-9a-f]{{17}})")

    def wrong(value: str) -> str:
        if pattern.fullmatch(value):
            return ""
        return f"{_shown(value)} is not an id of this kind; it looks like {kind}-0123456789abcdef0."

    return wrong


def _bucket(value: str) -> str:
    if _BUCKET.fullmatch(value):
        return ""
    return f"{_shown(value)} is not a bucket's name; give the name alone, without s3:// or an ARN."


def _role(value: str) -> str:
    try:
        parse_role_arn(value)
    except ArnError as error:
        return error.message
    return ""


def _profile(value: str) -> str:
    found = _PROFILE.fullmatch(value)
    if found and is_account_id(found[1]):
        return ""
    return (
        f"{_shown(value)} is not an instance profile's ARN; it looks like "
        "arn:aws:iam::123456789012:instance-profile/name. A role's ARN is another thing."
    )
