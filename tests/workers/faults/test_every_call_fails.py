"""Every AWS call of set-up and delete goes wrong, in every way, once and for good: nothing is ever lost.

The calls are read from the log of a life without faults, so a call that is new is tried by itself. In CI each
action goes wrong in one way; with RAYDOCK_TEST_SIZE=large each single call goes wrong in all of them.
"""

from itertools import zip_longest

import pytest

from tests.chaos.goals import note
from tests.workers.desk import Desk
from tests.workers.faults.lives import clean, faults, live, one_of_each_action


@pytest.mark.timeout(7200)
def test_every_call_of_set_up_and_delete(desk: Desk, *, large: bool) -> None:
    normal = clean(desk)
    building, removing = list(faults(normal.building)), list(faults(normal.removing))
    every = [*building, *removing]
    if not large:
        building, removing = one_of_each_action(building), one_of_each_action(removing)
    wrong: list[str] = []
    for built_under, removed_under in zip_longest(building, removing):
        wrong += live(desk, normal, built_under, removed_under)
    tried, points = len(building) + len(removing), len(every)
    note(
        "R1", "calls that went wrong", f"{tried} of {points} ways, {len(wrong)} bad ends", "0", met=not wrong
    )
    assert wrong == []
