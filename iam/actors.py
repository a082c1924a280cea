"""Who acts: a user, a service account or the system, always inside one organization with one member role."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from iam.errors import Denied
from iam.permissions import MemberRole, Permission, effective

ActorKind = Literal["user", "service_account", "system"]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The one who asks, as known when the request came in. `scopes` is None where no token was used."""

    kind: ActorKind
    id: str
    label: str
    organization_id: str
    role: MemberRole
    scopes: frozenset[str] | None = None
    token_id: str | None = None
    source_ip: str | None = None
    request_id: str = ""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the actor may do: the member role's permissions, cut down to the token's scopes."""
        return effective(self.role, self.scopes)

    def may(self, permission: Permission) -> bool:
        """Say whether the actor holds the permission."""
        return permission in self.permissions

    def require(self, permission: Permission, *, target_kind: str = "", target_id: str = "") -> None:
        """Raise Denied unless the actor holds the permission."""
        if not self.may(permission):
            raise Denied(permission, permission, target_kind=target_kind, target_id=target_id)

    def require_cover(
        self, given: Iterable[Permission], *, action: str, target_kind: str = "", target_id: str = ""
    ) -> None:
        """Raise Denied where the actor would hand out, or take away, more than the actor holds."""
        for permission in sorted(frozenset(given) - self.permissions):
            raise Denied(permission, action, target_kind=target_kind, target_id=target_id)


def system_actor(organization_id: str, request_id: str = "") -> Actor:
    """Return the system acting inside an organization: schedules, sweeps, the worker on its own account."""
    return Actor(
        kind="system",
        id="system",
        label="Raydock",
        organization_id=organization_id,
        role=MemberRole.OWNER,
        request_id=request_id,
    )
