"""Somebody at work, with the real database and the real sandbox."""

from concurrent.futures import Executor

import pytest

from clouds import queries
from iam.mapping import read_config
from tests.sandbox import SandboxProcess
from tests.workers.desk import CRASHES, Desk
from workers.aws.session import Sessions
from workers.operations import KINDS
from workers.operations.work import Hands
from workers.runner import Runner


@pytest.fixture
def desk(transactional_db: None, aws_sandbox: SandboxProcess, pool: Executor) -> Desk:
    return Desk(aws_sandbox, pool)


@pytest.fixture
def mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cloud maps workloads to a role and to a profile, which nobody has made."""
    values = ("raydock-mapped-jobs", "arn:aws:iam::222222222222:instance-profile/raydock-mapped-nodes")
    rules = [{"selector": f"project=p{at}", "value": value} for at, value in enumerate(values)]
    wanted = read_config({"mode": "CUSTOMER_MANAGED", "rules": rules, "default_rule": "FAIL"})
    monkeypatch.setattr(queries, "mapping_of", lambda cloud: wanted)


@pytest.fixture
def worker(desk: Desk, kept: Sessions) -> Desk:
    hands = Hands(sessions=kept, pool=desk.pool, patience=desk.patience)
    desk.runner = Runner(KINDS, hands, desk.clock, crash_limit=CRASHES)
    return desk
