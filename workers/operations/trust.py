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
    return partial(_kept_out, work, role_arn, None), partial(_kept_out, work, role_arn, wrong_external_id())


def old_id_refused(work: Work) -> bool | None:
    """Whether the role keeps the ID out that was rotated; None where none is left to go."""
    old = work.spec.retiring_external_id
    return None if old is None else _kept_out(work, "", old)


def admits(work: Work, external_id: str) -> bool:
    """Whether the cloud's role lets us in with this ID, asked anew. Raises AwsError."""
    return not _kept_out(work, "", external_id)


def _kept_out(work: Work, role_arn: str, external_id: str | None) -> bool:
    return not work.hands.sessions.lets_in(work.door(role_arn), external_id, record=work.record)


def keeps_others_out(work: Work, role_arn: str = "") -> tuple[bool, bool]:
    """Both answers, asked side by side."""
    without, wrong = together(work.hands.pool, tries(work, role_arn))
    return without, wrong
