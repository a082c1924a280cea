"""Calls whose end nobody knows: the look has shown them, or it must wait until AWS shows all it has done.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

from collections.abc import Collection
from datetime import timedelta

from clouds.outcomes import Again
from workers.operations.work import OpenIntent, Work


def still_hidden(work: Work, missing: Collection[str] | None) -> Again | None:
    """A wait while a call of unknown end may yet show what it made; else those calls count as looked up.

    `missing` names the steps that the look has found undone; None: whatever a call creates may still appear.
    """
    open_intents = work.journal.unresolved()
    grace = timedelta(seconds=work.hands.patience.grace)
    hidden = [one for one in open_intents if _may_appear(one, missing)]
    left = max((one.started_at + grace - work.clock.now() for one in hidden), default=timedelta())
    if left > timedelta():
        message = "Waiting for AWS to show what it did with calls whose answer was lost."
        return Again(left.total_seconds(), message)
    if open_intents:
        work.journal.resolve([one.step for one in open_intents])
    return None


def _may_appear(intent: OpenIntent, missing: Collection[str] | None) -> bool:
    return ":Create" in intent.action if missing is None else intent.step in missing
