"""/clouds/{id}/iam-mapping: who gets which cluster role, who would, and what is odd about the rules."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from clouds.config.document import Identity, from_json, read_mapping, read_source
from clouds.config.examining import examine
from clouds.config.faults import ConfigFault, as_problem
from clouds.config.reading import LONGEST_TEXT, read_yaml, tidy
from clouds.config.values import resolved
from clouds.config.workloads import (
    LONGEST_LABEL,
    MOST,
    Change,
    Workload,
    compare,
    named,
    read_workload,
    read_workloads,
    refuse_too_many,
)
from clouds.config.writing import MAPPING
from clouds.configurations import facts_of, identity_of, known_of, ready_mapping
from clouds.models import Cloud
from clouds.queries import cloud_for, default_role_of
from iam.idempotency import Reply
from iam.mapping import Config, Outcome, Remark, Resolution
from iam.permissions import Permission
from portal.api.bodies import Body, refuse_external_id
from portal.api.mapping_shapes import LintShape, SimulationShape, TracedResolutionShape
from portal.api.view import View, answer

CONFIG_HELP = (
    "A configuration: the whole document or its `dataplane_iam_mapping`, or the whole document as YAML text."
)


class Question(Body):
    """A workload to ask about."""

    labels = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_LABEL, allow_blank=True),
        help_text="workload-type (job, service, workspace), project, user; what is left out is not set.",
    )
    instance_profile = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=LONGEST_LABEL,
        help_text="The IamInstanceProfile of its compute config, a name or an ARN.",
    )


class Proposal(Body):
    """A configuration to examine."""

    config = serializers.JSONField(required=False, help_text=f"{CONFIG_HELP} The one in force by default.")


class Trial(Body):
    """A configuration to try, and with which workloads."""

    config = serializers.JSONField(help_text=CONFIG_HELP)
    workloads = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=MOST,
        help_text="Each `{labels, instance_profile}`, or labels alone. By default every type of workload for "
        "the projects and users that the configurations name.",
    )


class MappingResolve(View):
    """To ask which cluster role a workload gets."""

    needs = {"POST": Permission.CLOUD_READ}
    looks = frozenset({"POST"})

    @extend_schema(request=Question, responses=TracedResolutionShape)
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Say which cluster role a workload gets and why, rule by rule. This changes nothing."""
        cloud = cloud_for(self.actor, cloud_id)
        workload = _workload(self.body(Question))
        number, ready = ready_mapping(cloud)
        found = ready.resolve(workload.labels, instance_profile=workload.instance_profile)
        return answer({**traced_reply(cloud, ready.config, found), "version": number})


class MappingSimulate(View):
    """To try a configuration before it counts."""

    needs = {"POST": Permission.CLOUD_READ}
    looks = frozenset({"POST"})

    @extend_schema(request=Trial, responses=SimulationShape)
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Say what workloads get and would get, who changes, who would not start. It changes nothing."""
        cloud = cloud_for(self.actor, cloud_id)
        asked = self.body(Trial)
        number, ready = ready_mapping(cloud)
        try:
            config = read_proposal(asked["config"], identity_of(cloud))
            given = read_workloads(asked["workloads"]) if "workloads" in asked else None
            refuse_too_many(given or (), ready.config, config)
        except ConfigFault as error:
            raise as_problem(error) from error
        sample = named(ready.config, config)
        found = compare(ready.config, config, sample.workloads if given is None else given)
        default = default_role_of(cloud)
        body = {
            "version": number,
            "sampled": given is None,
            "left_out": sample.left_out if given is None else 0,
            "changed": sum(one.changed for one in found),
            "failing": sum(one.fails for one in found),
            "workloads": [change_reply(one, default) for one in found],
            "remarks": [remark_reply(one) for one in remarks_on(cloud, config)],
        }
        return answer(body)


class MappingLint(View):
    """To have a configuration examined."""

    needs = {"POST": Permission.CLOUD_READ}
    looks = frozenset({"POST"})

    @extend_schema(request=Proposal, responses=LintShape)
    def post(self, request: Request, cloud_id: str) -> Reply:
        """Say what is odd about the rules, for all workloads that could come. It changes nothing."""
        cloud = cloud_for(self.actor, cloud_id)
        asked = self.body(Proposal)
        try:
            given = "config" in asked
            config = (
                read_proposal(asked["config"], identity_of(cloud))
                if given
                else ready_mapping(cloud).mapping.config
            )
        except ConfigFault as error:
            faults = [{name: getattr(one, name) for name in _FAULT} for one in error.faults]
            return answer({"readable": False, "faults": faults, "remarks": []})
        remarks = [remark_reply(one) for one in remarks_on(cloud, config)]
        return answer({"readable": True, "faults": [], "remarks": remarks})


_FAULT = ("path", "message", "line", "column")


def read_proposal(data: object, own: Identity) -> Config:
    """Return the mapping of a proposed configuration; raises ConfigFault."""
    if isinstance(data, str):
        reading = read_yaml(tidy(data[: LONGEST_TEXT + 1]))
        refuse_external_id(reading.data)
        return read_source(reading, own).mapping
    if isinstance(data, dict) and MAPPING in data:
        return from_json(data, own).mapping
    return read_mapping(data, own)


def remarks_on(cloud: Cloud, config: Config) -> tuple[Remark, ...]:
    """Return what there is to say about a mapping of this cloud."""
    own = identity_of(cloud)
    return examine(config, known_of(cloud, config), provider=own.provider, account_id=own.account_id)


def _workload(asked: dict[str, Any]) -> Workload:
    try:
        return read_workload(asked)
    except ConfigFault as error:
        raise as_problem(error, "labels_invalid") from error


def resolution_reply(found: Resolution, default: str | None) -> dict[str, Any]:
    """Return what a workload gets, the cloud's own role filled in."""
    role = default if found.outcome is Outcome.CLOUD_DEFAULT else found.role
    return {"outcome": found.outcome.value, "role": role, "rule_index": found.rule_index}


def traced_reply(cloud: Cloud, config: Config, found: Resolution) -> dict[str, Any]:
    """Return what a workload gets, and why."""
    own = identity_of(cloud)
    reply = resolution_reply(found, default_role_of(cloud))
    rule = None if found.rule_index is None else config.rules[found.rule_index]
    known = reply["role"] and resolved(
        reply["role"], provider=own.provider, account_id=own.account_id, facts=facts_of(cloud)
    )
    return {
        **reply,
        "rule": rule and {"selector": rule.source, "value": rule.value},
        "resolved": known.to_json() if known else None,
        "trace": [line._asdict() for line in found.trace],
    }


def change_reply(change: Change, default: str | None) -> dict[str, Any]:
    """Return what one workload gets under two configurations."""
    return {
        "labels": dict(change.workload.labels),
        "instance_profile": change.workload.instance_profile,
        "before": resolution_reply(change.before, default),
        "after": resolution_reply(change.after, default),
        "changed": change.changed,
        "fails": change.fails,
    }


def remark_reply(remark: Remark) -> dict[str, Any]:
    """Return one remark."""
    return {
        "code": remark.code,
        "severity": remark.severity,
        "rule_index": remark.rule_index,
        "other_index": remark.other_index,
        "others": list(remark.others),
        "message": remark.message,
        "fix": remark.fix,
        "witness": None if remark.witness is None else dict(remark.witness),
    }
