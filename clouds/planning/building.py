"""The two shapes that every step of the network has: create something tagged, change something."""

from collections.abc import Iterator, Mapping
from typing import Any

from clouds.planning.steps import Ref, Step, Token
from clouds.planning.survey import Survey, kind_of, result_of

_NOT_YET = (
    "InvalidVpcID.NotFound",
    "InvalidVpcId.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidGroup.NotFound",
)


def creation(
    survey: Survey,
    logical: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    tag_kind: str,
    needs: frozenset[str] = frozenset(),
    with_token: bool = False,
) -> Iterator[Step]:
    """Create what the cloud lacks, tagged in the same call; nothing when it is there."""
    if logical in survey.adopted:
        return
    tags = [{"Key": key, "Value": value} for key, value in survey.spec.tags(logical).items()]
    specification = {"TagSpecifications": [{"ResourceType": tag_kind, "Tags": tags}]}
    once = {"ClientToken": _token(survey, logical)} if with_token else {}
    yield Step(
        name=logical,
        action=action,
        params={**params, **specification, **once},
        resource=logical,
        kind=kind_of(logical),
        sentence=sentence,
        needs=needs,
        result=result_of(logical),
        token_param="ClientToken" if with_token else None,
        not_yet=_NOT_YET,
    )


def _token(survey: Survey, logical: str) -> Token:
    """One token for one resource in one place: with other parameters AWS would refuse it for ever."""
    place: tuple[str | Ref, ...] = (survey.handle("vpc"),)
    if logical == "s3-endpoint":
        place = (*place, survey.handle("route-table"))
    return Token(seed=f"{survey.spec.cloud_id}/{logical}/{survey.salt}", parts=place)


def change(
    survey: Survey,
    name: str,
    action: str,
    params: Mapping[str, Any],
    sentence: str,
    *,
    resource: str,
    needs: frozenset[str],
    settled: tuple[str, ...] = (),
) -> Step:
    """Change something of the cloud."""
    return Step(
        name=name,
        action=action,
        params=params,
        resource=resource,
        kind=kind_of(resource),
        sentence=sentence,
        needs=needs,
        settled=settled,
        not_yet=_NOT_YET,
    )
