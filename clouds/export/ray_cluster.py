"""A cloud as a file for Ray's own cluster launcher (`ray up`), with the instance profiles of its nodes.

Fields: Ray documentation, "Cluster YAML Configuration Options"; `node_config` is handed to EC2's RunInstances
(Amazon EC2 API Reference).
"""

from collections.abc import Mapping
from io import StringIO
from textwrap import wrap
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from clouds.export.ray_launch import Workers, profile_arn, role_name
from clouds.facts import Subnet
from clouds.planning.survey import Survey
from clouds.specs import CloudSpec
from iam.errors import Problem

HEAD, WORKER = "ray.head", "ray.worker"
IMAGE: Final = "ami-REPLACE-ME"
"""Stands where the image's id belongs. EC2 refuses it, so that nobody starts machines from a guess."""
INSTANCE_TYPE: Final = "m5.xlarge"
MOST_WORKERS: Final = 2
WIDTH: Final = 90
"""Of the comments, in characters."""


def ray_cluster(survey: Survey, workers: Workers) -> dict[str, Any]:
    """The cluster as JSON values, for a cloud that is set up.

    Raises Problem("not_set_up", 409) where the last look saw no subnets or no security group.
    """
    spec, subnets, group = survey.spec, _subnets(survey), survey.group
    if not subnets or group is None:
        raise Problem(
            "not_set_up",
            f"{spec.name} has no subnets or no security group yet, so no node could start in it. "
            "Set it up first.",
            status=409,
        )
    node = {
        "InstanceType": INSTANCE_TYPE,
        "ImageId": IMAGE,
        "SubnetIds": [one.id for one in subnets],
        "SecurityGroupIds": [group.id],
    }
    head = profile_arn(spec, role_name(spec, "head"))
    return {
        "cluster_name": spec.name,
        "max_workers": MOST_WORKERS,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": 5,
        "provider": {
            "type": "aws",
            "region": spec.region,
            "availability_zone": ",".join(dict.fromkeys(one.zone for one in subnets)),
            "cache_stopped_nodes": False,
        },
        "auth": {"ssh_user": "ubuntu"},
        "head_node_type": HEAD,
        "available_node_types": {
            HEAD: _node_type(spec, node, head, workers=0),
            WORKER: _node_type(spec, node, workers.profile_arn, workers=MOST_WORKERS),
        },
        "setup_commands": ["which ray || pip install -U 'ray[default]'"],
        "head_setup_commands": ["pip install boto3"],
        "metadata": {
            "raydock_cloud_id": spec.cloud_id,
            "workers_role": workers.role_arn,
            "notes": list(notes(spec, workers)),
        },
    }


def _subnets(survey: Survey) -> list[Subnet]:
    return sorted(survey.subnets.values(), key=lambda one: one.zone)


def _node_type(spec: CloudSpec, node: Mapping[str, Any], profile: str, *, workers: int) -> dict[str, Any]:
    tags = [{"Key": spec.tag_key, "Value": spec.cloud_id}]
    return {
        "resources": {},
        "min_workers": 0,
        "max_workers": workers,
        "node_config": {
            **node,
            "IamInstanceProfile": {"Arn": profile},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}],
        },
    }


def notes(spec: CloudSpec, workers: Workers) -> tuple[str, ...]:
    """What a person must know before using the file, in sentences."""
    image = f"{IMAGE} names no image: write the id of one in {spec.region} that has Python, head and workers."
    unseen = "" if workers.seen else f" Raydock has not seen the instance profile {workers.profile_arn} yet."
    exports = f"/api/v1/clouds/{spec.cloud_id}/exports"
    roles = f"Head: the role for Ray's head. GET {exports}/ray-roles has the lines for roles."
    reached = (
        "The cloud's security group lets in port 443 and itself alone. Run `ray up` from a machine in the "
        "group, or let SSH (port 22) in from your own address first."
    )
    ended = "Nodes are terminated and not stopped, since a stopped one keeps the cloud from being deleted."
    return image, f"Workers: {workers.reason}{unseen}", roles, reached, ended


def ray_cluster_yaml(cluster: Mapping[str, Any]) -> str:
    """The same as YAML: the notes stand on top as comments, and the image is marked where it stands."""
    document = _commented({name: value for name, value in cluster.items() if name != "metadata"})
    for kind in document["available_node_types"].values():
        kind["node_config"].yaml_add_eol_comment("no image: put the id of one here", "ImageId")
    head = ["A Ray cluster in a cloud of Raydock, for `ray up`.", *cluster["metadata"]["notes"]]
    written = StringIO()
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(document, written)
    comments = (part for line in map(_one_line, head) for part in wrap(line, WIDTH, break_long_words=False))
    return "".join(f"# {line}\n" for line in comments) + "\n" + written.getvalue()


def _one_line(text: str) -> str:
    """A sentence for a comment. Labels may be in it, and YAML 1.1 ends a line at NEL, LS and PS too."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _commented(value: Any) -> Any:
    if isinstance(value, Mapping):
        return CommentedMap({name: _commented(one) for name, one in value.items()})
    return CommentedSeq(map(_commented, value)) if isinstance(value, list) else value
