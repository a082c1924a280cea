"""Clouds on Google Cloud (Compute Engine): what their record says, its rules, and what is not done there.

Names: Resource Manager, "Creating and managing projects" (project ids); Compute Engine, "Regions and zones";
Cloud Storage, "About Cloud Storage buckets" (bucket names); IAM, "Types of service accounts" and
"Create service accounts" (e-mail addresses).
"""

import re
from dataclasses import dataclass

from clouds.specs import name_problem

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,20}-[a-z]{2,20}[1-9][0-9]?")
_ZONE = re.compile(r"[a-z]+-[a-z]+[1-9][0-9]?-[a-z]")
_AWS_REGION = re.compile(r"[a-z]{2}-[a-z]+-[1-9][0-9]?")
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,220}[a-z0-9])")
_IP_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_GOOGLE = ("google", "g00gle", "go0gle", "g0ogle")
LONGEST_LABEL = 63
MOST_SERVICE_ACCOUNTS = 100
_ACCOUNT_NAME = r"[a-z](?:[a-z0-9-]{4,28}[a-z0-9])"
_USER_MANAGED = re.compile(rf"{_ACCOUNT_NAME}@{_PROJECT.pattern}\.iam\.gserviceaccount\.com")
_COMPUTE_DEFAULT = re.compile(r"[0-9]{6,20}-compute@developer\.gserviceaccount\.com")
_APP_ENGINE_DEFAULT = re.compile(rf"{_PROJECT.pattern}@appspot\.gserviceaccount\.com")

NOT_CHECKED = (
    ("Project", "Raydock does not enter it: there is no role to assume and no external ID."),
    ("Network", "VPC, subnets, firewall rules and routes are not looked at."),
    ("Bucket", "It is not looked at, nor is it tried to read or write it."),
    (
        "Service accounts",
        "Whether they exist, may be attached to machines or may use the bucket is not asked.",
    ),
    ("Quotas", "They are not read."),
)
"""What verification does on AWS and nobody does here: the part, and what that means."""

NOT_DONE = {
    "connect": "Raydock enters no project, so there is nothing to connect.",
    "setup": "Raydock creates nothing there. Make the network, the bucket and the service accounts yourself.",
    "verify": "Nothing is checked there. What the record says is taken as it is.",
    "rotate": "Raydock enters no project, so there is no external ID to rotate.",
    "register": "What its record says is all that is registered. Change the record itself.",
    "takedown": "Raydock created nothing there, so there is nothing to take down.",
    "trust": "Raydock enters no project, so there is no trust policy and no role to create.",
    "policies": "AWS policies mean nothing there. Grant your service accounts what they need in IAM of GCP.",
    "plan": "Raydock creates and deletes nothing there, so there is no plan.",
    "ray-cluster": "The cluster file is written for AWS only, since networks of GCP are not known here.",
}
WORKS = "What works is the record itself, its mapping of workloads to service accounts, and the audit log."


@dataclass(frozen=True, kw_only=True)
class GcpRecord:
    """What is known of a cloud on GCP, as a person said it; nothing of it was seen by Raydock.

    `cluster_service_account` is what nodes run as by default; `service_accounts` are further ones.
    """

    name: str
    project_id: str
    region: str
    bucket: str
    cluster_service_account: str
    service_accounts: tuple[str, ...] = ()

    def problems(self) -> dict[str, list[str]]:
        """What is wrong, by field, in words for the person who typed it; empty when nothing is."""
        found = {
            "name": name_problem(self.name),
            "project_id": project_problem(self.project_id),
            "region": region_problem(self.region),
            "bucket": bucket_problem(self.bucket),
            "cluster_service_account": service_account_problem(self.cluster_service_account),
            "service_accounts": service_accounts_problem(self.service_accounts),
        }
        return {field: [text] for field, text in found.items() if text}


def project_problem(project_id: str) -> str:
    """What is wrong with a project id, or an empty string."""
    if _PROJECT.fullmatch(project_id):
        return ""
    if project_id.isdecimal():
        return "This is the number of a project. Write its id, for example ray-prod-123456."
    return (
        "A project id has 6 to 30 small letters, digits or hyphens, begins with a letter and does not end "
        "with a hyphen, for example ray-prod-123456."
    )


def region_problem(region: str) -> str:
    """What is wrong with a region, or an empty string."""
    if _REGION.fullmatch(region):
        return ""
    if _ZONE.fullmatch(region):
        return f"{region} is a zone. Write its region: {region.rpartition('-')[0]}"
    if _AWS_REGION.fullmatch(region):
        return f"{region} is a region of AWS. Write one of Google Cloud, for example europe-west4."
    return "This is not the name of a Google Cloud region. Write it like europe-west4 or us-central1."


def bucket_problem(bucket: str) -> str:
    """What is wrong with a bucket's name, or an empty string."""
    if bucket.startswith("gs://"):
        return "Write the bucket's name alone, without gs:// before it."
    labels = bucket.split(".")
    sizes = len(labels) > 1 or len(bucket) <= LONGEST_LABEL
    if not (_BUCKET.fullmatch(bucket) and sizes and all(1 <= len(one) <= LONGEST_LABEL for one in labels)):
        return (
            "A bucket's name has 3 to 63 small letters, digits, hyphens, underscores or dots (222 with dots, "
            "63 between two dots) and begins and ends with a letter or digit."
        )
    if _IP_ADDRESS.fullmatch(bucket):
        return "A bucket's name cannot look like an IP address. Choose another bucket."
    if bucket.startswith("goog") or any(word in bucket for word in _GOOGLE):
        return "Cloud Storage keeps names with google in them, or goog before them, for itself."
    return ""


def service_account_problem(email: str) -> str:
    """What is wrong with the e-mail address of a service account, or an empty string."""
    if any(form.fullmatch(email) for form in (_USER_MANAGED, _COMPUTE_DEFAULT, _APP_ENGINE_DEFAULT)):
        return ""
    return (
        f"{email or 'Nothing'} is not the e-mail address of a service account. It looks like "
        "ray-nodes@ray-prod-123456.iam.gserviceaccount.com, or like "
        "123456789012-compute@developer.gserviceaccount.com for the default of Compute Engine."
    )


def service_accounts_problem(emails: tuple[str, ...]) -> str:
    """What is wrong with the further service accounts, or an empty string."""
    if len(emails) > MOST_SERVICE_ACCOUNTS:
        return f"Name at most {MOST_SERVICE_ACCOUNTS} further service accounts."
    if len(set(emails)) != len(emails):
        return "A service account is named twice. Name each once."
    return next((problem for one in emails if (problem := service_account_problem(one))), "")
