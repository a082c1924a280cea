"""What configurations, their versions and their differences look like over REST."""

from rest_framework import serializers

from portal.api.shapes import Shape


class RuleShape(Shape):
    """Workloads that the selector matches get this cluster role."""

    selector = serializers.CharField(
        help_text="A Kubernetes label selector over workload-type, project, user."
    )
    value = serializers.CharField(
        help_text="AWS: the name of a role or instance profile, or an ARN. GCP: a service account's e-mail."
    )


class OverrideShape(Shape):
    """Whether an `IamInstanceProfile` in a compute config steps past the rules."""

    mode = serializers.ChoiceField(choices=["ALLOW", "DENY", "ALLOW_LIST"])
    allowed = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="For ALLOW_LIST: names or ARNs."
    )


class MappingShape(Shape):
    """The rules, tried in order; `{}` gives every workload the cloud's own role."""

    mode = serializers.ChoiceField(choices=["CUSTOMER_MANAGED"], required=False)
    rules = RuleShape(many=True, required=False)
    default_rule = serializers.ChoiceField(choices=["CLOUD_DEFAULT", "FAIL"], required=False)
    instance_profile_override = OverrideShape(required=False)


class CloudConfigShape(Shape):
    """The configuration of a cloud. It names the cloud, so that no file is sent to the wrong one."""

    cloud_deployment_id = serializers.CharField()
    cloud_provider = serializers.ChoiceField(choices=["AWS", "GCP"])
    compute_stack = serializers.ChoiceField(choices=["VM"], required=False)
    dataplane_iam_mapping = MappingShape()


class ConfigSummaryShape(Shape):
    """One version of a configuration: who saved it, when and why."""

    number = serializers.IntegerField()
    author = serializers.CharField()
    author_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)
    restored_from = serializers.IntegerField(allow_null=True, help_text="The version it brought back.")


class ResolvedShape(Shape):
    """What a value stood for when the version was saved, as far as that was known without AWS."""

    value = serializers.CharField()
    kind = serializers.ChoiceField(choices=["role", "instance_profile", "service_account"])
    name = serializers.CharField()
    role = serializers.CharField(help_text="The role that nodes get.")
    arn = serializers.CharField(allow_blank=True)
    account_id = serializers.CharField(allow_blank=True)
    basis = serializers.ChoiceField(choices=["given", "seen", "assumed"], help_text="How this is known.")
    note = serializers.CharField()


class ConfigChangeShape(Shape):
    """One change between two versions."""

    path = serializers.CharField()
    what = serializers.ChoiceField(choices=["added", "removed", "changed", "moved"])
    before = serializers.JSONField()
    after = serializers.JSONField()


class ConfigDiffShape(Shape):
    """What changed from one version to another, by meaning and as lines of YAML."""

    vars().update({"from": serializers.IntegerField()})  # `from` is a word of Python
    to = serializers.IntegerField()
    same = serializers.BooleanField(help_text="True where both mean the same, whatever their comments say.")
    changes = ConfigChangeShape(many=True)
    text = serializers.CharField(allow_blank=True, help_text="As `diff -u` prints it.")


class ConfigVersionShape(ConfigSummaryShape):
    """A version with all that is in it, and what it changed."""

    document = CloudConfigShape()
    yaml = serializers.CharField()
    resolved = ResolvedShape(many=True)
    difference = ConfigDiffShape(help_text="To the version before it.")
