"""What Ray's own launcher needs of a cloud, read from its row, its mapping and the last look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clouds.export.ray_cluster import ray_cluster, ray_cluster_yaml
from clouds.export.ray_launch import Workers, roles_script, workers_of
from clouds.facts import Facts
from clouds.models import Cloud
from clouds.planning.survey import Survey
from clouds.queries import mapping_of, refuse_on_gcp, spec_of
from iam.errors import Problem


@dataclass(frozen=True)
class RayExport:
    """A cluster of one cloud: as JSON values, as YAML, and the script that makes its roles."""

    survey: Survey
    workers: Workers

    @property
    def cluster(self) -> dict[str, Any]:
        """Return the cluster as JSON values; raise Problem("not_set_up", 409)."""
        return ray_cluster(self.survey, self.workers)

    @property
    def yaml(self) -> str:
        """Return the cluster as YAML; raise Problem("not_set_up", 409)."""
        return ray_cluster_yaml(self.cluster)

    @property
    def roles(self) -> str:
        """Return the script that makes the roles of its nodes."""
        return roles_script(self.survey.spec, self.workers)


def ray_export(cloud: Cloud, labels: Mapping[str, str]) -> RayExport:
    """Return the cluster for workloads with these labels; without labels the mapping is not asked.

    Raises, with 409, Problem "not_on_gcp", "not_set_up" (nothing was looked at yet) and "mapping_refuses".
    """
    refuse_on_gcp(cloud, "ray-cluster")
    if cloud.facts is None:
        raise Problem(
            "not_set_up",
            f"Nothing of {cloud.name} is in AWS yet. Connect it and set it up first.",
            status=409,
        )
    spec, facts = spec_of(cloud), Facts.from_json(cloud.facts)
    return RayExport(Survey(spec, facts), workers_of(spec, facts, mapping_of(cloud), labels))
