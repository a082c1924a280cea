"""How a check is asked and answered.

A check is a row of data and a function that looks at facts and yields answers. This module turns answers
into findings: a refused look is UNKNOWN, a broken "must" FAIL, a broken "should" WARN.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypedDict

from clouds.facts import Denied, Facts
from clouds.findings import Finding, Severity, Status
from clouds.names import cloud_names
from clouds.planning.survey import Survey
from clouds.registration import Registration
from clouds.specs import CloudSpec
from iam.policy.places import CloudNames

About = Literal["network", "cluster-role", "control-role", "bucket", "mapped-roles"]
"""Whose refused looks make a whole check unknown. A check on mapped roles says it of each role by itself."""


class How(TypedDict):
    """Three ways to the same fix."""

    cli: str
    terraform: str
    console_path: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a check saw of one subject.

    `good` None: it could not be told, and `detail` says why. `soft`: not good, but no reason to stop
    even where the check is a "must".
    """

    good: bool | None
    subject: str
    observed: str
    expected: str
    detail: str = ""
    fix: str = ""
    cli: str = ""
    terraform: str = ""
    console_path: str = ""
    soft: bool = False


@dataclass(frozen=True)
class Case:
    """One cloud under examination: its survey, with the names that texts need."""

    survey: Survey

    @property
    def spec(self) -> CloudSpec:
        """What the cloud should be."""
        return self.survey.spec

    @property
    def facts(self) -> Facts:
        """What was seen."""
        return self.survey.facts

    @property
    def registration(self) -> Registration | None:
        """What the customer gave to a registered cloud."""
        return self.spec.registration

    @property
    def make_it(self) -> str:
        """How a person gets what is missing."""
        if self.spec.registered:
            return "Make it in your account, or register the cloud again with one that is there."
        return "Run set-up again: it makes what is missing."

    @property
    def region(self) -> str:
        """The end of every regional CLI line."""
        return f"--region {self.spec.region}"

    @cached_property
    def names(self) -> CloudNames:
        """The cloud's names, as policies are filled with them."""
        return cloud_names(self.spec)

    def subject(self, about: About) -> str:
        """The name that refused looks carry, by what a check is about."""
        spec = self.spec
        names = {"cluster-role": spec.cluster_role_name, "bucket": spec.bucket_name}
        return names.get(about, spec.cross_account_role_name if about == "control-role" else "")


Ask = Callable[[Case], Iterator[Answer]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One named question. `actions` are the IAM actions that its facts are read with."""

    id: str
    severity: Severity
    title: str
    actions: tuple[str, ...]
    ask: Ask
    about: About = "network"
    managed_only: bool = False
    """Asked of what Raydock made alone: it means nothing for what a customer made."""

    @property
    def area(self) -> str:
        """The part before the dot: "vpc", "sg", "bucket"…"""
        return self.id.partition(".")[0]

    def run(self, spec: CloudSpec, facts: Facts) -> tuple[Finding, ...]:
        """The findings on one cloud; none when there is nothing to ask (no VPC: no question about DNS)."""
        if self.managed_only and spec.registered:
            return ()
        case = Case(Survey(spec, facts))
        by_itself = self.about == "mapped-roles"
        refused = () if by_itself else facts.refusals(*self.actions, subject=case.subject(self.about))
        if refused:
            return (self._finding(refusal(case, refused, case.subject(self.about))),)
        return tuple(self._finding(one) for one in self.ask(case))

    def _finding(self, answer: Answer) -> Finding:
        return Finding(
            check=self.id,
            area=self.area,
            severity=self.severity,
            status=self._status(answer),
            subject=answer.subject,
            title=self.title,
            observed=answer.observed,
            expected=answer.expected,
            detail=answer.detail,
            fix="" if answer.good else answer.fix,
            cli="" if answer.good else answer.cli,
            terraform="" if answer.good else answer.terraform,
            console_path="" if answer.good else answer.console_path,
        )

    def _status(self, answer: Answer) -> Status:
        if answer.good is None:
            return Status.UNKNOWN
        if answer.good:
            return Status.PASS
        return Status.WARN if answer.soft or self.severity == "should" else Status.FAIL


def refusal(case: Case, refused: tuple[Denied, ...], subject: str = "") -> Answer:
    """What is said where AWS refused a look: which actions are missing, and who can allow them."""
    actions = ", ".join(sorted({one.action for one in refused}))
    role = case.spec.cross_account_role_name or "the cross-account role"
    fix = (
        f"Attach to {role} the policy that this cloud's Policies page shows; it allows {actions}. "
        "Then verify again."
    )
    if any(one.by_organization for one in refused):
        fix = (
            f"A service control policy of your AWS organization denies {actions}, so no policy of {role} "
            "can allow it. Ask the owner of the organization for an exception for this role."
        )
    return Answer(
        good=None,
        subject=subject or case.spec.region,
        observed="AWS refused the look.",
        expected=f"{role} may call {actions}.",
        detail=refused[0].message,
        fix=fix,
        cli=f"aws iam put-role-policy --role-name {role} --policy-name raydock-control-plane "
        "--policy-document file://control-plane.json",
        terraform="aws_iam_role_policy.policy",
        console_path=f"IAM > Roles > {role} > Permissions",
    )
