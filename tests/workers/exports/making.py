"""Makes what a template declares, by plain SDK calls: one table says which call makes which type.

Nothing of ours decides here. Every property must be known to the table, so none is left out unseen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath  # type: ignore[import-untyped]

Clients = Callable[[str], Any]
Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Make:
    """The call that creates a type: `names` maps properties to parameters, `id` is a place in the reply.

    Without `id` the thing is known by the parameter `known_by`. `tagged`: the EC2 resource type of tags that
    go into the call, or "" where the service takes them plain.
    """

    call: str
    names: Mapping[str, str]
    id: str = ""
    known_by: str = ""
    tagged: str | None = None
    always: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """One thing that was made: its id, and its ARN where it has one."""

    id: str
    arn: str = ""


Later = Callable[[Clients, str, Any], object]


@dataclass(frozen=True)
class Maker:
    """Two tables: what creates a type, and what sets a property afterwards."""

    clients: Clients
    makes: Mapping[str, Make]
    laters: Mapping[tuple[str, str], Later]

    def make(self, kind: str, properties: Properties, tags: Mapping[str, str]) -> Made:
        """Create one thing with all its properties. KeyError for a type or property that is not known."""
        how = self.makes[kind]
        params = {how.names[name]: value for name, value in properties.items() if name in how.names}
        params |= how.always
        if tags and how.tagged is not None:
            params |= _tagged(how.tagged, tags)
        service, _, method = how.call.partition(".")
        reply = getattr(self.clients(service), method)(**params)
        found = jmespath.search(how.id, reply) if how.id else params.get(how.known_by, "")
        for name, value in properties.items():
            if name not in how.names:
                self.laters[kind, name](self.clients, found, value)
        if tags and how.tagged is None:
            self.laters[kind, "tags"](self.clients, found, tags)
        return Made(found, str(next((one["Arn"] for one in reply.values() if _has_arn(one)), "")))


def _has_arn(value: Any) -> bool:
    return isinstance(value, dict) and "Arn" in value


def _tagged(kind: str, tags: Mapping[str, str]) -> dict[str, Any]:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": pairs}]} if kind else {"Tags": pairs}


def dns(clients: Clients, vpc: str, value: Any) -> object:
    return clients("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": value})


def public_ips(clients: Clients, subnet: str, value: Any) -> object:
    return clients("ec2").modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})


def bucket_tags(clients: Clients, bucket: str, value: Mapping[str, str]) -> object:
    pairs = [{"Key": key, "Value": one} for key, one in value.items()]
    return clients("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs})
