"""What the pages say: lists and filters, the new-cloud flow, forms that explain, parts that stop asking."""

from datetime import datetime

import pytest
from django.test import Client

from clouds.models import Cloud, Operation
from clouds.states import CloudState
from iam import tenancy
from iam.models import ApiToken, AuditEvent, Membership
from tests import factories
from tests.people import PASSWORD
from tests.web.conftest import Visit, count, one, text
from tests.world import World

pytestmark = pytest.mark.django_db
NEW = {
    "name": "prod-serving",
    "account_id": "222222222222",
    "region": "eu-west-1",
    "vpc_cidr": "10.0.0.0/16",
    "zones": "3",
    "ingress_cidrs": "10.1.0.0/16, 10.2.0.0/16",
}


class TestClouds:
    def test_lists_name_state_and_checks(self, owner: Client) -> None:
        page = text(owner, "/clouds")

        assert "prod-training" in page
        assert "Setting up" in page
        assert "2 of 3" in page

    @pytest.mark.parametrize(
        ("query", "shown", "hidden"),
        [("q=prod", "prod-training", "research"), ("state=setup_failed", "partner", "prod-training")],
    )
    def test_filters(self, owner: Client, query: str, shown: str, hidden: str) -> None:
        page = text(owner, f"/clouds?{query}")

        assert shown in page
        assert hidden not in page

    def test_says_that_nothing_fits(self, owner: Client) -> None:
        assert "No cloud fits" in text(owner, "/clouds?q=nowhere")

    def test_teaches_where_there_is_none(self, world: World, visit: Visit) -> None:
        page = text(visit(world.people.stranger), "/clouds")

        assert "No clouds yet" in page
        assert page.count('href="/clouds/new"') == 1

    def test_exports_what_is_filtered(self, owner: Client) -> None:
        lines = text(owner, "/clouds/export.csv?q=prod").splitlines()

        assert lines[0].startswith("id,name,state")
        assert len(lines) == 2
        assert "prod-training,active" in lines[1]

    def test_gives_a_spreadsheet_no_formula(self, owner: Client, world: World, now: datetime) -> None:
        factories.cloud(world.people.organization, CloudState.RESERVED, name="=1+1", now=now)

        assert ",'=1+1," in text(owner, "/clouds/export.csv?q==1")

    def test_asks_again_only_while_something_runs(self, owner: Client, world: World) -> None:
        assert 'hx-trigger="every 2s"' in text(owner, "/clouds")

        with tenancy.everyone():
            Operation.objects.update(state="cancelled")

        assert 'hx-trigger="every 2s"' not in text(owner, "/clouds")


