"""What a customer has made and gives to a registered cloud: read from a request, found again in facts. Pure.

Everything may be given as a name, an id or an ARN. What AWS calls it by is kept beside what was given, so
that a later look finds the same thing even where its name has changed since. Forms: EC2 User Guide,
"Resource IDs"; IAM User Guide, "IAM identifiers"; S3 User Guide, "Bucket naming rules".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clouds.facts import Facts, InstanceProfile, SecurityGroup, Subnet, Vpc
from clouds.plain import to_plain
from iam.policy.arns import NAME, ArnError, parse_role_arn

MOST_SUBNETS, MOST_GROUPS = 32, 16
LONGEST = 512
FIELDS: Final = (
    "vpc",
    "subnets",
    "security_groups",
    "cluster_role",
    "instance_profile",
    "bucket",
    "private_network",
)

_ID = re.compile(r"(?:[0-9a-f]{8}|[0-9a-f]{17})")
_EC2_ARN = re.compile(r"arn:aws:ec2:([a-z0-9-]+):([0-9]{12}):([a-z-]+)/([a-z]+-[0-9a-f]+)")
_PROFILE_ARN = re.compile(
    r"arn:aws:iam::([0-9]{12}):instance-profile(/(?:[!-~]+/)?)([\w+=,.@-]{1,128})", re.ASCII
)
_PROFILE_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class RegistrationError(ValueError):
    """What cannot be registered; `fields` maps a field's name to what is wrong with it and what to write."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        """Keep the messages by field."""
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {' '.join(said)}" for name, said in fields.items()))


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing of a registered cloud. `given` is empty where it was found through another part.

    `id` is AWS's own id (of EC2 only), `name` its Name tag or its name; both are empty until a look has
    shown them or where the text itself says them. `several`: ids of all that bear the given name.
    """

    given: str
    id: str = ""
    name: str = ""
    arn: str = ""
    several: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The part as people know it: what they gave, and the id where that is another text."""
        return f"{self.given} ({self.id})" if self.id and self.id not in self.given else self.given


