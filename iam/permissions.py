"""Who may do what: the permissions, what each member role holds, and what each token scope lets through."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class MemberRole(StrEnum):
    """What a person or a service account is in an organization."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that an actor may be allowed to do."""

    CLOUD_READ = "cloud.read"
    CLOUD_CREATE = "cloud.create"
    CLOUD_OPERATE = "cloud.operate"
    CLOUD_DELETE = "cloud.delete"
    CLOUD_CONFIGURE = "cloud.configure"
    OPERATION_READ = "operation.read"
    OPERATION_CONTROL = "operation.control"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    MEMBER_READ = "member.read"
    MEMBER_MANAGE = "member.manage"
    TOKEN_OWN = "token.own"  # noqa: S105 - a permission, no secret
    TOKEN_MANAGE = "token.manage"  # noqa: S105
    SERVICE_ACCOUNT_MANAGE = "service_account.manage"
    ORGANIZATION_READ = "organization.read"
    ORGANIZATION_MANAGE = "organization.manage"
    SANDBOX_PLAY = "sandbox.play"


P = Permission
_READ = frozenset({P.CLOUD_READ, P.OPERATION_READ, P.MEMBER_READ, P.ORGANIZATION_READ})
_WRITE = frozenset({P.CLOUD_CREATE, P.CLOUD_OPERATE, P.OPERATION_CONTROL, P.SANDBOX_PLAY})
_AUDIT = frozenset({P.AUDIT_READ, P.AUDIT_EXPORT})
_ALL = frozenset(Permission)

# CLOUD_CONFIGURE writes the mapping, which says whose workloads run with which cluster role. With it a member
# could give the own workloads a stronger role, so owners and administrators alone hold it.
# An owner is the only one who manages the organization itself. Since nobody gives more than they hold
# (Actor.require_cover), an administrator cannot make, change or remove an owner.
ROLES: Mapping[MemberRole, frozenset[Permission]] = MappingProxyType(
    {
        MemberRole.OWNER: _ALL,
        MemberRole.ADMIN: _ALL - {P.ORGANIZATION_MANAGE},
        MemberRole.MEMBER: _READ | _WRITE | {P.TOKEN_OWN},
        MemberRole.AUDITOR: _READ | _AUDIT,
    },
)

# A token may do what its holder's role may, and of that only what one of its scopes lets through.
SCOPES: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        "read": _READ,
        "write": _READ | _WRITE | {P.CLOUD_DELETE, P.CLOUD_CONFIGURE},
        "audit": _AUDIT | {P.ORGANIZATION_READ},
        "admin": _ALL,
    },
)


def effective(role: MemberRole, scopes: Iterable[str] | None) -> frozenset[Permission]:
    """Return what a role may do through these scopes. `None` means no token: the whole role."""
    held = ROLES[role]
    return held if scopes is None else held & frozenset().union(*(SCOPES[name] for name in scopes))
