"""A set-up's first calls as dry runs: AWS says whether it would allow them, and does nothing.

Our own evaluation cannot see the service control policies of the customer's organization; a dry run is
decided like the call itself. EC2 alone has them, and only calls that need nothing made before can be tried.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
"""

from concurrent.futures import Executor
from functools import partial

from clouds.planning import Plan, Step
from workers.aws.errors import AwsError
from workers.aws.looks import together
from workers.aws.ports import Aws

ALLOWED = "DryRunOperation"


def refused(aws: Aws, plan: Plan, *, pool: Executor) -> tuple[Step, AwsError] | None:
    """Return the first of the plan's first EC2 calls that AWS would refuse; None where it would allow all.

    Raises AwsError when AWS gave no clear answer.
    """
    first = [step for step in plan.steps if step.action.startswith("ec2:Create") and not step.needs]
    answers = together(pool, (partial(_tried, aws, step) for step in first))
    return next(((step, error) for step, error in zip(first, answers, strict=True) if error), None)


def _tried(aws: Aws, step: Step) -> AwsError | None:
    # Nothing is changed, so it may be sent again like a look.
    try:
        aws.call(step.action, {**step.params, "DryRun": True})
    except AwsError as error:
        if error.transient:
            raise
        return None if error.code == ALLOWED else error
    return None