@dataclass(frozen=True, kw_only=True)
class Registration:
    """All that a customer gives. Of role and profile one is enough: the other one is found through it."""

    vpc: Part
    subnets: tuple[Part, ...]
    security_groups: tuple[Part, ...]
    bucket: Part
    cluster_role: Part | None = None
    instance_profile: Part | None = None
    private_network: bool = False

    def to_json(self) -> dict[str, Any]:
        """The registration as JSON values."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    def given(self) -> dict[str, Any]:
        """What the customer gave, in the shape of a request."""
        single = {"cluster_role": self.cluster_role, "instance_profile": self.instance_profile}
        return {
            "vpc": self.vpc.given,
            "subnets": [one.given for one in self.subnets],
            "security_groups": [one.given for one in self.security_groups],
            **{name: one.given for name, one in single.items() if one and one.given},
            "bucket": self.bucket.given,
            "private_network": self.private_network,
        }


def read_registration(given: Mapping[str, Any], *, account_id: str, region: str) -> Registration:
    """Read what a request gives. Raises RegistrationError that names every field that is wrong."""
    reader = _Reader(given, account_id, region)
    found = reader.registration()
    if reader.wrong or found is None:
        raise RegistrationError(reader.wrong)
    return found


class _Reader:
    """Reads field by field and remembers all that is wrong."""

    def __init__(self, given: Mapping[str, Any], account_id: str, region: str) -> None:
        self.given, self.account_id, self.region = given, account_id, region
        self.wrong: dict[str, list[str]] = {}

    def registration(self) -> Registration | None:
        vpc = self.many("vpc", "vpc", "vpc", most=1)
        subnets = self.many("subnets", "subnet", "subnet", most=MOST_SUBNETS)
        groups = self.many("security_groups", "sg", "security-group", most=MOST_GROUPS)
        role = self.one("cluster_role", self.role)
        profile = self.one("instance_profile", self.profile)
        bucket = self.one("bucket", self.bucket)
        private = self.given.get("private_network")
        private = False if private is None else private
        if not isinstance(private, bool):
            self.wrong["private_network"] = ["Write true or false."]
        if not (role or profile or {"cluster_role", "instance_profile"} & self.wrong.keys()):
            self.wrong["cluster_role"] = ["Give the role of the cluster's nodes, or its instance profile."]
        if bucket is None and "bucket" not in self.wrong:
            self.wrong["bucket"] = ["Give the bucket: its name, its ARN or s3://name."]
        if self.wrong or bucket is None:
            return None
        return Registration(
            vpc=vpc[0],
            subnets=subnets,
            security_groups=groups,
            cluster_role=role,
            instance_profile=profile,
            bucket=bucket,
            private_network=private,
        )

    def many(self, field: str, prefix: str, noun: str, *, most: int) -> tuple[Part, ...]:
        value = self.given.get(field) or ()
        texts = (value,) if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not texts:
            self.wrong[field] = [f"Give {'the' if most == 1 else 'at least one'} {noun}: its id or its name."]
            return ()
        if len(texts) > most:
            self.wrong[field] = [f"Give at most {most}."]
            return ()
        said = [self.text(one) or self.foreign(one, prefix, noun) for one in texts]
        if len({str(one) for one in texts}) != len(texts):
            said.append("One is named twice. Name each once.")
        if any(said):
            self.wrong[field] = [one for one in said if one]
            return ()
        return tuple(_ec2_part(one.strip(), prefix) for one in texts)

    def foreign(self, text: str, prefix: str, noun: str) -> str:
        """What is wrong with the ARN or id of something in EC2, or an empty string."""
        if text.startswith("arn:"):
            found = _EC2_ARN.fullmatch(text.strip())
            if not found or found[3] != noun or not found[4].startswith(f"{prefix}-"):
                return f"{text} is not the ARN of a {noun}. Give its id, like {prefix}-0123456789abcdef0."
            if found[1] != self.region:
                return (
                    f"{text} is in {found[1]}, but the cloud is in {self.region}. Give one of {self.region}."
                )
            return self.account(text, found[2])
        kind, _, rest = text.strip().partition("-")
        if kind in {"vpc", "subnet", "sg"} and _ID.fullmatch(rest) and kind != prefix:
            return f"{text} is the id of something else. Give one like {prefix}-0123456789abcdef0."
        return ""

    def account(self, text: str, account_id: str) -> str:
        if account_id == self.account_id:
            return ""
        return f"{text} is in account {account_id}, but the cloud is in account {self.account_id}."

    def one(self, field: str, read: Callable[[str], Part | str]) -> Part | None:
        text = self.given.get(field) or ""
        if text == "":
            return None
        found = self.text(text) or read(text.strip())
        if isinstance(found, str):
            self.wrong[field] = [found]
            return None
        return found

    @staticmethod
    def text(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            return "Write it as text."
        if len(value) > LONGEST:
            return f"Write at most {LONGEST} characters."
        return "" if value.isprintable() else "There is a character in it that no name, id or ARN has."

    def role(self, text: str) -> Part | str:
        if not text.startswith("arn:"):
            if NAME.fullmatch(text):
                return Part(given=text, name=text)
            return f"{text} is neither the name nor the ARN of a role."
        try:
            found = parse_role_arn(text)
        except ArnError as error:
            return error.message
        return self.account(text, found.account_id) or Part(given=text, name=found.name, arn=text)

    def profile(self, text: str) -> Part | str:
        if not text.startswith("arn:"):
            if _PROFILE_NAME.fullmatch(text):
                return Part(given=text, name=text)
            return f"{text} is neither the name nor the ARN of an instance profile."
        found = _PROFILE_ARN.fullmatch(text)
        if not found:
            return (
                f"{text} is not the ARN of an instance profile. "
                "It looks like arn:aws:iam::123456789012:instance-profile/name."
            )
        return self.account(text, found[1]) or Part(given=text, name=found[3], arn=text)

    @staticmethod
    def bucket(text: str) -> Part | str:
        name = text.removeprefix("arn:aws:s3:::").removeprefix("s3://").removesuffix("/")
        if _BUCKET.fullmatch(name) and ".." not in name:
            return Part(given=text, name=name, arn=f"arn:aws:s3:::{name}")
        if "/" in name:
            return f"{text} names a folder. A cloud takes a whole bucket: give its name alone."
        return f"{text} is not a bucket. Give its name, its ARN or s3://name."


def _ec2_part(text: str, prefix: str) -> Part:
    arn = _EC2_ARN.fullmatch(text)
    if arn:
        return Part(given=text, id=arn[4], arn=text)
    kind, _, rest = text.partition("-")
    return Part(given=text, id=text if kind == prefix and _ID.fullmatch(rest) else "")


def resolve(wanted: Registration, facts: Facts) -> Registration:
    """What was given, with the ids, names and ARNs that this look has shown. What has an id keeps it."""
    vpc = _resolved(wanted.vpc, facts.vpcs, "vpc", facts)
    here = vpc.id
    role, profile = _role_and_profile(wanted, facts)
    return replace(
        wanted,
        vpc=vpc,
        subnets=tuple(_resolved(one, facts.subnets, "subnet", facts, here) for one in wanted.subnets),
        security_groups=tuple(
            _resolved(one, facts.security_groups, "security-group", facts, here)
            for one in wanted.security_groups
        ),
        cluster_role=role,
        instance_profile=profile,
    )


def _resolved(
    part: Part, seen: Iterable[Vpc | Subnet | SecurityGroup], noun: str, facts: Facts, vpc_id: str = ""
) -> Part:
    """By its id, else by its name; of several with the same name the one inside the VPC."""
    found = [one for one in seen if (one.id == part.id if part.id else part.given in _names(one))]
    if len(found) > 1 and vpc_id:
        found = [one for one in found if not isinstance(one, Vpc) and one.vpc_id == vpc_id] or found
    if len(found) != 1:
        return replace(part, several=tuple(sorted(one.id for one in found)))
    (one,) = found
    arn = f"arn:aws:ec2:{facts.region}:{facts.account_id}:{noun}/{one.id}"
    return replace(part, id=one.id, name=next(iter(_names(one)), ""), arn=arn, several=())


def _names(one: Vpc | Subnet | SecurityGroup) -> tuple[str, ...]:
    tagged = one.tags.get("Name", "")
    names = (one.name, tagged) if isinstance(one, SecurityGroup) else (tagged,)
    return tuple(name for name in names if name)


def _role_and_profile(wanted: Registration, facts: Facts) -> tuple[Part | None, Part | None]:
    role = wanted.cluster_role if wanted.cluster_role and wanted.cluster_role.given else None
    profile = wanted.instance_profile if wanted.instance_profile and wanted.instance_profile.given else None
    held = facts.profile(profile.name) if profile else None
    if profile and held:
        profile = replace(profile, arn=held.arn)
    if role is None and held and held.role_names:
        role = Part(given="", name=held.role_names[0])
    seen = facts.role(role.name) if role else None
    if role and seen:
        role = replace(role, arn=role.arn or seen.arn)
    if profile is None and seen:
        holding = _holding(facts, seen.name)
        profile = Part(given="", name=holding.name, arn=holding.arn) if holding else None
    return role, profile


def _holding(facts: Facts, role: str) -> InstanceProfile | None:
    """The profile that holds a role; of several the one with the role's own name."""
    found = [one for one in facts.instance_profiles if role in one.role_names]
    return min(found, key=lambda one: (one.name != role, one.name), default=None)
