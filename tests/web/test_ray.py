"""The page with the files for Ray's launcher: what is shown, copied, downloaded, and why there is none."""

import pytest
from django.test import Client

from clouds import queries
from iam.mapping import read_config
from tests.web.conftest import Visit, text
from tests.world import World

pytestmark = pytest.mark.django_db
MAPPING = read_config(
    {
        "mode": "CUSTOMER_MANAGED",
        "rules": [{"selector": "workload-type=job", "value": "raydock-mapped-jobs"}],
        "default_rule": "FAIL",
    }
)


@pytest.fixture
def mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cloud gives jobs a role of their own, and starts nothing else."""
    monkeypatch.setattr("clouds.ray_exports.mapping_of", lambda cloud: MAPPING)
    monkeypatch.setattr(queries, "mapping_of", lambda cloud: MAPPING)


def test_the_resources_lead_to_it(owner: Client, world: World) -> None:
    assert f'href="/clouds/{world.ready.id}/ray"' in text(owner, f"/clouds/{world.ready.id}/resources")


def test_both_files_can_be_copied_and_downloaded(owner: Client, world: World) -> None:
    address = f"/clouds/{world.ready.id}/ray"
    page = text(owner, address)
    for name, block in (("cluster.yaml", "ray-cluster"), ("roles.sh", "ray-roles")):
        assert f'data-copy-from="{block}"' in page
        assert f'href="{address}/{name}"' in page
        answer = owner.get(f"{address}/{name}")
        assert answer["Content-Disposition"].startswith('attachment; filename="ray-')
    assert "subnet-0" in owner.get(f"{address}/cluster.yaml").content.decode()


@pytest.mark.usefixtures("mapping")
def test_labels_let_the_mapping_decide(owner: Client, world: World) -> None:
    address = f"/clouds/{world.ready.id}/ray"
    page = text(owner, f"{address}?workload-type=job&project=&user=")
    assert "Rule 1 of the mapping matches workload-type=job." in page
    assert f'href="{address}/cluster.yaml?workload-type=job"' in page
    assert "instance-profile/raydock-mapped-jobs" in text(owner, f"{address}/cluster.yaml?workload-type=job")


@pytest.mark.usefixtures("mapping")
def test_what_the_mapping_refuses_is_said_beside_the_form(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/ray?project=other")
    assert "no rule matches it" in page
    assert 'value="other"' in page
    answer = owner.get(f"/clouds/{world.ready.id}/ray/cluster.yaml?project=other")
    assert answer.status_code == 409


def test_a_cloud_that_is_not_set_up_says_so(owner: Client, world: World) -> None:
    assert "Connect it and set it up first" in text(owner, f"/clouds/{world.reserved.id}/ray")


def test_markup_in_a_label_stays_text(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/ray?project=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert(1)" not in page


def test_a_stranger_finds_no_file(world: World, visit: Visit) -> None:
    for name in ("ray", "ray/cluster.yaml", "ray/roles.sh"):
        assert visit(world.people.stranger).get(f"/clouds/{world.ready.id}/{name}").status_code == 404
