"""Whatever is sent, the console answers with a refusal, never with a failure of its own."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from clouds.models import Operation
from clouds.versions import ConfigVersion
from iam.models import AuditEvent
from portal.wsgi import application
from tests.web.conftest import Visit, count, one
from tests.world import World

pytestmark = pytest.mark.django_db
FORM = {"name": "x", "email": "guest@example.com", "role": "member", "scopes": "read"}


@pytest.fixture
def owner(world: World, visit: Visit) -> Client:
    return visit(world.people.owner)


@pytest.mark.parametrize(
    "path",
    ["/clouds?q=a%00", "/clouds/%00", "/operations?cloud=%00", "/audit?entity=%00", "/invitations/%00"],
)
def test_nul_in_an_address_is_refused(owner: Client, path: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == 400
    assert b"cannot read" in answer.content
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/organization/invite", "email"),
        ("/organization/service-accounts/new", "name"),
        ("/organization/tokens/new", "holder"),
        ("/sign-in", "email"),
    ],
)
def test_nul_in_a_form_is_refused(owner: Client, path: str, field: str) -> None:
    assert owner.post(path, {**FORM, field: "a\0b"}).status_code == 400


@pytest.mark.parametrize("path", ["mapping/save", "trust/rotate", "verify", "describe", "delete"])
def test_t3_a_form_that_carries_an_external_id_changes_nothing(
    owner: Client, world: World, path: str
) -> None:
    before = count(AuditEvent), count(Operation), count(ConfigVersion)
    form = {"yaml": "{}", "base": "2", "confirm_name": world.ready.name, "External-Id": "rdk-ext-chosen"}
    owner.post(f"/clouds/{world.ready.id}/{path}", form)
    assert (count(AuditEvent), count(Operation), count(ConfigVersion)) == before
    assert owner.get(f"/clouds/{world.ready.id}?external_id=x").status_code == 400


@pytest.mark.parametrize("path", ["mapping/versions/1/rollback", "mapping/save", "delete"])
def test_a_reason_without_measure_is_refused(owner: Client, world: World, path: str) -> None:
    saved = one(ConfigVersion, cloud=world.ready, number=2)
    before = count(Operation), count(ConfigVersion)
    form = {"yaml": f"# more\n{saved.source}", "base": "2", "confirm_name": world.ready.name}
    owner.post(f"/clouds/{world.ready.id}/{path}", {**form, "reason": "x" * 501})
    assert (count(Operation), count(ConfigVersion)) == before
    owner.post(f"/clouds/{world.ready.id}/{path}", {**form, "reason": "x" * 500})
    assert (count(Operation), count(ConfigVersion)) != before


@pytest.mark.parametrize("path", ["/clouds", "/api/v1/clouds"])
def test_nul_in_a_cookie_is_refused(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Cookie": 'raydock-session="\\000aaaaaaaaaaaa"'})
    assert answer.status_code == 400
    assert ("problem+json" in answer["Content-Type"]) is path.startswith("/api/")


@pytest.mark.parametrize(
    ("field", "value"),
    [("zones", "9" * 5_000), ("zones", "²"), ("region", f"us-{'x' * 3_000}-1"), ("account_id", "1" * 3_000)],
)
def test_a_form_without_measure_is_refused_by_field(owner: Client, field: str, value: str) -> None:
    usual = {"name": "big", "account_id": "222222222222", "region": "us-east-1", "vpc_cidr": "10.0.0.0/16"}
    answer = owner.post("/clouds/reserve", {**usual, "zones": "", "ingress_cidrs": "0.0.0.0/0", field: value})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "email", ["nobody", "@", f"{'x' * 300}@example.com", "two@example.com, b@example.com"]
)
def test_only_e_mail_addresses_are_invited(owner: Client, email: str) -> None:
    answer = owner.post("/organization/invite", {"email": email, "role": "member"})
    assert answer.status_code == 400
    assert b"not an e-mail address" in answer.content


def test_the_last_day_of_the_calendar_has_no_morrow(owner: Client) -> None:
    assert owner.get("/audit?to=9999-12-31").status_code == 200


def test_a_part_of_a_page_at_no_address_leads_to_the_start(client: Client) -> None:
    answer = client.get("/clouds", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert answer["HX-Redirect"] == "/sign-in?next=/"


@pytest.mark.parametrize("charset", ["hex", "idna", "undefined", "unicode_escape"])
def test_everything_is_read_as_utf_8(charset: str) -> None:
    told: list[str] = []

    def start(status: str, headers: Any, failure: Any = None) -> Any:
        told.append(status)

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/healthz",
        "QUERY_STRING": "q=%5Cud800",
        "CONTENT_TYPE": f"text/plain; charset={charset}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }
    list(application(environ, start))
    assert told == ["200 OK"]
