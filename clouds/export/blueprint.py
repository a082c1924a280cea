"""All that a cloud consists of, for a customer who creates it himself: the set-up of an empty account.

The steps are those of the set-up plan, so what an export makes is what Raydock would make. Zones are named by
their place, because an export is read before anybody has looked at the account; for the same reason subnets
bear the cloud's tag but not the name of their zone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any, Final

from clouds.export import aws_cli as shell
from clouds.export import cloudformation as stacks
from clouds.export import terraform as hashicorp
from clouds.export.bootstrap import ROLE, Bootstrap
from clouds.export.parts import Output, ZoneAt, in_reading_order
from clouds.facts import LOGICAL_TAG, Facts, Zone
from clouds.planning import plan_setup
from clouds.planning.steps import Ref, Step
from clouds.specs import CloudSpec, subnet_prefix

USUAL_ZONES: Final = 3
"""How many zones an export speaks of where neither the spec nor a look at the region says it."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One cloud to be created by its customer. `role` None: the cross-account role is there already."""

    spec: CloudSpec
    zones: int
    role: Bootstrap | None

    @classmethod
    def of(
        cls, spec: CloudSpec, external_id: str, *, zones: int | None = None, with_role: bool | None = None
    ) -> "Blueprint":
        """Describe a cloud. `zones`: how many the region has, where that is known.

        Unless `with_role` says otherwise, the role is part of it as long as the cloud is not connected.
        """
        role = Bootstrap.of(spec, external_id, spec.cross_account_role_name)
        wanted = spec.cross_account_role_arn is None if with_role is None else with_role
        return cls(
            # What a customer is to make for a registered cloud is what a set-up would make.
            spec=replace(
                spec,
                cross_account_role_arn=spec.cross_account_role_arn or role.role_arn,
                registered=False,
                registration=None,
            ),
            zones=min(spec.zones or zones or USUAL_ZONES, room_for_subnets(spec.vpc_cidr)),
            role=role if wanted else None,
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every call that makes the cloud, in an order that a person can read and a shell can run."""
        plan = plan_setup(self.spec, self._empty_account())
        own = self.role.steps if self.role else ()
        return in_reading_order((*own, *(self._adapted(step) for step in plan.steps)))

    def _empty_account(self) -> Facts:
        zones = tuple(Zone(name=_zone_name(place), id=str(place + 1)) for place in range(self.zones))
        return Facts(at=_NEVER, account_id=self.spec.account_id, region=self.spec.region, zones=zones)

    def _adapted(self, step: Step) -> Step:
        places = {_zone_name(place): ZoneAt(place) for place in range(self.zones)}
        params = {
            key: places.get(value, value) if key == "AvailabilityZone" else value
            for key, value in step.params.items()
        }
        if step.action == "ec2:CreateSubnet":
            params["TagSpecifications"] = [_without_zone(one) for one in params["TagSpecifications"]]
        after_role = {ROLE} if self.role and step.action == "s3:PutBucketPolicy" else set()
        return replace(step, params=params, needs=step.needs | after_role)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What Raydock has to be told of it."""
        return tuple(self._outputs())

    def _outputs(self) -> Iterator[Output]:
        made = [step for step in self.steps if step.action == "ec2:CreateSubnet"]
        subnets = {step.params["AvailabilityZone"]: Ref(step.name, step.result or "") for step in made}
        role = Ref(ROLE, "Role.Arn") if self.role else str(self.spec.cross_account_role_arn)
        yield Output("vpc_id", "The VPC.", Ref("vpc", "Vpc.VpcId"))
        yield Output("subnet_ids", "The subnets, one in each zone.", subnets)
        yield Output("security_group_id", "The clusters' security group.", Ref("security-group", "GroupId"))
        yield Output("cluster_role_arn", "The role of the clusters' nodes.", Ref("cluster-role", "Role.Arn"))
        yield Output(
            "instance_profile_arn",
            "The instance profile through which nodes get that role.",
            Ref("instance-profile", "InstanceProfile.Arn"),
        )
        yield Output("bucket", "The bucket.", Ref("bucket", "Bucket"))
        yield Output("cross_account_role_arn", "The role through which Raydock enters the account.", role)


def room_for_subnets(vpc_cidr: str) -> int:
    """Count the subnets that a VPC of this range has room for."""
    prefix = IPv4Network(vpc_cidr).prefixlen
    return 1 << (subnet_prefix(prefix) - prefix)


def _zone_name(place: int) -> str:
    return f"zone {place + 1}"


def _without_zone(specification: Mapping[str, Any]) -> dict[str, Any]:
    kept = [tag for tag in specification["Tags"] if tag["Key"] != LOGICAL_TAG]
    return {**specification, "Tags": kept}


def terraform(blueprint: Blueprint) -> str:
    """Give a whole Terraform file."""
    title = f"{_title(blueprint)}\nAfterwards, terraform output -json lists what was made."
    spec = blueprint.spec
    return hashicorp.file(title, spec.account_id, spec.region, blueprint.steps, blueprint.outputs)


def cloudformation(blueprint: Blueprint) -> str:
    """Give a CloudFormation template (JSON); it needs CAPABILITY_NAMED_IAM."""
    return json.dumps(_template(blueprint), indent=2) + "\n"


def cloudformation_yaml(blueprint: Blueprint) -> str:
    """Give the same template as YAML."""
    return stacks.as_yaml(_template(blueprint))


def aws_cli(blueprint: Blueprint) -> str:
    """Give a bash script for the AWS CLI; its output is what Raydock has to be told."""
    spec = blueprint.spec
    title = (
        f"{_title(blueprint)}\nIt stops at the first error; what it has made by then bears the cloud's tag."
    )
    return shell.script(title, spec.account_id, spec.region, blueprint.steps, blueprint.outputs)


def _template(blueprint: Blueprint) -> dict[str, Any]:
    where = f"Create the stack in {blueprint.spec.region} with {stacks.NAMED_IAM}."
    return stacks.template(f"{_title(blueprint)} {where}", blueprint.steps, blueprint.outputs)


def _title(blueprint: Blueprint) -> str:
    spec = blueprint.spec
    return f"The Raydock cloud {spec.name} ({spec.cloud_id}) in account {spec.account_id}, {spec.region}."
