"""May users reach the clusters, nodes each other, and everything the outside?

The rule that is forgotten most is the one from the group to itself: clusters then start and hang.
"""

from collections.abc import Iterator

from clouds.checks.asking import Answer, Case, Check
from clouds.facts import SecurityGroup
from clouds.planning.security_group import HTTPS, covers_all
from clouds.planning.survey import ANYWHERE


def _console(group: SecurityGroup, side: str) -> str:
    return f"EC2 > Security Groups > {group.id} > {side} rules > Edit"


def _exists(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if case.survey.vpc:
        yield Answer(
            good=group is not None,
            subject=group.id if group else case.survey.vpc_id,
            observed=f"{group.id} ({group.name})." if group else "No group in the VPC has the cloud's tag.",
            expected="A security group with the cloud's tag in the VPC.",
            fix="Run set-up again: it makes what is missing.",
            terraform="aws_security_group.tags",
            console_path="EC2 > Security Groups",
        )


def _in_vpc(case: Case) -> Iterator[Answer]:
    for one in case.facts.security_groups if case.survey.vpc else ():
        if case.survey.ours(one, "security-group"):
            yield Answer(
                good=one.vpc_id == case.survey.vpc_id,
                subject=one.id,
                observed=f"{one.id} is in {one.vpc_id}.",
                expected=f"It is in the cloud's VPC, {case.survey.vpc_id}.",
                fix=f"A group cannot move. Delete {one.id} when nothing uses it, and run set-up again.",
                cli=f"aws ec2 delete-security-group --group-id {one.id} {case.region}",
                terraform="aws_security_group.vpc_id",
                console_path=f"EC2 > Security Groups > {one.id}",
            )


def _https_in(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if group is None:
        return
    peers = [one.peer for one in group.ingress if one.covers("tcp", HTTPS) and one.peer != group.id]
    yield Answer(
        good=bool(peers),
        subject=group.id,
        observed=f"Port 443 is open to {', '.join(peers)}."
        if peers
        else "Nobody outside may reach port 443.",
        expected=f"TCP 443 is open to your users ({', '.join(case.spec.ingress_cidrs)}, or narrower).",
        detail="Dashboards, notebooks and job submission all go through port 443.",
        fix=f"Let the ranges of your users reach TCP 443 of {group.id}.",
        cli="; ".join(
            f"aws ec2 authorize-security-group-ingress --group-id {group.id} --protocol tcp --port 443 "
            f"--cidr {cidr} {case.region}"
            for cidr in case.spec.ingress_cidrs
        ),
        terraform="aws_vpc_security_group_ingress_rule.cidr_ipv4 (from_port = 443)",
        console_path=_console(group, "Inbound"),
    )


def _self_in(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if group:
        good = covers_all(group.ingress, group.id)
        yield Answer(
            good=good,
            subject=group.id,
            observed="All traffic from the group itself is let in."
            if good
            else "No rule lets all traffic from the group itself in.",
            expected=f"All protocols and ports from {group.id} itself.",
            detail="Without it nodes cannot reach each other: a cluster starts, then hangs without an error.",
            fix=f"Add an inbound rule to {group.id}: all traffic, source {group.id}.",
            cli=f"aws ec2 authorize-security-group-ingress --group-id {group.id} --protocol all "
            f"--source-group {group.id} {case.region}",
            terraform="aws_vpc_security_group_ingress_rule.referenced_security_group_id (ip_protocol = -1)",
            console_path=_console(group, "Inbound"),
        )


def _all_out(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if group is None:
        return
    everything = covers_all(group.egress, ANYWHERE)
    least = any(one.peer == ANYWHERE and one.covers("tcp", HTTPS) for one in group.egress)
    observed = "All traffic out is allowed." if everything else "Traffic out is limited."
    yield Answer(
        good=everything,
        soft=least and covers_all(group.egress, group.id),
        subject=group.id,
        observed=observed,
        expected="All traffic out to 0.0.0.0/0; at least TCP 443 and everything to the group itself.",
        detail="Nodes report to the control plane, pull images and read S3.",
        fix=f"Add an outbound rule to {group.id}: all traffic, destination 0.0.0.0/0.",
        cli=f"aws ec2 authorize-security-group-egress --group-id {group.id} --protocol all "
        f"--cidr {ANYWHERE} {case.region}",
        terraform="aws_vpc_security_group_egress_rule.cidr_ipv4 (ip_protocol = -1)",
        console_path=_console(group, "Outbound"),
    )


def _self_out(case: Case) -> Iterator[Answer]:
    group = case.survey.group
    if group:
        good = covers_all(group.egress, group.id) or covers_all(group.egress, ANYWHERE)
        yield Answer(
            good=good,
            subject=group.id,
            observed="All protocols to the group itself are let out."
            if good
            else "Not all protocols to the group itself are let out.",
            expected=f"All protocols to {group.id} itself, or to 0.0.0.0/0.",
            detail="Some network devices (EFA) use protocols of their own between nodes.",
            fix=f"Add an outbound rule to {group.id}: all traffic, destination {group.id}.",
            cli=f"aws ec2 authorize-security-group-egress --group-id {group.id} --ip-permissions "
            f"IpProtocol=-1,UserIdGroupPairs=[{{GroupId={group.id}}}] {case.region}",
            terraform="aws_vpc_security_group_egress_rule.referenced_security_group_id (ip_protocol = -1)",
            console_path=_console(group, "Outbound"),
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
