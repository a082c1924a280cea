"""The pages of policy documents: every document is there, to the letter, with its reasons."""

import json

import pytest
from django.test import Client

from clouds.export.policies import policy_documents
from clouds.queries import spec_of
from tests.web.conftest import text
from tests.world import World

pytestmark = pytest.mark.django_db


def test_every_document_is_listed_by_where_it_belongs(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/policies")
    access = text(owner, f"/clouds/{world.ready.id}/access")

    for one in policy_documents(spec_of(world.ready), world.ready.external_id):
        for shown in (page, access):
            assert f"/clouds/{world.ready.id}/policies/{one.name}" in shown
            assert str(one.group).replace("'", "&#x27;") in shown


def test_a_document_has_a_page_that_says_what_it_is_for_and_why_it_differs(
    owner: Client, world: World
) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/policies/control-plane-clusters")

    assert "does not call these actions itself" in page
    assert "beside control-plane" in page
    assert "Against the usual policy" in page
    assert "names the cloud&#x27;s cluster role, for EC2 alone" in page
    assert "ec2:RunInstances" in page
    assert world.ready.account_id in page
    assert "/policies/control-plane-clusters.json" in page


def test_a_document_s_page_holds_it_against_what_is_attached(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/policies/bucket-policy")

    assert "Against what is attached" in page
    assert "did not see what is attached" in page
    assert "Against what is attached" not in text(owner, f"/clouds/{world.ready.id}/policies/session-verify")


def test_a_role_that_is_more_than_a_document_comes_with_its_lines(owner: Client, world: World) -> None:
    page = text(owner, f"/clouds/{world.ready.id}/policies/ray-head")

    assert "aws iam create-role" in page
    assert "AmazonEC2FullAccess" in page


def test_a_document_is_a_file_to_the_letter(owner: Client, world: World) -> None:
    answer = owner.get(f"/clouds/{world.ready.id}/policies/pass-mapped-roles.json")

    (wanted,) = [
        one
        for one in policy_documents(spec_of(world.ready), world.ready.external_id)
        if one.name == "pass-mapped-roles"
    ]
    assert json.loads(answer.content) == wanted.document
    assert answer.content.startswith(b'{\n  "Version"')
    assert answer["Content-Disposition"] == 'attachment; filename="pass-mapped-roles.json"'


@pytest.mark.parametrize("name", ["nothing", "nothing.json"])
def test_a_document_that_there_is_not_is_not_found(owner: Client, world: World, name: str) -> None:
    assert owner.get(f"/clouds/{world.ready.id}/policies/{name}").status_code == 404
