"""What Ray services need (load balancers, certificates, stacks): in the whole account, or by the cloud's tag.

Resources and condition keys: Service Authorization Reference, "… for AWS Elastic Load Balancing V2",
"… for AWS Certificate Manager", "… for AWS CloudFormation".
"""

from typing import Final

from iam.policy.features import SERVICE_ROLES, STACKS, Feature, Need, for_service, service_role
from iam.policy.places import BORN_OURS, IS_OURS

_ELB: Final = "arn:aws:elasticloadbalancing:{region}:{account_id}:"
_ALL: Final = f"{_ELB}*/*"
_CERTIFICATES: Final = "arn:aws:acm:{region}:{account_id}:certificate/*"
_SERVICE_ROLE: Final = service_role(*SERVICE_ROLES["elb"])
_STACK_VERBS: Final = (
    "CreateStack DeleteStack DescribeStackEvents DescribeStackResources DescribeStacks GetTemplate "
    "TagResource UntagResource UpdateStack"
)
_CHANGES: Final = (
    "AddListenerCertificates CreateListener CreateRule DeleteListener DeleteLoadBalancer DeleteRule "
    "DeleteTargetGroup DeregisterTargets ModifyListener ModifyLoadBalancerAttributes ModifyRule "
    "ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets RemoveListenerCertificates RemoveTags "
    "SetIpAddressType SetSecurityGroups SetSubnets"
)

_BESIDES: Final = (
    Need("Stacks", Feature.SERVICES, "cloudformation", _STACK_VERBS, (STACKS,)),
    Need(
        "LookAtLoadBalancers",
        Feature.SERVICES,
        "elasticloadbalancing",
        "DescribeListenerCertificates DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers "
        "DescribeRules DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth",
    ),
    Need("LookAtNetwork", Feature.SERVICES, "ec2", "DescribeInternetGateways DescribeVpcs"),
    Need("ListCertificates", Feature.CERTIFICATES, "acm", "ListCertificates"),
    Need(
        "Certificates",
        Feature.CERTIFICATES,
        "acm",
        "AddTagsToCertificate DeleteCertificate DescribeCertificate GetCertificate ListTagsForCertificate "
        "RenewCertificate",
        (_CERTIFICATES,),
    ),
    Need(
        "CreateLoadBalancerServiceRole",
        Feature.SERVICES,
        "iam",
        "CreateServiceLinkedRole",
        (_SERVICE_ROLE,),
        (for_service(SERVICE_ROLES["elb"][0]),),
    ),
    Need(
        "LoadBalancerServiceRole",
        Feature.SERVICES,
        "iam",
        "AttachRolePolicy DeleteServiceLinkedRole GetServiceLinkedRoleDeletionStatus PutRolePolicy "
        "UpdateRoleDescription",
        (_SERVICE_ROLE,),
    ),
)

SERVICES: Final = (
    *_BESIDES,
    Need("RequestCertificates", Feature.CERTIFICATES, "acm", "RequestCertificate"),
    Need(
        "ChangeLoadBalancers",
        Feature.SERVICES,
        "elasticloadbalancing",
        f"AddTags CreateLoadBalancer CreateTargetGroup {_CHANGES} SetRulePriorities",
        (_ALL,),
    ),
)
"""The usual policy for services: any load balancer of this account and region."""

SERVICES_BY_TAG: Final = (
    *_BESIDES,
    Need("RequestTaggedCertificates", Feature.CERTIFICATES, "acm", "RequestCertificate", tests=(BORN_OURS,)),
    Need(
        "CreateTagged",
        Feature.SERVICES,
        "elasticloadbalancing",
        "CreateLoadBalancer CreateTargetGroup",
        (_ALL,),
        (BORN_OURS,),
    ),
    Need(
        "TagAtCreation",
        Feature.SERVICES,
        "elasticloadbalancing",
        "AddTags",
        (_ALL,),
        (("Null", "elasticloadbalancing:CreateAction", "false"),),
    ),
    Need("ChangeOwn", Feature.SERVICES, "elasticloadbalancing", f"AddTags {_CHANGES}", (_ALL,), (IS_OURS,)),
    Need(
        "OrderRules",
        Feature.SERVICES,
        "elasticloadbalancing",
        "SetRulePriorities",
        (f"{_ELB}listener-rule/*",),
        reason="AWS takes no tag for this action.",
    ),
)
"""The same for this cloud's load balancers alone."""
