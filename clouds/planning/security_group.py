"""The clusters' security group: 443 in from the named ranges, everything from itself, everything out."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from clouds.facts import Rule, SecurityGroup
from clouds.planning.building import change, creation
from clouds.planning.steps import Step
from clouds.planning.survey import ANYWHERE, Survey

HTTPS = 443


def group_steps(survey: Survey) -> Iterator[Step]:
    """Every step that the group still lacks."""
    yield from creation(
        survey,
        "security-group",
        "ec2:CreateSecurityGroup",
        {
            "GroupName": survey.spec.security_group_name,
            "Description": f"Raydock cloud {survey.spec.name}: clusters and their users",
            "VpcId": survey.handle("vpc"),
        },
        "Create the security group; it starts with all traffic out",
        tag_kind="security-group",
        needs=survey.needs("vpc"),
    )
    group = survey.handle("security-group")
    if not (survey.group and covers_all(survey.group.ingress, survey.group.id)):
        permission: dict[str, Any] = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
        sentence = "Let machines of the group reach each other on every port"
        yield _rule(survey, "self", "Ingress", permission, sentence)
    if missing := missing_https(survey.spec.ingress_cidrs, survey.group):
        permission = {
            "IpProtocol": "tcp",
            "FromPort": HTTPS,
            "ToPort": HTTPS,
            "IpRanges": [{"CidrIp": one, "Description": "Raydock: HTTPS to clusters"} for one in missing],
        }
        yield _rule(
            survey,
            "https",
            "Ingress",
            permission,
            f"Let {', '.join(missing)} reach port 443",
            settles=len(missing) == 1,
        )
    if survey.group and not covers_all(survey.group.egress, ANYWHERE):
        permission = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
        yield _rule(survey, "out", "Egress", permission, "Let machines of the group reach everything")


def covers_all(rules: tuple[Rule, ...], peer: str) -> bool:
    """True when a rule lets all protocols through to or from exactly this peer."""
    return any(one.protocol == "-1" and one.peer == peer for one in rules)


def missing_https(cidrs: tuple[str, ...], group: SecurityGroup | None) -> tuple[str, ...]:
    """The ranges among `cidrs` that no rule of the group lets in on port 443."""
    rules = group.ingress if group else ()
    open_to = [ip_network(one.peer) for one in rules if "." in one.peer and one.covers("tcp", HTTPS)]
    ranges = [one for one in open_to if isinstance(one, IPv4Network)]
    return tuple(one for one in cidrs if not any(IPv4Network(one).subnet_of(other) for other in ranges))


def _rule(
    survey: Survey,
    name: str,
    direction: str,
    permission: Mapping[str, Any],
    sentence: str,
    *,
    settles: bool = True,
) -> Step:
    # With several ranges in one call, "duplicate" only says that one of them is there: look again then.
    return change(
        survey,
        f"security-group-{name}",
        f"ec2:AuthorizeSecurityGroup{direction}",
        {"GroupId": survey.handle("security-group"), "IpPermissions": [permission]},
        sentence,
        resource="security-group",
        needs=survey.needs("security-group"),
        settled=("InvalidPermission.Duplicate",) if settles else (),
    )
