"""Client tokens: the same token asks for the same thing once, however often it is sent.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from workers.sandbox.calls import Call
from workers.sandbox.errors import AwsRefusal
from workers.sandbox.wire import HttpReply

_HONOURED = frozenset(
    {"ec2:RunInstances", "ec2:CreateRouteTable", "ec2:CreateVpcEndpoint", "ec2:CreateNatGateway"}
)
Key = tuple[str, str, str]


@dataclass(slots=True)
class ClientTokens:
    """The tokens that one account has used: what was asked with each, and what was answered."""

    used: dict[Key, tuple[str, HttpReply]] = field(default_factory=dict)

    def earlier_reply(self, call: Call) -> HttpReply | None:
        """Answer the reply of the first call with this token; AwsRefusal if it asked for other things."""
        before = self.used.get(key) if (key := _key(call)) else None
        if before is None:
            return None
        if before[0] != _asked(call):
            message = "The client token was used before with other parameters."
            raise AwsRefusal(400, "IdempotentParameterMismatch", message)
        return before[1]

    def keep(self, call: Call, reply: HttpReply) -> None:
        """Remember a call that succeeded, if it carries a token."""
        key = _key(call)
        if key and reply.status < 300:  # noqa: PLR2004 - success
            self.used[key] = (_asked(call), reply)


def _key(call: Call) -> Key | None:
    token = call.params.get("ClientToken")
    return (call.region, call.operation, str(token)) if token and call.name in _HONOURED else None


def _asked(call: Call) -> str:
    return json.dumps({**call.params, "ClientToken": None}, sort_keys=True, default=str)
