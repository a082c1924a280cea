"""What answers about a mapping look like over REST."""

from rest_framework import serializers

from iam.mapping import Outcome
from portal.api.config_shapes import ResolvedShape, RuleShape
from portal.api.shapes import Shape


class TraceLineShape(Shape):
    """One thing that was asked, in order: the override, each rule, the default."""

    rule_index = serializers.IntegerField(allow_null=True, help_text="From 0; null for override and default.")
    selector = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    matched = serializers.BooleanField()
    reason = serializers.CharField()


class ResolutionShape(Shape):
    """What a workload gets."""

    outcome = serializers.ChoiceField(choices=[one.value for one in Outcome])
    role = serializers.CharField(
        allow_null=True, help_text="As the rule names it; the cloud's own for CLOUD_DEFAULT; null for FAIL."
    )
    rule_index = serializers.IntegerField(allow_null=True, help_text="From 0.")


class TracedResolutionShape(ResolutionShape):
    """What a workload gets, and why."""

    rule = RuleShape(allow_null=True)
    resolved = ResolvedShape(allow_null=True)
    trace = TraceLineShape(many=True, help_text="A line for every rule, also for those after the match.")
    version = serializers.IntegerField(help_text="Of the configuration that was asked.")


class RemarkShape(Shape):
    """Something odd about a mapping."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=["error", "warning", "info"])
    rule_index = serializers.IntegerField(allow_null=True, help_text="From 0; null for the default.")
    other_index = serializers.IntegerField(allow_null=True, help_text="The earlier rule that it is about.")
    others = serializers.ListField(child=serializers.IntegerField())
    message = serializers.CharField()
    fix = serializers.CharField()
    witness = serializers.DictField(
        child=serializers.CharField(), allow_null=True, help_text="Labels of a workload that shows it."
    )


class FaultShape(Shape):
    """Why a configuration cannot be read."""

    path = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    line = serializers.IntegerField(help_text="From 1, in YAML; 0 means no place.")
    column = serializers.IntegerField()


class LintShape(Shape):
    """What is odd about a mapping. One that cannot be read has faults and no remarks."""

    readable = serializers.BooleanField()
    faults = FaultShape(many=True)
    remarks = RemarkShape(many=True)


class WorkloadChangeShape(Shape):
    """What one workload gets now, and would get."""

    labels = serializers.DictField(child=serializers.CharField(allow_blank=True))
    instance_profile = serializers.CharField(allow_null=True)
    before = ResolutionShape()
    after = ResolutionShape()
    changed = serializers.BooleanField()
    fails = serializers.BooleanField(help_text="True where it would not start.")


class SimulationShape(Shape):
    """What a configuration would do."""

    version = serializers.IntegerField(help_text="Of the configuration that counts now.")
    sampled = serializers.BooleanField(
        help_text="True where no workloads were given: each type for every project and user that the two "
        "configurations name, and for any other."
    )
    left_out = serializers.IntegerField(help_text="Projects and users that the sample has no room for.")
    changed = serializers.IntegerField()
    failing = serializers.IntegerField()
    workloads = WorkloadChangeShape(many=True)
    remarks = RemarkShape(many=True)
