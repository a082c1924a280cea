"""The page of exports: three forms to copy and to download, with the role or without it."""

import pytest
from django.test import Client

from tests import factories
from tests.web.conftest import text
from tests.world import World

pytestmark = pytest.mark.django_db


def test_resources_lead_to_it(owner: Client, world: World) -> None:
    for cloud in (world.ready, world.reserved):
        assert f'href="/clouds/{cloud.id}/export"' in text(owner, f"/clouds/{cloud.id}/resources")


def test_a_cloud_elsewhere_is_not_led_to_it(owner: Client, world: World) -> None:
    cloud = factories.cloud(world.people.organization, provider="gcp")

    assert "/export" not in text(owner, f"/clouds/{cloud.id}/resources")
    assert owner.get(f"/clouds/{cloud.id}/export").status_code == 409


def test_shows_three_forms(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.reserved.id}/export")

    assert page.count('role="region" aria-label="raydock-sandbox-euc1.') == 3
    for said in ("aws_vpc.vpc.id", "AWS::EC2::VPC", "aws ec2 create-vpc", "CAPABILITY_NAMED_IAM"):
        assert said in page


def test_says_whether_the_role_is_part_of_it(owner: Client, world: World) -> None:
    path = f"/clouds/{world.ready.id}/export"

    assert str(world.ready.role_arn) in text(owner, path)
    assert "EntersWithExternalId" not in text(owner, path)
    assert "EntersWithExternalId" in text(owner, f"{path}?role=create")
    assert f"{path}/terraform?role=create" in text(owner, f"{path}?role=create")


@pytest.mark.parametrize(
    ("form", "ending"),
    [("terraform", "tf"), ("cloudformation", "json"), ("cloudformation-yaml", "yaml"), ("aws-cli", "sh")],
)
def test_gives_each_form_as_a_file(owner: Client, world: World, form: str, ending: str) -> None:
    answer = owner.get(f"/clouds/{world.reserved.id}/export/{form}")

    assert answer["Content-Disposition"] == f'attachment; filename="raydock-sandbox-euc1.{ending}"'
    assert world.reserved.external_id in answer.content.decode()


def test_knows_no_other_form(owner: Client, world: World) -> None:
    assert owner.get(f"/clouds/{world.reserved.id}/export/pulumi").status_code == 404
