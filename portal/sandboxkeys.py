"""The made-up AWS keys that the sandbox wrote into the data folder, told apart by who may have them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SandboxKeys:
    """What stands in sandbox-keys.json. The console gets the control token and nothing else."""

    control_token: str
    worker: Mapping[str, str]
    admins: Mapping[str, Mapping[str, str]]

    def worker_environment(self) -> dict[str, str]:
        """The worker's credentials, under the names every AWS SDK reads."""
        named = {
            "AWS_ACCESS_KEY_ID": self.worker["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.worker["secret_access_key"],
            "AWS_SESSION_TOKEN": self.worker.get("session_token", ""),
        }
        return {name: value for name, value in named.items() if value}

    def admin(self, account_id: str) -> dict[str, str]:
        """An administrator of this account, as arguments for boto3."""
        keys = self.admins[account_id]
        return {
            "aws_access_key_id": keys["access_key_id"],
            "aws_secret_access_key": keys["secret_access_key"],
        }


def read_sandbox_keys(folder: Path) -> SandboxKeys:
    """The keys in this data folder, which the sandbox makes at its first start."""
    content: dict[str, Any] = json.loads((folder / "sandbox-keys.json").read_text(encoding="utf-8"))
    return SandboxKeys(content["control_token"], content["worker"], content["admins"])
