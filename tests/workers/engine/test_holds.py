"""What a process knows by itself about the work it holds."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from clouds.services.claims import Claim
from clouds.services.records import LostFence
from workers.holds import FencedPool, Hold, Holds


def hold(seconds: float = 60, operation_id: str = "op_1") -> Hold:
    return Hold(Claim(operation_id, "org_1", 1), time.monotonic() + seconds)


def test_no_call_starts_once_the_lease_is_over_or_the_work_is_lost() -> None:
    made: list[str] = []
    over, lost, held = hold(seconds=-1), hold(), hold()
    lost.lost = True
    with ThreadPoolExecutor(1) as pool:
        for one in (over, lost):
            with pytest.raises(LostFence):
                FencedPool(pool, one).submit(made.append, "late").result()
        FencedPool(pool, held).submit(made.append, "in time").result()
    assert made == ["in time"]


def test_a_heartbeat_renews_what_stands_and_marks_the_rest_lost() -> None:
    holds, mine, gone, later = Holds(), hold(), hold(operation_id="op_2"), hold(operation_id="op_3")
    for one in (mine, gone):
        holds.add(one)
    asked = holds.present()
    holds.add(later)  # claimed after the question was put: the answer says nothing of it
    until = time.monotonic() + 120
    holds.renew({"op_1": False}, asked, until)
    assert (mine.until, mine.lost, gone.lost, later.lost) == (until, False, True, False)


def test_a_turn_that_ends_late_does_not_forget_the_one_that_followed() -> None:
    holds, first, second = Holds(), hold(), hold()
    holds.add(first)
    holds.add(second)
    with holds.keeping(first):
        pass
    assert holds.present() == [second]
    assert not holds.wait_until_none(0)
    with holds.keeping(second):
        pass
    assert holds.wait_until_none(0)
