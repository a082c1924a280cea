"""Taking down what a set-up made before it failed, but no data that got into the bucket meanwhile."""

from clouds.outcomes import Outcome
from workers.operations.removal import remove
from workers.operations.work import Work


def turn(work: Work) -> Outcome:
    """Remove what can be removed now. See `removal.remove`."""
    return remove(work, "delete", only_empty=True)
