"""The two tries that AWS must refuse (T7, T8): entering without an external ID, and with a random one."""

from collections.abc import Callable
from functools import partial

from workers.aws.looks import together
from workers.aws.session import wrong_external_id
from workers.operations.work import Work


def tries(work: Work, role_arn: str = "") -> tuple[Callable[[], bool], Callable[[], bool]]:
    """Asks that answer whether the role keeps out whoever has no external ID, and whoever has a wrong one.

    Each raises AwsError when AWS gave no clear answer.
    """
    door = work.door(role_arn)

    def kept_out(external_id: str | None) -> bool:
        return not work.hands.sessions.lets_in(door, external_id, record=work.record)

    return partial(kept_out, None), partial(kept_out, wrong_external_id())


def keeps_others_out(work: Work, role_arn: str = "") -> tuple[bool, bool]:
    """Both answers, asked side by side."""
    without, wrong = together(work.hands.pool, tries(work, role_arn))
    return without, wrong
