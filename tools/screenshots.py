"""Photograph the console: a whole Raydock is started, filled through REST, and looked at.

`python tools/screenshots.py` renews the pictures of docs/images. With `--all FOLDER` every page goes there,
in both themes and 390 px wide, to be looked at before a change of the look lands.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chromium import find_browser, launch_arguments  # noqa: E402 - this file is run as a script
from tests.stack import Stack, settle, wait_for  # noqa: E402

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
READY = (
    ("prod-training-use1", "us-east-1"),
    ("prod-serving-usw2", "us-west-2"),
    ("batch-apse1", "ap-southeast-1"),
)
KEPT = {
    "clouds-dark": ("clouds", "dark", WIDE),
    "clouds-light": ("clouds", "light", WIDE),
    "cloud-light": ("cloud", "light", WIDE),
    "cloud-dark": ("attention-overview", "dark", WIDE),
    "connect-light": ("connect", "light", WIDE),
    "operation-dark": ("operation", "dark", WIDE),
    "audit-dark": ("audit", "dark", WIDE),
    "cloud-phone": ("cloud", "light", PHONE),
    "mapping-light": ("mapping", "light", WIDE),
}
# Four rules as a customer grows them; the last is hidden by the second, and no role of these names exists.
RULES = (
    ("workload-type=job,project=vision", "vision-training-nodes"),
    ("project=vision", "vision-nodes"),
    ("workload-type in (job, service),project notin (vision, sandbox)", "batch-nodes"),
    ("project=vision,user=ann@example.com", "ann-nodes"),
)


# Every page that there is, by the name of its picture; what stands in braces is the id of such a cloud.
PAGES = (
    ("clouds", "/clouds"),
    ("clouds-filtered", "/clouds?q=nowhere"),
    ("roles", "/clouds/roles"),
    ("new", "/clouds/new"),
    ("new-gcp", "/clouds/new/gcp"),
    ("connect", "/clouds/{reserved}/connect"),
    ("create", "/clouds/{connected}/create"),
    ("cloud", "/clouds/{ready}"),
    ("checks", "/clouds/{ready}/checks"),
    ("resources", "/clouds/{ready}/resources"),
    ("activity", "/clouds/{ready}/activity"),
    ("trust", "/clouds/{ready}/access"),
    ("settings", "/clouds/{ready}/settings"),
    ("attention", "/clouds/{worried}/checks"),
    ("attention-overview", "/clouds/{worried}"),
    ("attention-trust", "/clouds/{worried}/access"),
    ("failed", "/clouds/{broken}"),
    ("mapping", "/clouds/{worried}/mapping"),
    ("mapping-asked", "/clouds/{worried}/mapping?sim-workload-type=job&sim-project=vision"),
    ("mapping-version", "/clouds/{worried}/mapping/versions/2"),
    ("mapping-none", "/clouds/{ready}/mapping"),
    ("policies", "/clouds/{ready}/policies"),
    ("policy", "/clouds/{ready}/policies/control-plane-services"),
    ("export", "/clouds/{ready}/export"),
    ("ray", "/clouds/{ready}/ray"),
    ("ray-mapped", "/clouds/{worried}/ray?workload-type=job&project=vision"),
    ("resources-none", "/clouds/{reserved}/resources"),
    ("rotation-1", "/clouds/{admitting}/access"),
    ("rotation-2", "/clouds/{refusing}/access"),
    ("trust-none", "/clouds/{reserved}/access"),
    ("gcp", "/clouds/{recorded}"),
    ("gcp-mapping", "/clouds/{recorded}/mapping"),
    ("gcp-settings", "/clouds/{recorded}/settings"),
    ("operations", "/operations"),
    ("audit", "/audit"),
    ("integrity", "/audit/integrity"),
    ("members", "/organization"),
    ("service-accounts", "/organization/service-accounts"),
    ("tokens", "/organization/tokens"),
    ("sandbox", "/sandbox"),
    ("nowhere", "/no-such-page"),
)


class Story:
    """What the pictures show: clouds in every state, made over REST as any customer would."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.api = stack.client()

    def reserve(self, name: str, region: str) -> dict[str, Any]:
        """A cloud that has an id and nothing else."""
        body = {"name": name, "region": region, "account_id": self.stack.run["sandbox_account_id"]}
        return self.ask("POST", "/clouds", body)

    def connect(self, name: str, region: str) -> dict[str, Any]:
        """A cloud whose role exists and was tested."""
        cloud = self.reserve(name, region)
        trust = self.let_in(cloud)
        self.run(cloud, "connect", {"role_arn": trust["role_arn"]})
        return cloud

    def let_in(self, cloud: dict[str, Any], *, statements: int | None = None) -> dict[str, Any]:
        """Play the customer: the cross-account role, its policy perhaps cut to its first `statements`."""
        trust = self.ask("GET", f"/clouds/{cloud['id']}/trust")
        policy = self.ask("GET", f"/clouds/{cloud['id']}/policies/control-plane")["document"]
        role = {
            "account_id": cloud["account_id"],
            "role_name": trust["role_name"],
            "trust_policy": trust["trust_policy"],
            "policies": {"raydock-control-plane": {**policy, "Statement": policy["Statement"][:statements]}},
        }
        self.stack.sandbox("POST", "customer/role", role)
        return trust

    def create(self, name: str, region: str) -> dict[str, Any]:
        """A cloud with everything in it."""
        cloud = self.connect(name, region)
        return {**cloud, "setup": self.run(cloud, "setup")}

    def run(self, cloud: dict[str, Any], kind: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask for an operation and wait for its end."""
        return settle(self.api, self.ask("POST", f"/clouds/{cloud['id']}/{kind}", body or {}))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One REST call."""
        answer: httpx.Response = self.api.request(method, path, json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def fill(self) -> dict[str, str]:
        """Make the clouds; the addresses of the pages to photograph."""
        first, second, third = [self.create(name, region) for name, region in READY]
        worried = self.create("research-euw1", "eu-west-1")
        self.map(worried)
        self.worry(worried, "eu-west-1")
        broken = self.fail("partner-cac1", "ca-central-1")
        connected = self.connect("genomics-use2", "us-east-2")
        reserved = self.reserve("sandbox-euc1", "eu-central-1")
        recorded = self.record("lab-euw4")
        self.rotate(second, steps=0)
        self.rotate(third, steps=1)
        made = {
            "ready": first,
            "worried": worried,
            "broken": broken,
            "connected": connected,
            "reserved": reserved,
            "recorded": recorded,
            "admitting": second,
            "refusing": third,
        }
        event = self.ask("GET", "/audit-events?action=cloud.setup")["results"][0]["id"]
        return {
            **{name: path.format(**{key: one["id"] for key, one in made.items()}) for name, path in PAGES},
            "operation": f"/operations/{first['setup']['id']}",
            "operation-failed": f"/operations/{broken['setup']['id']}",
            "event": f"/audit/{event}",
        }

    def worry(self, cloud: dict[str, Any], region: str) -> None:
        """Break a cloud behind Raydock's back and let it look."""
        ec2 = self.stack.aws("ec2", region)
        mine = [{"Name": "tag:raydock-cloud-id", "Values": [cloud["id"]]}]
        group = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]
        self.let_in(cloud, statements=-1)
        inside = [rule for rule in group["IpPermissions"] if rule["UserIdGroupPairs"]]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=inside)
        self.run(cloud, "verify")

    def map(self, cloud: dict[str, Any]) -> None:
        """Give a cloud a mapping that grew over three versions and has something to remark."""
        for count, reason in ((1, "Vision trains on its own data"), (3, "Batch work apart"), (4, "For Ann")):
            mapping = {
                "mode": "CUSTOMER_MANAGED",
                "rules": [{"selector": selector, "value": value} for selector, value in RULES[:count]],
                "default_rule": "CLOUD_DEFAULT",
            }
            path = f"/clouds/{cloud['id']}/config"
            current = self.api.get(path)
            body = {**current.json(), "dataplane_iam_mapping": mapping}
            tag = {"If-Match": current.headers["ETag"]}
            saved = self.api.put(path, json=body, headers=tag, params={"reason": reason})
            saved.raise_for_status()

    def rotate(self, cloud: dict[str, Any], *, steps: int) -> None:
        """Begin a rotation of the external ID and play the customer for so many of its two steps."""
        self.ask("POST", f"/clouds/{cloud['id']}/trust/rotate", {})
        trust = self.ask("GET", f"/clouds/{cloud['id']}/trust")
        if not steps:
            return
        role = {
            "account_id": cloud["account_id"],
            "role_name": trust["role_name"],
            "trust_policy": trust["rotation"]["steps"][0]["trust_policy"],
        }
        self.stack.sandbox("POST", "customer/role", role)
        wait_for("the new external ID in force", lambda: self.retiring(cloud))

    def retiring(self, cloud: dict[str, Any]) -> bool:
        """Whether the rotation of this cloud has come to its second step."""
        rotation = self.ask("GET", f"/clouds/{cloud['id']}/trust")["rotation"]
        return bool(rotation and rotation["retiring_external_id"])

    def record(self, name: str) -> dict[str, Any]:
        """A cloud on Google Cloud."""
        project = "acme-ray-lab"
        body = {
            "name": name,
            "provider": "gcp",
            "region": "europe-west4",
            "project_id": project,
            "options": {
                "bucket": "acme-ray-lab",
                "cluster_service_account": f"ray-nodes@{project}.iam.gserviceaccount.com",
                "service_accounts": [f"ray-jobs@{project}.iam.gserviceaccount.com"],
            },
        }
        return self.ask("POST", "/clouds", body)

    def fail(self, name: str, region: str) -> dict[str, Any]:
        """A cloud whose set-up AWS refuses half way."""
        cloud = self.connect(name, region)
        # A limit, not a refusal: what is refused to a role this young is waited out as propagation.
        fault = {"kind": "error", "status": 400, "code": "RouteLimitExceeded", "times": None}
        self.stack.sandbox("POST", "faults", {"action": "ec2:CreateRoute", **fault})
        failed = self.run(cloud, "setup")
        self.stack.sandbox("DELETE", "faults")
        return {**cloud, "setup": failed}


