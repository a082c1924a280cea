"""The mapping's pages: what they teach, what a draft is told, what is saved, and what a draft never loses."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from clouds.models import Cloud
from clouds.states import CloudState
from clouds.versions import ConfigVersion
from iam.models import AuditEvent
from portal.web.drafts import digest
from tests import factories
from tests.web.conftest import Visit, count, one, text
from tests.world import World

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def source(cloud: Cloud, *lines: str) -> str:
    head = f"# ours\ncloud_deployment_id: {cloud.deployment_id}\ncloud_provider: AWS\n"
    rules = "".join(f"    {line}\n" for line in lines)
    mapping = f"  mode: CUSTOMER_MANAGED\n  rules:\n{rules}  default_rule: CLOUD_DEFAULT\n"
    return f"{head}dataplane_iam_mapping:\n{mapping}"


VISION = ("# asked for", "- selector: project=vision", "  value: vision-nodes")
BROKEN = ("- selector: project in (vision", "  value: vision-nodes")


def send(browser: Client, cloud: Cloud, where: str, yaml: str, **fields: Any) -> str:
    """Send the editor with this YAML, as changed by hand; `fields` are its other fields."""
    sent = {"yaml": yaml, "base": "0", "shown": "", **fields}
    return unescape(browser.post(f"/clouds/{cloud.id}/mapping/{where}", sent, headers=HTMX).content.decode())


class TestLooking:
    def test_is_found_from_the_access_tab(self, owner: Client, world: World) -> None:
        assert f'href="/clouds/{world.ready.id}/mapping"' in text(owner, f"/clouds/{world.ready.id}/access")

    def test_teaches_where_there_is_none(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.connected.id}/mapping")

        assert "Which role does a workload" in page
        assert "No rule: every workload gets the cloud" in page
        assert "Add a rule" in page

    def test_shows_rules_with_remarks_versions_and_coverage(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}/mapping")

        assert 'value="project=vision"' in page
        assert "Rule 2 is never reached: rule 1 matches" in page
        assert page.count("counts now") == 1
        assert 'aria-label="Coverage"' in page
        assert 'id="changes"' not in page

    def test_lets_an_auditor_look_and_ask_but_not_edit(self, world: World, visit: Visit) -> None:
        query = "sim-workload-type=job&sim-project=vision"
        page = text(visit(world.people.auditor), f"/clouds/{world.ready.id}/mapping?{query}")

        assert "<textarea" not in page
        assert "It gets" in page
        assert "not reached: rule 1 matched first" in page

    def test_says_what_is_wrong_with_a_question(self, owner: Client, world: World) -> None:
        page = text(owner, f"/clouds/{world.ready.id}/mapping?sim-workload-type=batch")

        assert "The types of workloads are job, service, workspace." in page

    def test_shows_a_version_with_what_it_changed(self, owner: Client, world: World) -> None:
        page = unescape(text(owner, f"/clouds/{world.ready.id}/mapping/versions/2"))

        assert "<ins>project=vision,workload-type=job → job-nodes</ins>" in page
        assert "+    - selector: project=vision,workload-type=job" in page
        assert "arn:aws:iam::222222222222:role/vision-nodes" in page
        assert "Go back to this version" not in page

    @pytest.mark.parametrize("number", ["0", "9", "9" * 30])
    def test_knows_no_other_versions(self, owner: Client, world: World, number: str) -> None:
        assert owner.get(f"/clouds/{world.ready.id}/mapping/versions/{number}").status_code == 404

    def test_never_swaps_itself_while_work_goes_on(self, owner: Client, world: World) -> None:
        assert "every 2s" not in text(owner, f"/clouds/{world.busy.id}/mapping")

    def test_serves_clouds_on_gcp_with_service_accounts(self, owner: Client, world: World) -> None:
        where = f"/clouds/{world.recorded.id}"
        assert f'href="{where}/mapping"' in text(owner, f"{where}/access")
        yaml = source(world.recorded, "- selector: project=vision", "  value: vision-nodes")
        yaml = yaml.replace("cloud_provider: AWS", "cloud_provider: GCP")
        answer = send(owner, world.recorded, "draft", yaml, **{"sim-workload-type": "job"})
        assert "On GCP a rule gives the e-mail of a service account" in answer
        mended = yaml.replace("vision-nodes", "vision@ray-lab-123456.iam.gserviceaccount.com")
        answer = send(owner, world.recorded, "draft", mended, **{"sim-workload-type": "job"})
        assert "ray-nodes@ray-lab-123456.iam.gserviceaccount.com" in answer
        page = unescape(text(owner, f"{where}/mapping"))
        assert "Own instance profile" not in page
        assert "every workload gets the default service account" in page
        assert "own instance profile" not in page


class TestDrafting:
    def test_tells_the_rule_and_the_line_that_cannot_be_read(self, owner: Client, world: World) -> None:
        answer = send(owner, world.connected, "draft", source(world.connected, *BROKEN))

        assert "Line 7, column 35: In a list a comma or ')' should stand here" in answer
        assert "In a list a comma" in answer.partition('id="notes-0"')[2].partition("</ul>")[0]
        assert "1 thing to mend before this can be saved" in answer

    def test_shows_who_changes_before_anything_is_saved(self, owner: Client, world: World) -> None:
        answer = send(owner, world.connected, "draft", source(world.connected, *VISION))

        changes = answer.partition('id="changes"')[2].partition("</section>")[0]
        assert "3 get something else" in changes
        assert "vision-nodes" in changes
        assert count(ConfigVersion, cloud=world.connected) == 0

    def test_answers_yaml_with_rules_and_rules_with_yaml(self, owner: Client, world: World) -> None:
        yaml = source(world.connected, *VISION)
        by_hand = send(owner, world.connected, "draft", yaml)
        fields = {
            "selector": ["project=speech"],
            "value": ["vision-nodes"],
            "default_rule": "FAIL",
            "listed": "yes",
        }
        by_fields = send(owner, world.connected, "draft", yaml, shown=digest(yaml), **fields)

        assert ('id="rules"' in by_hand, 'id="f-yaml"' in by_hand) == (True, False)
        assert ('id="rules"' in by_fields, 'id="f-yaml"' in by_fields) == (False, True)
        assert "    # asked for\n    - selector: project=speech\n" in by_fields
        assert "default_rule: FAIL" in by_fields

    def test_reads_the_line_ends_of_browsers(self, owner: Client, world: World) -> None:
        yaml = source(world.connected, *VISION)
        fields = {"selector": ["project=speech"], "value": ["vision-nodes"], "listed": "yes"}
        answer = send(
            owner, world.connected, "draft", yaml.replace("\n", "\r\n"), shown=digest(yaml), **fields
        )

        assert "project=speech" in answer

    @pytest.mark.parametrize(
        ("step", "held"),
        [("up-1", "down-0"), ("down-0", "up-1"), ("remove-1", "remove-0"), ("add", "selector-2")],
    )
    def test_buttons_keep_the_hand_on_the_rule(
        self, owner: Client, world: World, step: str, held: str
    ) -> None:
        second = ("# two", "- selector: project=b", "  value: b")
        answer = send(owner, world.connected, "draft", source(world.connected, *VISION, *second), do=step)

        marked = [tag for tag in re.findall(r"<(?:button|input)[^>]*>", answer) if "data-focus" in tag]
        assert [re.search(r'id="([^"]+)"', tag)[1] for tag in marked] == [held]  # type: ignore[index]
        assert "# asked for" in answer

    def test_works_without_the_script(self, owner: Client, world: World) -> None:
        sent = {"yaml": source(world.connected, *VISION), "base": "0", "shown": "", "do": "add"}
        page = owner.post(f"/clouds/{world.connected.id}/mapping/draft", sent).content.decode()

        assert "<html" in page
        assert 'id="selector-1"' in page

    def test_takes_very_many_rules_as_yaml_alone(self, owner: Client, world: World) -> None:
        lines = [line for n in range(600) for line in (f"- selector: user=u{n}", f"  value: role{n}")]
        yaml = source(world.connected, *lines)
        answer = send(owner, world.connected, "draft", yaml)

        assert "600 rules" in answer
        assert 'name="selector"' not in answer
        again = send(owner, world.connected, "draft", yaml, shown=digest(yaml), **{"sim-user": "u599"})
        assert 'It gets <span class="mono break">role599</span>' in again

    def test_says_when_a_list_can_be_edited_again(self, owner: Client, world: World) -> None:
        answer = send(owner, world.connected, "draft", "a: [")

        assert "The YAML cannot be read" in answer

    @pytest.mark.parametrize(
        "fields",
        [
            {"yaml": ""},
            {"yaml": "&a [*a]"},
            {"yaml": "x" * 300_000},
            {"base": "9" * 5_000},
            {"base": "²"},
            {"do": "up-99999999999999999999"},
            {"do": "remove-٣"},
            {"selector": ["a"] * 5, "value": []},
            {"default_rule": "MAYBE", "override": "PERHAPS", "allowed": "a b"},
            {"sim-workload-type": "batch"},
            {"sim-profile": "x" * 5_000},
        ],
    )
    def test_no_draft_breaks_the_page(self, owner: Client, world: World, fields: dict[str, Any]) -> None:
        yaml = source(world.connected, *VISION)
        for shown in ("", digest(yaml)):
            for more in ({}, {"do": "add"}):
                answer = owner.post(
                    f"/clouds/{world.connected.id}/mapping/draft",
                    {"yaml": yaml, "base": "0", "shown": shown, "listed": "yes", **more, **fields},
                    headers=HTMX,
                )
                assert answer.status_code == 200


class TestSaving:
    def test_keeps_the_text_the_comment_and_a_line_in_the_log(self, owner: Client, world: World) -> None:
        yaml = source(world.connected, *VISION)
        answer = owner.post(
            f"/clouds/{world.connected.id}/mapping/save",
            {"yaml": yaml, "base": "0", "shown": "", "reason": "why"},
        )

        assert answer["Location"] == f"/clouds/{world.connected.id}/mapping"
        made = one(ConfigVersion, cloud=world.connected)
        assert (made.source, made.reason, made.number) == (yaml, "why", 1)
        event = one(AuditEvent, action="cloud.configure", target_id=world.connected.id)
        assert (event.before["version"], event.after["version"], event.reason) == (0, 1, "why")

    def test_keeps_the_draft_when_it_cannot_be_saved(self, owner: Client, world: World) -> None:
        yaml = source(world.connected, *BROKEN)
        answer = owner.post(
            f"/clouds/{world.connected.id}/mapping/save",
            {"yaml": yaml, "base": "0", "shown": "", "reason": "my reason"},
        )
        page = unescape(answer.content.decode())

        assert answer.status_code == 400
        assert "Not saved" in page
        assert "- selector: project in (vision" in page
        assert 'value="my reason"' in page
        assert count(ConfigVersion, cloud=world.connected) == 0

    def test_lets_nobody_overwrite_a_version_not_seen(self, owner: Client, world: World) -> None:
        yaml = source(world.ready, *VISION)
        sent = {"yaml": yaml, "base": "1", "shown": ""}
        answer = owner.post(f"/clouds/{world.ready.id}/mapping/save", sent)
        page = unescape(answer.content.decode())

        assert answer.status_code == 412
        assert "version 2 counts now" in page
        assert "# asked for" in page
        rebased = owner.post(f"/clouds/{world.ready.id}/mapping/draft", {**sent, "do": "rebase"})
        assert b'name="base" value="2"' in rebased.content
        assert b"# asked for" in rebased.content

    def test_says_when_nothing_was_changed(self, owner: Client, world: World) -> None:
        with_rules = one(ConfigVersion, cloud=world.ready, number=2).source
        sent = {"yaml": with_rules, "base": "2", "shown": ""}
        page = owner.post(f"/clouds/{world.ready.id}/mapping/save", sent, follow=True).content.decode()

        assert "Nothing was changed, so nothing was saved." in page
        assert count(ConfigVersion, cloud=world.ready) == 2

    def test_goes_back_with_a_reason(self, owner: Client, world: World) -> None:
        where = f"/clouds/{world.ready.id}/mapping/versions"
        page = owner.post(f"{where}/1/rollback", {"reason": "one is enough"}, follow=True).content.decode()

        assert "Version 1 counts again, as version 3." in page
        assert "Back to version 1." in page
        again = owner.post(f"{where}/3/rollback", follow=True).content.decode()
        assert "Version 3 is the one that counts now." in again

    def test_leaves_a_deleted_cloud_as_it_was(self, owner: Client, world: World) -> None:
        gone = factories.cloud(
            world.people.organization, CloudState.DELETED, deleted_at=world.ready.created_at
        )
        sent = {"yaml": source(gone, *VISION), "base": "0", "shown": ""}
        answer = owner.post(f"/clouds/{gone.id}/mapping/save", sent)

        assert answer.status_code == 409
        assert b"<textarea" not in answer.content


class TestTheLog:
    def test_shows_rules_before_and_after_line_by_line(self, owner: Client, world: World) -> None:
        event = AuditEvent.objects.filter(action="cloud.configure").order_by("-seq")[0]
        page = unescape(text(owner, f"/audit/{event.pk}"))

        assert '"selector": "project=vision,workload-type=job"' in page
        assert "{'selector'" not in page
