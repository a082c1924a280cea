"""The clouds whose cross-account role is behind this release or lacks permissions, and how to mend each."""

from typing import Any

from django.http import HttpResponse

from clouds import queries
from clouds.export.carried import attach_policy_line, shortfall
from clouds.export.rotation import attach_line, wanted_trust
from clouds.facts import Facts
from clouds.queries import RoleToMend
from iam.permissions import Permission
from portal.web.documents import bootstrap_of
from portal.web.faces import CRUMB
from portal.web.pages import PageRequest, pager, render
from portal.web.sessions import page

SHOWN = 10


@page(Permission.CLOUD_READ)
def roles(request: PageRequest) -> HttpResponse:
    """Show each such cloud with what its role lacks, the document to attach and the line that attaches it."""
    found = queries.roles_to_mend(request.actor, request.GET.get("cursor", ""), limit=SHOWN)
    context = {"roles": [_shown(one) for one in found.results], **pager(request, found.next, "")}
    return render(request, "web/roles.html", context, crumbs=[CRUMB, ("Cross-account roles", None)])


def _shown(one: RoleToMend) -> dict[str, Any]:
    cloud, spec, described = one.cloud, queries.spec_of(one.cloud), bootstrap_of(one.cloud)
    lacks = shortfall(spec, Facts.from_json(cloud.facts)) if cloud.facts else None
    trust = wanted_trust(spec)
    return {
        "cloud": cloud,
        "behind": queries.role_behind(cloud),
        "statements": lacks.statements if lacks else (),
        "actions": lacks.actions if lacks else (),
        "remarks": lacks.trust if lacks else (),
        "findings": one.findings,
        "gaps": any(finding.status == "FAIL" for finding in one.findings),
        "policy": described.policy,
        "policy_cli": attach_policy_line(described),
        "trust": trust,
        "trust_cli": attach_line(spec, trust),
    }
