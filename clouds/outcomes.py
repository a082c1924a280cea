"""What one turn of an operation returns: it is done, it wants another turn, or it has failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """The operation has reached its end. `code` and `message` are for people.

    `suspends` says that the look at the cloud found it unsafe to enter again (PRODUCT 3, T10): whatever ends
    like this suspends the cloud.
    """

    code: str = ""
    message: str = ""
    suspends: bool = False


@dataclass(frozen=True)
class Again:
    """The operation wants another turn in `delay` seconds. It holds no worker while it waits."""

    delay: float
    message: str = ""


@dataclass(frozen=True)
class Failed:
    """The operation ends here: what happened (`message`) and what to do next (`fix`), in words for people.

    `suspends` as for Done.
    """

    code: str
    message: str
    fix: str = ""
    suspends: bool = False


@dataclass(frozen=True)
class Cancelled:
    """The operation stopped at a step boundary because a person asked for it. Only the runner says so."""

    message: str = "Stopped on request. What was created so far is still there."


Outcome = Done | Again | Failed | Cancelled
