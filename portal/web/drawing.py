"""The layout of a cloud as boxes on a sheet: what is there, what is planned, what is wrong. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

ABSENT = frozenset({"missing", "deleting", "deleted"})
BAD_AREAS = {
    "vpc": ("vpc",),
    "sg": ("security-group",),
    "cluster_role": ("cluster-role", "instance-profile"),
    "role": ("access-role",),
    "trust": ("access-role",),
    "bucket": ("bucket",),
    "subnets": ("subnets",),
}
TONES = {"FAIL": "bad", "WARN": "warn", "UNKNOWN": "warn", "PASS": "good"}
WORST_FIRST = ("bad", "warn", "good")
SUBNET_STEP, SUBNET_HEIGHT, TOP = 46, 38, 66
LEAST_HEIGHT = 308
# What stands in the VPC below the subnets, and right of it: name, label, (note,) place.
INSIDE = (
    ("internet-gateway", "Internet gateway", 346, 4),
    ("route-table", "Route table", 465, 4),
    ("s3-endpoint", "S3 endpoint", 346, 40),
    ("security-group", "Security group", 465, 40),
)
BESIDE = (
    ("bucket", "Bucket", "S3, encrypted, TLS only", -100),
    ("cluster-role", "Cluster role", "what nodes may do", -22),
    ("instance-profile", "Instance profile", "same name as the role", 56),
)


class Resource(Protocol):
    """What the drawing needs of a resource of a cloud."""

    logical_name: str
    aws_id: str
    state: str


class Finding(Protocol):
    """What the drawing needs of a finding."""

    area: str
    status: str


@dataclass(frozen=True)
class Box:
    """One thing on the sheet, in units of the viewBox. `tone` colours it; `planned` draws it dashed."""

    name: str
    label: str
    note: str
    x: int
    y: int
    width: int
    height: int
    tone: str = ""

    @property
    def middle(self) -> float:
        """The height at which wires meet the box."""
        return self.y + self.height / 2

    @property
    def centre(self) -> float:
        """Where text is centred."""
        return self.x + self.width / 2

    @property
    def right(self) -> int:
        """Where wires leave the box."""
        return self.x + self.width


@dataclass(frozen=True)
class Drawing:
    """Everything on the sheet, ready for a template."""

    height: int
    caption: str
    portal: Box
    access: Box
    vpc: Box
    subnets: Sequence[Box]
    inside: Sequence[Box]
    beside: Sequence[Box]
    description: str = field(default="")


def draw(
    resources: Iterable[Resource],
    findings: Iterable[Finding] = (),
    *,
    made: Iterable[str] = (),
    connected: bool,
    zones: int = 3,
    vpc_cidr: str = "",
) -> Drawing:
    """Return the layout of what really is there; without a subnet, `zones` dashed ones stand for the plan.

    `made` names what an operation has made since the last look; its ids follow with the next one.
    """
    present = dict.fromkeys(made, "") | ids_of(resources)
    tones = _tones(findings)

    def tone(name: str, *, group: str = "") -> str:
        return tones.get(group or name, "good") if name in present else "planned"

    rows = sorted(name for name in present if name.startswith("subnet-")) or [
        f"subnet-{number}" for number in range(1, zones + 1)
    ]
    bottom = TOP + SUBNET_STEP * len(rows)
    height = max(LEAST_HEIGHT, bottom + 96)
    middle = height // 2
    subnets = [
        _subnet(name, present.get(name, "public"), row, tone(name, group="subnets"))
        for row, name in enumerate(rows)
    ]
    inside = [Box(name, label, "", x, bottom + y, 115, 30, tone(name)) for name, label, x, y in INSIDE]
    beside = [Box(name, label, note, 626, middle + y, 132, 54, tone(name)) for name, label, note, y in BESIDE]
    access_tone = tones.get("access-role", "good") if connected else "planned"
    return Drawing(
        height=height,
        caption=f"{len(present)} resource{'' if len(present) == 1 else 's'} in AWS"
        if present
        else "dashed: not there yet",
        portal=Box("portal", "Raydock", "worker", 8, middle - 30, 106, 60),
        access=Box("access-role", "Access role", "external ID", 192, middle - 27, 106, 54, access_tone),
        vpc=Box("vpc", "VPC", present.get("vpc", vpc_cidr), 332, 34, 262, height - 54, tone("vpc")),
        subnets=subnets,
        inside=inside,
        beside=beside,
        description=_described(present),
    )


def _subnet(name: str, note: str, row: int, tone: str) -> Box:
    label = f"Subnet {name.removeprefix('subnet-')}"
    return Box(name, label, note, 346, TOP + SUBNET_STEP * row, 234, SUBNET_HEIGHT, tone)


def ids_of(resources: Iterable[Resource]) -> dict[str, str]:
    """Return logical name -> id in AWS of the resources that are there."""
    return {one.logical_name: one.aws_id for one in resources if one.aws_id and one.state not in ABSENT}


def _tones(findings: Iterable[Finding]) -> Mapping[str, str]:
    """Return the worst tone that any finding gives each part of the drawing."""
    found: dict[str, str] = {}
    for finding in findings:
        tone = TONES.get(str(finding.status), "")
        for part in BAD_AREAS.get(finding.area, ()):
            worse = min((tone, found.get(part, "good")), key=lambda one: WORST_FIRST.index(one or "good"))
            found[part] = worse
    return found


def _described(present: Mapping[str, str]) -> str:
    """Say in words what the drawing shows."""
    if not present:
        return "Nothing of this cloud is in AWS yet."
    return (
        "In AWS: "
        + ", ".join(f"{name} {identity}".strip() for name, identity in sorted(present.items()))
        + "."
    )
