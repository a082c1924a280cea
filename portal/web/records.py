"""The faces of a cloud on GCP: what its record says, and plainly what nobody checks there."""

from django.http import HttpResponse

from clouds.gcp import NOT_CHECKED, WORKS
from clouds.models import Cloud
from clouds.queries import gcp_record_of
from clouds.states import CloudState
from portal.web.faces import face
from portal.web.pages import PageRequest

FORGOTTEN = {
    "tone": "info",
    "icon": "trash-2",
    "title": "This cloud is deleted",
    "text": "Its record is forgotten; nothing in its project was touched. Its history stays readable here.",
}


def record_face(request: PageRequest, cloud: Cloud, name: str) -> HttpResponse:
    """Show the record of a cloud on GCP, on whichever face of the cloud there is nothing else to show."""
    record = gcp_record_of(cloud)
    found = [
        ("Project", record.project_id),
        ("Region", record.region),
        ("Bucket", f"gs://{record.bucket}"),
        ("Default service account", record.cluster_service_account),
        *(("Service account", one) for one in record.service_accounts),
    ]
    context = {
        "facts": [{"label": label, "value": value} for label, value in found],
        "not_checked": NOT_CHECKED,
        "works": WORKS,
        "notice": FORGOTTEN if cloud.state == CloudState.DELETED else None,
    }
    return face(request, cloud, name, "web/record.html", context)
