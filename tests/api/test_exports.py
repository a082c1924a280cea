"""Files for Ray over REST: two forms of the same cluster, and what a bad question is told."""

from datetime import datetime
from urllib.parse import quote

import pytest
from ruamel.yaml import YAML

from clouds.models import Cloud
from clouds.states import CloudState
from tests import factories
from tests.api.world import PREFIX
from tests.looks import network_seen
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloud(us: People, now: datetime) -> Cloud:
    made = factories.cloud(us.organization.id, CloudState.ACTIVE)
    with us.owner.here:
        made.facts = network_seen(made.id, now).to_json()
        made.save()
    return made


def test_yaml_is_what_one_gets_and_json_says_the_same(us: People, cloud: Cloud) -> None:
    address = f"{PREFIX}clouds/{cloud.id}/exports/ray-cluster"
    written = us.auditor.api.get(address)
    assert written["Content-Type"] == "application/yaml"
    assert written["Content-Disposition"] == 'attachment; filename="ray-cluster.yaml"'
    said = us.auditor.api.get(f"{address}?format=json").json()
    assert said.pop("metadata")["raydock_cloud_id"] == cloud.id
    assert YAML(typ="safe").load(b"".join(written)) == said


def test_the_roles_are_a_script(us: People, cloud: Cloud) -> None:
    reply = us.auditor.api.get(f"{PREFIX}clouds/{cloud.id}/exports/ray-roles")
    assert reply["Content-Type"] == "text/x-shellscript"
    assert b"".join(reply).startswith(b"#!/usr/bin/env bash\n")


@pytest.mark.parametrize("query", ["format=xml", "workload-type=batch", "labels=x", f"project={'x' * 255}"])
def test_a_bad_question_names_its_field(us: People, cloud: Cloud, query: str) -> None:
    reply = us.owner.api.get(f"{PREFIX}clouds/{cloud.id}/exports/ray-cluster?{query}")
    assert reply.status_code == 400
    assert list(reply.json()["fields"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\x85", "\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}", "\x1b", "\ufffe"]
)
def test_a_label_never_leaves_the_comment_that_tells_it(us: People, cloud: Cloud, sign: str) -> None:
    label = quote(f"a{sign}setup_commands: [evil]{sign}b")
    reply = us.owner.api.get(f"{PREFIX}clouds/{cloud.id}/exports/ray-cluster?project={label}")
    written = b"".join(reply).decode()
    told, _, file = written.partition("\n\n")
    assert "setup_commands: [evil]" in told.replace("\n# ", " ")
    assert "evil" not in file
    assert all(line.startswith("# ") and line.isprintable() for line in told.split("\n"))


def test_a_cloud_without_a_network_has_no_file(us: People) -> None:
    bare = factories.cloud(us.organization.id, CloudState.CONNECTED)
    reply = us.owner.api.get(f"{PREFIX}clouds/{bare.id}/exports/ray-cluster")
    assert (reply.status_code, reply.json()["code"]) == (409, "not_set_up")
