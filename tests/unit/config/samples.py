"""Configurations to read and write in the tests of this folder."""

from typing import Any

from clouds.config.document import Identity

OURS = Identity("cldrsrc_1", "AWS", "222222222222")
GOOGLE = Identity("cldrsrc_2", "GCP", "my-project")

COMMENTED = """\
# Owned by the platform team.
cloud_deployment_id: cldrsrc_1
cloud_provider: AWS
dataplane_iam_mapping:
  mode: CUSTOMER_MANAGED  # the only one
  rules:
    # notebooks of the vision team
    - selector: workload-type in (workspace),user=user1@example.com  # by ticket 7
      value: role_name1

    # everything else of vision
    - selector: 'project=vision'
      value: "vision-nodes"
  default_rule: CLOUD_DEFAULT
# the end
"""


def rule(selector: str, value: str) -> dict[str, str]:
    return {"selector": selector, "value": value}


FIRST = rule("workload-type in (workspace),user=user1@example.com", "role_name1")
SECOND = rule("project=vision", "vision-nodes")


def document(*rules: dict[str, str], default: str = "CLOUD_DEFAULT", **more: Any) -> dict[str, Any]:
    mapping = {"mode": "CUSTOMER_MANAGED", "rules": [*rules], "default_rule": default, **more}
    return {"cloud_deployment_id": "cldrsrc_1", "cloud_provider": "AWS", "dataplane_iam_mapping": mapping}
