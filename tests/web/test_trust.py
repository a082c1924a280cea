"""The trust part of the access page, and the page of roles to mend."""

from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from clouds import queries
from clouds.export.bootstrap import Bootstrap
from clouds.export.rotation import wanted_trust
from clouds.facts import Facts, Role
from clouds.models import Cloud, Operation, VerificationFinding
from clouds.states import CloudState
from iam import tenancy
from tests import factories
from tests.web.conftest import Visit, count, one, text
from tests.world import World

pytestmark = pytest.mark.django_db
EVERYBODY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
}


def seen(world: World, now: datetime, *, trust: object = None, statements: int | None = None) -> Cloud:
    """A cloud whose role was seen like this; all is as it should be unless said otherwise."""
    cloud = factories.cloud(world.people.organization, CloudState.ACTIVE, name="looked-at", now=now)
    spec = queries.spec_of(cloud)
    whole = Bootstrap.of(spec, cloud.external_id, spec.cross_account_role_name).policy
    role = Role(
        name=spec.cross_account_role_name,
        arn=str(cloud.role_arn),
        trust=trust or wanted_trust(spec),  # type: ignore[arg-type]
        inline={"raydock": {**whole, "Statement": whole["Statement"][:statements]}},
    )
    facts = replace(Facts(at=now, account_id=cloud.account_id, region=cloud.region), roles=(role,))
    with tenancy.scope(cloud.organization_id):
        Cloud.objects.filter(pk=cloud.pk).update(
            facts=facts.to_json(), facts_at=now, role_revision=1 if statements is None else 0
        )
    return cloud


def access(browser: Client, cloud: Cloud) -> str:
    return unescape(text(browser, f"/clouds/{cloud.id}/access"))


class TestTrust:
    def test_says_that_the_role_carries_what_it_should(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        assert "the role carries exactly this trust policy" in access(owner, seen(world, now))

    def test_shows_what_is_attached_beside_what_is_wanted(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        cloud = seen(world, now, trust=EVERYBODY)
        page = access(owner, cloud)

        assert '"Principal": "*"' in page.partition('id="trust-attached"')[2]
        assert cloud.external_id in page.partition('id="trust-wanted"')[2]
        assert "aws iam update-assume-role-policy --role-name" in page
        assert "Roles of any AWS account can assume the role." in page

    def test_says_that_nothing_was_seen_yet(self, owner: Client, world: World) -> None:
        assert "What the role carries was not seen yet" in access(owner, world.ready)

    def test_takes_no_look_from_before_the_rotation_for_what_is_attached(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        cloud = seen(world, now, trust=EVERYBODY)
        with tenancy.scope(cloud.organization_id):
            Cloud.objects.filter(pk=cloud.pk).update(rotated_at=now + timedelta(minutes=1))
        page = access(owner, cloud)

        assert "The document itself was last seen before that" in page
        assert "seen to carry another trust policy" not in page

    def test_begins_a_rotation_and_shows_both_steps(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.ready.id}/trust/rotate")

        assert answer["Location"] == f"/clouds/{world.ready.id}/access#trust"
        pending = one(Cloud, pk=world.ready.id).pending_external_id
        assert pending
        page = access(owner, world.ready)
        for said in ("Step 1: Let the role admit both", "Step 2: Let the role admit the new", pending):
            assert said in page
        assert "Rotate the external ID" not in page
        assert 'hx-trigger="every 2s"' in page
        operation = one(Operation, cloud=world.ready, kind="rotate")
        shown = unescape(text(owner, f"/operations/{operation.id}"))
        assert "The role admits it" in shown
        assert f"/clouds/{world.ready.id}/access#trust" in shown

    def test_goes_on_where_an_old_id_may_still_be_admitted(self, owner: Client, world: World) -> None:
        old, new = world.ready.external_id, "rdk-ext-next"
        with tenancy.scope(world.ready.organization_id):
            kept = Cloud.objects.filter(pk=world.ready.pk)
            kept.update(pending_external_id=new)
            kept.update(external_id=new, pending_external_id=None, retiring_external_id=old)

        assert "Go on with the rotation" in access(owner, world.ready)
        owner.post(f"/clouds/{world.ready.id}/trust/rotate")
        assert one(Cloud, pk=world.ready.id).retiring_external_id == old
        assert one(Cloud, pk=world.ready.id).pending_external_id is None

    def test_offers_an_auditor_nothing_to_press(self, world: World, visit: Visit) -> None:
        page = text(visit(world.people.auditor), f"/clouds/{world.ready.id}/access")

        assert page.count('method="post"') == 1  # signing out

    def test_says_that_the_sandbox_is_away(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.ready.id}/trust/sandbox", {"step": "wanted"}, follow=True)

        assert "The sandbox does not answer" in answer.content.decode()

    @pytest.mark.parametrize("step", ["both", "nonsense"])
    def test_knows_no_step_of_a_rotation_that_is_not_there(
        self, owner: Client, world: World, step: str
    ) -> None:
        assert owner.post(f"/clouds/{world.ready.id}/trust/sandbox", {"step": step}).status_code == 404

    def test_leaves_the_role_of_a_deleted_cloud_to_its_owner(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        gone = factories.cloud(world.people.organization, CloudState.DELETED, now=now)
        page = access(owner, gone)

        assert "Raydock does not use the role any more" in page
        assert "Verify the cloud to look" not in page

    def test_refuses_a_rotation_without_a_role(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.reserved.id}/trust/rotate", follow=True)

        assert "rotate needs a cloud that is" in answer.content.decode()
        assert not count(Operation, cloud=world.reserved)


class TestRoles:
    def test_is_reached_from_the_list_which_counts_them(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        seen(world, now, statements=2)

        page = text(owner, "/clouds")

        assert 'href="/clouds/roles"' in page
        assert "1 behind</span>" in page

    def test_names_what_is_missing_and_the_line_that_attaches_it(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        cloud = seen(world, now, statements=2)
        page = unescape(text(owner, "/clouds/roles"))

        assert "looked-at" in page
        assert "LookAtUseOfNetwork" in page.partition("Its policies lack")[2]
        assert f"aws iam put-role-policy --role-name {str(cloud.role_arn).rpartition('/')[2]}" in page
        assert f"/clouds/{cloud.id}/policies/control-plane" in page

    def test_names_the_actions_that_the_last_verification_missed(
        self, owner: Client, world: World, now: datetime
    ) -> None:
        with tenancy.everyone():
            run = world.ready.verifications.get()
            VerificationFinding.objects.create(
                organization_id=run.organization_id,
                verification=run,
                check_id="role.permissions",
                area="role",
                severity="must",
                status="FAIL",
                title="The role may do everything",
                observed="Not allowed: ec2:CreateVpc.",
            )
        page = text(owner, "/clouds/roles")

        assert "Not allowed: ec2:CreateVpc." in page
        assert "Permissions missing" in page

    def test_says_that_all_is_well(self, owner: Client) -> None:
        assert "Every role is as it should be" in text(owner, "/clouds/roles")

    def test_shows_a_stranger_none_of_ours(self, world: World, visit: Visit, now: datetime) -> None:
        seen(world, now, statements=2)

        assert "looked-at" not in text(visit(world.people.stranger), "/clouds/roles")