class TestNewCloud:
    def test_reserves_with_options_and_leads_to_connect(self, owner: Client) -> None:
        answer = owner.post("/clouds/reserve", NEW)

        cloud = one(Cloud, name="prod-serving")
        assert answer["Location"] == f"/clouds/{cloud.id}/connect"
        assert cloud.options == {
            "vpc_cidr": "10.0.0.0/16", "zones": 3, "ingress_cidrs": ["10.1.0.0/16", "10.2.0.0/16"],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", "", "A cloud&#x27;s name has 1 to 63"),
            ("account_id", "12", "exactly 12 digits"),
            ("region", "cn-north-1", "China"),
            ("vpc_cidr", "10.0.0.0/30", "between /16"),
            ("zones", "1", "at least 2 availability zones"),
            ("ingress_cidrs", "everyone", "write IPv4 ranges"),
            ("name", "PROD-TRAINING", "already has a cloud called"),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(
        self, owner: Client, field: str, value: str, said: str
    ) -> None:
        answer = owner.post("/clouds/reserve", {**NEW, field: value})
        page = answer.content.decode()

        assert answer.status_code in {400, 409}
        assert said in page.partition(f'id="e-{field}"')[2].partition("</p>")[0]
        assert 'value="10.1.0.0/16, 10.2.0.0/16"' in page if field != "ingress_cidrs" else True

    def test_shows_three_forms_of_the_role(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.reserved.id}/connect")

        assert world.reserved.external_id in page
        assert page.count('role="region" aria-label="raydock-role') == 3

    @pytest.mark.parametrize("form", ["cloudformation", "aws-cli", "terraform"])
    def test_gives_each_form_as_a_file(self, owner: Client, world: World, form: str) -> None:
        answer = owner.get(f"/clouds/{world.reserved.id}/bootstrap/{form}")

        assert answer["Content-Disposition"].startswith('attachment; filename="raydock-role.')
        assert world.reserved.external_id in answer.content.decode()

    def test_watches_for_the_role_for_an_hour(self, owner: Client, world: World) -> None:
        arn = "arn:aws:iam::222222222222:role/mine"

        answer = owner.post(f"/clouds/{world.reserved.id}/watch", {"role_arn": arn})

        asked = one(Operation, cloud=world.reserved)
        assert answer["Location"] == f"/clouds/{world.reserved.id}/connect"
        assert asked.input == {"role_arn": arn, "wait_seconds": 3600}
        page = text(owner, answer["Location"])
        assert "Waiting for the role" in page
        assert 'hx-trigger="every 2s"' in page

    def test_says_what_is_wrong_with_the_role(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.reserved.id}/watch", {"role_arn": "arn:aws:iam::1:user/x"})

        assert answer.status_code == 400
        assert 'class="error" id="e-role_arn"' in answer.content.decode()
        assert not count(Operation, cloud=world.reserved)

    def test_moves_on_by_itself_when_connected(self, owner: Client, world: World) -> None:
        answer = owner.get(f"/clouds/{world.connected.id}/connect", headers={"HX-Request": "true"})

        assert answer["HX-Redirect"] == f"/clouds/{world.connected.id}/create"

    def test_shows_the_plan_before_anything_runs(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.connected.id}/create")

        for resource in ("vpc", "internet-gateway", "security-group", "cluster-role", "bucket"):
            assert f">{resource}<" in page
        assert not count(Operation, cloud=world.connected)

    def test_starts_the_set_up_and_shows_it(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.connected.id}/setup")

        assert answer["Location"] == f"/clouds/{world.connected.id}"
        assert "Set-up is queued" in text(owner, answer["Location"])

    def test_says_why_a_second_set_up_must_wait(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.busy.id}/setup", follow=True)

        assert f"The setup operation {world.running.id} is still working" in answer.content.decode()

    def test_says_that_the_sandbox_is_away(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.reserved.id}/sandbox-role", follow=True)

        assert "The sandbox does not answer" in answer.content.decode()


class TestCloud:
    def test_part_is_the_page_without_its_frame(self, owner: Client, world: World) -> None:
        part = text(owner, f"/clouds/{world.busy.id}", **{"HX-Request": "true"})

        assert part.lstrip().startswith('<div class="live" id="live">')
        assert "<html" not in part
        assert "1 of 2" in part or "0 of 2" in part

    @pytest.mark.parametrize(("which", "asks"), [("busy", "asks"), ("ready", ""), ("failed", "")])
    def test_asks_again_only_while_it_moves(self, owner: Client, world: World, which: str, asks: str) -> None:
        page = text(owner, f"/clouds/{getattr(world, which).id}")

        assert ('hx-trigger="every 2s"' in page) is bool(asks)

    def test_draws_what_is_there(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}")

        assert "vpc-0a61f3d2c94e8b710" in page
        assert "Subnet use1-az1" in page
        assert '<g class="planned"><rect class="box"' in page  # the gateway that the world does not have

    def test_says_what_failed_and_what_to_do(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.failed.id}")

        assert "AWS refused ec2:CreateVpc." in page
        assert "Attach the policy control-plane" in page

    def test_shows_the_fix_of_a_failed_check(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}/checks")

        for said in ("Observed", "no rule", "Expected", "Add the rule.", "ingress { self = true }"):
            assert said in page

    def test_shows_only_what_did_not_pass(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}/checks?show=open")

        assert "sg.self_in holds" in page
        assert "vpc.dns holds" not in page

    def test_renames(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.ready.id}/rename", {"name": "prod-new"}, follow=True)

        assert "The cloud was renamed." in answer.content.decode()
        assert one(Cloud, pk=world.ready.id).name == "prod-new"

    def test_says_beside_the_field_that_a_name_is_taken(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/clouds/{world.ready.id}/rename", {"name": "research"})

        assert answer.status_code == 409
        assert "already has a cloud called" in answer.content.decode().partition('id="e-name"')[2]

    def test_protects_against_delete(self, owner: Client, world: World) -> None:
        owner.post(f"/clouds/{world.ready.id}/protection", {"on": "yes"})

        page = text(owner, f"/clouds/{world.ready.id}/settings")
        assert "Deletion protection is on" in page
        assert 'id="delete"' not in page

    def test_names_what_goes_and_what_stays(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}/settings")
        going = page.partition("What goes")[2].partition("What stays")[0]

        assert "vpc-0a61f3d2c94e8b710" in going
        assert "raydock-cld-1" not in going
        assert "Keep it" in page

    def test_deletes_only_with_the_name(self, owner: Client, world: World) -> None:
        path = f"/clouds/{world.ready.id}/delete"

        refused = owner.post(path, {"confirm_name": "prod", "bucket": "keep"}, follow=True)
        assert "write its name exactly: prod-training" in refused.content.decode()

        owner.post(path, {"confirm_name": "prod-training", "bucket": "keep", "reason": "moved away"})
        asked = one(Operation, cloud=world.ready, kind="delete")
        assert (asked.input["bucket"], asked.reason) == ("keep", "moved away")

    def test_offers_a_member_no_delete(self, world: World, visit: Visit) -> None:
        page = text(visit(world.people.member), f"/clouds/{world.ready.id}/settings")

        assert "cannot delete clouds" in page
        assert 'id="delete"' not in page

    def test_offers_an_auditor_no_change(self, world: World, visit: Visit) -> None:
        auditor = visit(world.people.auditor)

        for path in ("/clouds", f"/clouds/{world.ready.id}", f"/operations/{world.broken.id}"):
            forms = text(auditor, path).count('method="post"')
            assert forms == 1, path  # signing out


class TestOperations:
    def test_tells_steps_calls_and_failure(self, owner: Client, world: World) -> None:
        page = text(owner, f"/operations/{world.broken.id}")

        for said in (
            "AWS refused ec2:CreateVpc.",
            "Attach the policy",
            "ec2:CreateVpc",
            "AccessDenied",
            "Resume",
        ):
            assert said in page

    def test_takes_down_what_a_failed_set_up_made(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/operations/{world.broken.id}/take-down")

        made = one(Operation, cloud=world.failed, kind="takedown")
        assert answer["Location"] == f"/operations/{made.id}"

    def test_resumes(self, owner: Client, world: World) -> None:
        answer = owner.post(f"/operations/{world.broken.id}/retry")

        again = one(Operation, retry_of=world.broken)
        assert answer["Location"] == f"/operations/{again.id}"

    def test_cancels(self, owner: Client, world: World) -> None:
        owner.post(f"/operations/{world.running.id}/cancel")

        assert one(Operation, pk=world.running.pk).cancel_requested_at is not None
        assert "Cancelling…" in text(owner, f"/operations/{world.running.id}")

    def test_filters(self, owner: Client, world: World) -> None:
        page = text(owner, "/operations?state=failed")

        assert world.broken.id in page
        assert world.setup.id not in page


class TestAudit:
    def test_filters_by_the_address(self, owner: Client, world: World) -> None:
        page = text(owner, f"/audit?cloud={world.ready.id}")

        assert "cloud.rename" in page
        assert "organization.found" not in page
        assert f"cloud: {world.ready.id}" in page

    def test_shows_before_and_after_and_calls(self, owner: Client) -> None:
        event = one(AuditEvent, action="cloud.rename")

        page = text(owner, f"/audit/{event.id}")

        assert "<del>old</del>" in page
        assert "<ins>prod-training</ins>" in page
        assert "ec2:CreateVpc" in page

    def test_says_that_the_chain_holds(self, owner: Client) -> None:
        assert "The chain holds" in text(owner, "/audit/integrity")

    def test_ignores_a_date_that_is_none(self, owner: Client) -> None:
        assert owner.get("/audit?from=yesterday&to=2026-99-99").status_code == 200

    def test_refuses_a_cursor_that_is_none(self, owner: Client) -> None:
        assert owner.get("/audit?cursor=abc").status_code == 400


class TestOrganization:
    def test_shows_a_token_once(self, owner: Client) -> None:
        made = owner.post("/organization/tokens/new", {"name": "laptop", "scopes": ["read"], "days": "30"})

        token = one(ApiToken, name="laptop")
        assert f"rdk_{token.prefix}".replace("rdk_rdk_", "rdk_") in made.content.decode()
        assert made.content.decode().count("shown only this once") == 1
        assert "shown only this once" not in text(owner, "/organization/tokens")

    def test_revokes_a_token(self, owner: Client, world: World) -> None:
        owner.post(f"/organization/tokens/{world.people.auditor.actor.token_id}/end")

        assert one(ApiToken, pk=world.people.auditor.actor.token_id).revoked_at is not None

    def test_invites_and_lets_in(self, owner: Client) -> None:
        made = owner.post("/organization/invite", {"email": "new@ours.example", "role": "auditor"})
        link = made.content.decode().partition("http://testserver")[2].partition("<")[0]

        guest = Client()
        assert "You are invited" in text(guest, link)
        answer = guest.post(link, {"name": "Nia New", "password": PASSWORD})

        assert answer["Location"] == "/clouds"
        assert one(Membership, user__email="new@ours.example").role == "auditor"
        assert "prod-training" in text(guest, "/clouds")

    def test_an_administrator_makes_no_owner(self, world: World, visit: Visit) -> None:
        answer = visit(world.people.admin).post(
            "/organization/invite", {"email": "x@y.example", "role": "owner"}
        )

        assert answer.status_code == 403
        assert count(AuditEvent, action="invitation.create", outcome="denied")

    def test_keeps_the_last_owner(self, owner: Client, world: World) -> None:
        path = f"/organization/members/{world.people.owner.place_id}/role"

        assert "last owner" in owner.post(path, {"role": "member"}, follow=True).content.decode()

    def test_asks_for_a_name(self, owner: Client) -> None:
        answer = owner.post("/organization/service-accounts/new", {"name": " ", "role": "member"})

        assert answer.status_code == 400
        assert "Give it a name" in answer.content.decode().partition('id="e-name"')[2]
