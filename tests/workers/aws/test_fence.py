"""Nothing is sent for work that is no longer held, however far the call had come."""

import pytest

from tests.workers.places import Place
from workers.aws.fence import ask, fenced


class Gone(Exception):  # noqa: N818 - what a check raises
    """The work is somebody else's."""


def refuse() -> None:
    raise Gone


def test_a_call_is_stopped_at_the_last_moment(place: Place) -> None:
    client = place.enter("setup")
    seen = len(place.seen())
    with fenced(refuse), pytest.raises(Gone):
        client.call("ec2:CreateVpc", {"CidrBlock": "10.0.0.0/16"}, mutating=True)
    assert len(place.seen()) == seen
    assert client.call("sts:GetCallerIdentity", {})["Account"]


def test_a_look_is_not_tried_again_either(place: Place) -> None:
    client = place.enter("setup")
    recorded = len(place.calls)
    with fenced(refuse), pytest.raises(Gone):
        client.call("ec2:DescribeVpcs", {})
    assert len(place.calls) == recorded


def test_without_a_check_nothing_is_asked() -> None:
    ask()
    with fenced(lambda: None):
        ask()
