"""Deleting a cloud: everything with its tag goes; the bucket and its data only when that was asked for."""

from clouds.outcomes import Outcome
from workers.operations.removal import remove
from workers.operations.work import Work


def turn(work: Work) -> Outcome:
    """Remove what can be removed now. See `removal.remove`."""
    return remove(work, "delete" if work.input.get("bucket") == "delete" else "keep")
