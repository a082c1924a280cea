"""Where the REST API's endpoints are, under /api/v1/."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, register_converter
from django.views.decorators.csrf import csrf_exempt

from iam.errors import NotFound
from iam.ids import ALPHABET, LENGTH
from portal.api import (
    audit_events,
    blueprints,
    clouds,
    config,
    documents,
    exports,
    findings,
    invitations,
    mapping,
    members,
    operations,
    organizations,
    registration,
    service_accounts,
    tokens,
    trust,
    work,
)
from portal.api.errors import problem_reply
from portal.api.schema import Docs, Document


class TypeId:
    """An id in a path. What cannot be one leads nowhere."""

    regex = f"[a-z]{{2,8}}_[0-7][{ALPHABET}]{{{LENGTH - 1}}}"

    def to_python(self, value: str) -> str:
        """Return the id."""
        return value

    def to_url(self, value: str) -> str:
        """Return the id."""
        return value


register_converter(TypeId, "typeid")


@csrf_exempt
def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say that there is nothing at this address."""
    return problem_reply(NotFound(), str(getattr(request, "request_id", "")))


app_name = "api"
urlpatterns = [
    path("organizations", organizations.Organizations.as_view()),
    path("organizations/<typeid:organization_id>", organizations.OrganizationDetail.as_view()),
    path("members", members.Members.as_view()),
    path("members/<typeid:member_id>", members.MemberDetail.as_view()),
    path("invitations", invitations.Invitations.as_view()),
    path("invitations/accept", invitations.InvitationAcceptance.as_view()),
    path("invitations/<typeid:invitation_id>", invitations.InvitationDetail.as_view()),
    path("service-accounts", service_accounts.ServiceAccounts.as_view()),
    path("service-accounts/<typeid:service_account_id>", service_accounts.ServiceAccountDetail.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<typeid:token_id>", tokens.TokenDetail.as_view()),
    path("clouds", clouds.Clouds.as_view()),
    path("clouds/<typeid:cloud_id>", clouds.CloudDetail.as_view()),
    path("clouds/<typeid:cloud_id>/connect", work.Connect.as_view()),
    path("clouds/<typeid:cloud_id>/setup", work.Setup.as_view()),
    path("clouds/<typeid:cloud_id>/register", registration.Register.as_view()),
    path("clouds/<typeid:cloud_id>/activate", registration.Activate.as_view()),
    path("clouds/<typeid:cloud_id>/verify", work.Verify.as_view()),
    path("clouds/<typeid:cloud_id>/plan", work.PlanPreview.as_view()),
    path("clouds/<typeid:cloud_id>/resources", findings.Resources.as_view()),
    path("clouds/<typeid:cloud_id>/findings", findings.Findings.as_view()),
    path("clouds/<typeid:cloud_id>/verifications", findings.Verifications.as_view()),
    path("clouds/<typeid:cloud_id>/operations", operations.CloudOperations.as_view()),
    path("clouds/<typeid:cloud_id>/trust", documents.Trust.as_view()),
    path("clouds/<typeid:cloud_id>/trust/rotate", trust.TrustRotation.as_view()),
    path("clouds/<typeid:cloud_id>/policies", documents.Policies.as_view()),
    path("clouds/<typeid:cloud_id>/policies/<slug:name>", documents.PolicyDetail.as_view()),
    path("clouds/<typeid:cloud_id>/config", config.Config.as_view()),
    path("clouds/<typeid:cloud_id>/config/versions", config.ConfigVersions.as_view()),
    path("clouds/<typeid:cloud_id>/config/versions/<int:number>", config.ConfigVersionDetail.as_view()),
    path("clouds/<typeid:cloud_id>/config/versions/<int:number>/diff", config.ConfigDifference.as_view()),
    path("clouds/<typeid:cloud_id>/config/rollback", config.ConfigRollback.as_view()),
    path("clouds/<typeid:cloud_id>/iam-mapping/resolve", mapping.MappingResolve.as_view()),
    path("clouds/<typeid:cloud_id>/iam-mapping/simulate", mapping.MappingSimulate.as_view()),
    path("clouds/<typeid:cloud_id>/iam-mapping/lint", mapping.MappingLint.as_view()),
    path("clouds/<typeid:cloud_id>/exports/ray-cluster", exports.RayCluster.as_view()),
    path("clouds/<typeid:cloud_id>/exports/ray-roles", exports.RayRoles.as_view()),
    path("clouds/<typeid:cloud_id>/exports/terraform", blueprints.TerraformExport.as_view()),
    path("clouds/<typeid:cloud_id>/exports/cloudformation", blueprints.CloudFormationExport.as_view()),
    path("clouds/<typeid:cloud_id>/exports/aws-cli", blueprints.AwsCliExport.as_view()),
    path("operations", operations.Operations.as_view()),
    path("operations/<typeid:operation_id>", operations.OperationDetail.as_view(), name="operation"),
    path("operations/<typeid:operation_id>/events", operations.OperationEvents.as_view()),
    path("operations/<typeid:operation_id>/aws-calls", operations.OperationAwsCalls.as_view()),
    path("operations/<typeid:operation_id>/cancel", operations.OperationCancel.as_view()),
    path("operations/<typeid:operation_id>/retry", operations.OperationRetry.as_view()),
    path("operations/<typeid:operation_id>/take-down", operations.OperationTakeDown.as_view()),
    path("audit-events", audit_events.AuditEvents.as_view(), name="audit-events"),
    path("audit-events/export", audit_events.AuditExport.as_view(), name="audit-export"),
    path("audit-events/integrity", audit_events.AuditIntegrity.as_view()),
    path("audit-events/<typeid:event_id>", audit_events.AuditEventDetail.as_view()),
    path("schema", Document.as_view(), name="schema"),
    path("docs", Docs.as_view(), name="docs"),
    path("", nowhere),
    path("<path:rest>", nowhere),
]
