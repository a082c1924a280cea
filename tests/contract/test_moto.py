"""The private names of moto that the sandbox leans on are there, in the one version that is pinned."""

import importlib
import importlib.metadata
import re
from pathlib import Path

import pytest

from workers.sandbox.backends import MOTO_VERSION, PRIVATE_NAMES, backend, prepare
from workers.sandbox.credentials import CUSTOMER_ACCOUNTS

SANDBOX = Path(__file__).resolve().parents[2] / "workers" / "sandbox"


def test_the_version_is_the_pinned_one() -> None:
    assert importlib.metadata.version("moto") == MOTO_VERSION
    assert (
        f"moto[ec2,iam,s3,sts,efs,server]=={MOTO_VERSION}"
        in (SANDBOX.parents[1] / "pyproject.toml").read_text()
    )


@pytest.mark.parametrize(("module", "name"), PRIVATE_NAMES)
def test_a_private_name_is_there(module: str, name: str) -> None:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    assert found is not None


def test_moto_is_imported_in_one_place_and_every_name_is_listed() -> None:
    used = set()
    for path in SANDBOX.glob("*.py"):
        text = path.read_text()
        imports = re.findall(r"^from (moto[\w.]*) import (.+)$", text, re.MULTILINE)
        imports += re.findall(r'import_module\("(moto[\w.]*)"\)\.(\w+)', text)
        assert not imports or path.name == "backends.py", f"{path.name} reaches into moto"
        used |= {(module, name.split()[0]) for module, names in imports for name in names.split(",")}
    assert used == {(module, name.partition(".")[0]) for module, name in PRIVATE_NAMES}


@pytest.mark.parametrize(
    ("service", "region", "names"),
    [
        (
            "ec2", "us-east-1",
            (
                "vpcs subnets internet_gateways route_tables vpc_end_points groups network_acls reservations "
                "enis nat_gateways volumes addresses tags default_vpc"
            ),
        ),
        ("iam", "aws", "roles instance_profiles managed_policies users"),
        ("s3", "aws", "buckets tagger"),
    ],
)  # fmt: skip
def test_models_have_the_attributes_that_are_read(service: str, region: str, names: str) -> None:
    prepare()
    model = backend(service, CUSTOMER_ACCOUNTS[0], region)
    missing = [name for name in names.split() if not hasattr(model, name)]
    assert missing == []
