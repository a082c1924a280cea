"""What to say about a mapping before it counts: the lint of its rules, and roles that cannot be used here."""

from collections.abc import Iterator
from dataclasses import replace

from clouds.config.values import resolved
from iam.mapping import Config, Known, Remark, lint


def examine(config: Config, known: Known, *, provider: str, account_id: str) -> tuple[Remark, ...]:
    """Give all remarks in the order of the rules; those about the default come last."""
    remarks = [*map(_dated, lint(config, known)), *_foreign(config, provider, account_id)]
    last = len(config.rules)
    return tuple(sorted(remarks, key=lambda one: last if one.rule_index is None else one.rule_index))


def _dated(remark: Remark) -> Remark:
    """Say of a missing role how that is known: it may have been made since."""
    if remark.code != "unknown-role":
        return remark
    return replace(remark, fix=f"{remark.fix} The last verification saw that; verify again when it is there.")


def _foreign(config: Config, provider: str, account_id: str) -> Iterator[Remark]:
    """Name roles of other accounts: an instance gets only those of its own (IAM User Guide, PassRole)."""
    for index, rule in enumerate(config.rules):
        account = resolved(rule.value, provider=provider, account_id=account_id).account_id
        if account and account != account_id:
            yield Remark(
                "other-account",
                "error",
                index,
                None,
                f"Rule {index + 1} names a role of account {account}, and nodes of this cloud run in "
                f"{account_id}: AWS gives an instance only roles of its own account.",
                f"Make a role of this name in account {account_id} and name that.",
            )
