"""May users reach the clusters, nodes each other, and everything the outside?

The rule that is forgotten most is the one from the group to itself: clusters then start and hang.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from clouds.checks.asking import Answer, Case, Check
from clouds.checks.given import given_answer
from clouds.facts import Rule, SecurityGroup
from clouds.planning.security_group import HTTPS, covers_all
from clouds.planning.survey import ANYWHERE


def _console(group_id: str, side: str) -> str:
    return f"EC2 > Security Groups > {group_id} > {side} rules > Edit"


def _exists(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if case.registration and case.survey.vpc:
        seen = {one.id: one for one in case.facts.security_groups}
        for part in case.registration.security_groups:
            found, listing = seen.get(part.id), "describe-security-groups"
            yield given_answer(case, part, found, "security group", listing, "aws_security_group.id")
    elif case.survey.vpc:
        yield Answer(
            good=group is not None,
            subject=group.id if group else case.survey.vpc_id,
            observed=f"{group.id} ({group.name})." if group else "No group in the VPC has the cloud's tag.",
            expected="A security group with the cloud's tag in the VPC.",
            fix=case.make_it,
            terraform="aws_security_group.tags",
            console_path="EC2 > Security Groups",
        )


def _in_vpc(case: Case) -> Iterator[Answer]:
    for one in case.facts.security_groups if case.survey.vpc else ():
        if case.survey.ours(one, "security-group"):
            again = "run set-up again"
            if case.spec.registered:
                again = f"register the cloud again with a group of {case.survey.vpc_id}"
            yield Answer(
                good=one.vpc_id == case.survey.vpc_id,
                subject=one.id,
                observed=f"{one.id} is in {one.vpc_id}.",
                expected=f"It is in the cloud's VPC, {case.survey.vpc_id}.",
                fix=f"A group cannot move. Delete {one.id} when nothing uses it, and {again}.",
                cli=f"aws ec2 delete-security-group --group-id {one.id} {case.region}",
                terraform="aws_security_group.vpc_id",
                console_path=f"EC2 > Security Groups > {one.id}",
            )


@dataclass(frozen=True)
class _Groups:
    """The groups that every node bears together: what one of them lets through is let through.

    Amazon VPC User Guide, "Security groups for your VPC": rules of several groups are taken together.
    """

    all: tuple[SecurityGroup, ...]

    @property
    def first(self) -> str:
        """The group that a fix names."""
        return self.all[0].id

    @property
    def named(self) -> str:
        """What findings are about."""
        return ", ".join(one.id for one in self.all)

    @property
    def ingress(self) -> tuple[Rule, ...]:
        """What may come in."""
        return tuple(rule for one in self.all for rule in one.ingress)

    @property
    def egress(self) -> tuple[Rule, ...]:
        """What may go out."""
        return tuple(rule for one in self.all for rule in one.egress)

    def covers_itself(self, rules: tuple[Rule, ...]) -> bool:
        """Whether everything passes between nodes."""
        return any(covers_all(rules, one.id) for one in self.all)


def _groups(case: Case) -> _Groups | None:
    return _Groups(case.survey.groups) if case.survey.groups else None


def _https_in(case: Case) -> Iterator[Answer]:
    groups = _groups(case)
    if groups is None or case.spec.private_network:
        return
    own = {one.id for one in groups.all}
    peers = [one.peer for one in groups.ingress if one.covers("tcp", HTTPS) and one.peer not in own]
    yield Answer(
        good=bool(peers),
        subject=groups.named,
        observed=f"Port 443 is open to {', '.join(peers)}."
        if peers
        else "Nobody outside may reach port 443.",
        expected=f"TCP 443 is open to your users ({', '.join(case.spec.ingress_cidrs)}, or narrower).",
        detail="Dashboards, notebooks and job submission all go through port 443.",
        fix=f"Let the ranges of your users reach TCP 443 of {groups.first}.",
        cli="; ".join(
            f"aws ec2 authorize-security-group-ingress --group-id {groups.first} --protocol tcp --port 443 "
            f"--cidr {cidr} {case.region}"
            for cidr in case.spec.ingress_cidrs
        ),
        terraform="aws_vpc_security_group_ingress_rule.cidr_ipv4 (from_port = 443)",
        console_path=_console(groups.first, "Inbound"),
    )


def _self_in(case: Case) -> Iterator[Answer]:
    groups = _groups(case)
    if groups:
        good = groups.covers_itself(groups.ingress)
        yield Answer(
            good=good,
            subject=groups.named,
            observed="All traffic from the group itself is let in."
            if good
            else "No rule lets all traffic from the group itself in.",
            expected=f"All protocols and ports from {groups.first} itself.",
            detail="Without it nodes cannot reach each other: a cluster starts, then hangs without an error.",
            fix=f"Add an inbound rule to {groups.first}: all traffic, source {groups.first}.",
            cli=f"aws ec2 authorize-security-group-ingress --group-id {groups.first} --protocol all "
            f"--source-group {groups.first} {case.region}",
            terraform="aws_vpc_security_group_ingress_rule.referenced_security_group_id (ip_protocol = -1)",
            console_path=_console(groups.first, "Inbound"),
        )


def _all_out(case: Case) -> Iterator[Answer]:
    groups = _groups(case)
    if groups is None:
        return
    everything = covers_all(groups.egress, ANYWHERE)
    least = any(one.peer == ANYWHERE and one.covers("tcp", HTTPS) for one in groups.egress)
    observed = "All traffic out is allowed." if everything else "Traffic out is limited."
    yield Answer(
        good=everything,
        soft=least and groups.covers_itself(groups.egress),
        subject=groups.named,
        observed=observed,
        expected="All traffic out to 0.0.0.0/0; at least TCP 443 and everything to the group itself.",
        detail="Nodes report to the control plane, pull images and read S3.",
        fix=f"Add an outbound rule to {groups.first}: all traffic, destination 0.0.0.0/0.",
        cli=f"aws ec2 authorize-security-group-egress --group-id {groups.first} --protocol all "
        f"--cidr {ANYWHERE} {case.region}",
        terraform="aws_vpc_security_group_egress_rule.cidr_ipv4 (ip_protocol = -1)",
        console_path=_console(groups.first, "Outbound"),
    )


def _self_out(case: Case) -> Iterator[Answer]:
    groups = _groups(case)
    if groups:
        good = groups.covers_itself(groups.egress) or covers_all(groups.egress, ANYWHERE)
        yield Answer(
            good=good,
            subject=groups.named,
            observed="All protocols to the group itself are let out."
            if good
            else "Not all protocols to the group itself are let out.",
            expected=f"All protocols to {groups.first} itself, or to 0.0.0.0/0.",
            detail="Some network devices (EFA) use protocols of their own between nodes.",
            fix=f"Add an outbound rule to {groups.first}: all traffic, destination {groups.first}.",
            cli=f"aws ec2 authorize-security-group-egress --group-id {groups.first} --ip-permissions "
            f"IpProtocol=-1,UserIdGroupPairs=[{{GroupId={groups.first}}}] {case.region}",
            terraform="aws_vpc_security_group_egress_rule.referenced_security_group_id (ip_protocol = -1)",
            console_path=_console(groups.first, "Outbound"),
        )


_READS = ("ec2:DescribeSecurityGroups",)
_QUESTIONS = (
    ("sg.exists", "The security group exists", _exists),
    ("sg.in_vpc", "The security group is in the VPC", _in_vpc),
    ("sg.https_in", "Users reach the clusters on port 443", _https_in),
    ("sg.self_in", "Nodes reach each other", _self_in),
    ("sg.all_out", "Nodes reach the outside", _all_out),
    ("sg.self_out", "Nodes may use every protocol among themselves", _self_out),
)
CHECKS = tuple(
    Check(id=name, severity="must", title=title, actions=_READS, ask=ask) for name, title, ask in _QUESTIONS
)