@contextmanager
def running() -> Iterator[Stack]:
    """A Raydock of its own, away from anybody's data."""
    with tempfile.TemporaryDirectory(prefix="raydock-pictures-") as folder:
        stack = Stack(Path(folder)).start()
        try:
            yield stack
        finally:
            stack.stop()


def signed_in(browser: Browser, stack: Stack, theme: str, window: dict[str, int]) -> Page:
    """A page of the owner in this theme and window."""
    context = browser.new_context(viewport=window, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(stack.run["url"])
    page.get_by_label("E-mail").fill(stack.run["email"])
    page.get_by_label("Password").fill(stack.run["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("main")
    return page


def photograph(page: Page, address: str, file: Path, *, full: bool) -> None:
    """One picture of one page, once its font is there."""
    page.goto(address)
    page.evaluate("document.fonts.ready")
    window = page.viewport_size
    if full and window:
        # A window as high as the page, so that what sticks to its edge covers nothing.
        page.set_viewport_size({**window, "height": page.evaluate("document.documentElement.scrollHeight")})
    page.screenshot(path=file)
    if window:
        page.set_viewport_size(window)
    sys.stdout.write(f"{file}\n")


def take(stack: Stack, pages: dict[str, str], folder: Path, *, everything: bool) -> None:
    """Take the kept pictures, or all there are."""
    views = [("light", WIDE, ""), ("dark", WIDE, ""), ("light", PHONE, "-phone"), ("dark", PHONE, "-phone")]
    every = {
        f"{name}-{theme}{tail}": (name, theme, window) for name in pages for theme, window, tail in views
    }
    wanted = every if everything else KEPT
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=launch_arguments())
        for theme, window, _ in views:
            mine = {
                file: name for file, (name, dress, size) in wanted.items() if (dress, size) == (theme, window)
            }
            if not mine:
                continue
            page = signed_in(browser, stack, theme, window)
            for file, name in mine.items():
                photograph(page, stack.run["url"] + pages[name], folder / f"{file}.png", full=everything)
        browser.close()


def main() -> None:
    """Start, fill, photograph, stop."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument(
        "--all", type=Path, metavar="FOLDER", help="every page, both themes, also 390 px wide"
    )
    asked = reader.parse_args()
    with running() as stack:
        pages = Story(stack).fill()
        take(stack, pages, asked.all or ROOT / "docs" / "images", everything=asked.all is not None)


if __name__ == "__main__":
    main()
