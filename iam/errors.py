"""How Raydock refuses: one kind of error with a code for programs and a sentence for people."""

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the word of RFC 9457, which it becomes at the REST interface
    """A refusal.

    `code` is stable and for programs, `message` says what happened, why and what to do next, `status` is the
    HTTP status it stands for, `fields` names what is wrong with each field of the request.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields: dict[str, list[str]] = dict(fields or {})


class Denied(Problem):
    """A refusal for want of a permission. Entry points write it to the audit log."""

    def __init__(self, permission: str, action: str, *, target_kind: str = "", target_id: str = "") -> None:
        super().__init__(
            "permission_denied",
            f"You may not do this: it needs the permission {permission}. "
            "Ask an owner or administrator of the organization for a role (or a token scope) that has it.",
            status=403,
        )
        self.permission = permission
        self.action = action
        self.target_kind = target_kind
        self.target_id = target_id


class TooMany(Problem):
    """Too many attempts. `retry_after` is the number of seconds after which the next one is looked at."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "too_many_attempts",
            "There were too many attempts, so this one was not looked at. "
            f"Wait {retry_after} seconds and try again.",
            status=429,
        )
        self.retry_after = retry_after


class NotFound(Problem):
    """The thing does not exist, or is not yours: both are said in the same words."""

    def __init__(self) -> None:
        super().__init__(
            "not_found",
            "There is nothing here that you can see. "
            "Check the id, and that you are in the right organization.",
            status=404,
        )
