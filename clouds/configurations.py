"""The readers of configurations: the version in force, earlier ones, and the mapping made ready to resolve.

The caller got the cloud from `cloud_for`. Before anybody has written a configuration, version 0 counts, which
has no mapping.
"""

from functools import lru_cache
from typing import NamedTuple

from django.db.models import Subquery

from clouds.config.document import Identity, ordered, pristine
from clouds.config.writing import MAPPING
from clouds.facts import Facts
from clouds.findings import Status
from clouds.models import Cloud, VerificationFinding
from clouds.versions import ConfigVersion
from iam.errors import NotFound
from iam.mapping import Compiled, Config, Known, compiled, read_config
from iam.mapping.roles import bare_name
from iam.models import Membership, ServiceAccount
from iam.paging import LIMIT, Page, page

EXISTS = "mapping.exists"
KEPT_READY = 256
HIGHEST = 2**31 - 1


class Ready(NamedTuple):
    """The mapping in force, made ready to resolve, and the number of its version."""

    number: int
    mapping: Compiled


NOTHING = Ready(0, compiled(Config.EMPTY))


def identity_of(cloud: Cloud) -> Identity:
    """Return whose configuration a document must be to be this cloud's."""
    return Identity(cloud.deployment_id, cloud.provider.upper(), cloud.account_id)


def current(cloud: Cloud) -> ConfigVersion:
    """Return the version in force; number 0, which is no row, where none was written."""
    return ConfigVersion.objects.get(pk=cloud.config_id) if cloud.config_id else _nothing_written(cloud)


def version_for(cloud: Cloud, number: int) -> ConfigVersion:
    """Return one version of the cloud's configuration; NotFound where there is none of this number."""
    found = ConfigVersion.objects.filter(cloud=cloud, number=min(number, HIGHEST)).first()
    if found is None:
        raise NotFound
    return found


def base_for(cloud: Cloud, number: int) -> ConfigVersion:
    """Return a version to compare with: like `version_for`, and 0 is the one before anything was written."""
    return version_for(cloud, number) if number else _nothing_written(cloud)


def versions(cloud: Cloud, cursor: str = "", limit: int = LIMIT) -> Page[ConfigVersion]:
    """Return one page of the versions, the newest first, without their texts."""
    rows = ConfigVersion.objects.filter(cloud=cloud).defer("document", "source", "resolved")
    return page(rows, key="number", cursor=cursor, limit=limit)


def mapping_of(cloud: Cloud) -> Config:
    """Return the mapping in force."""
    return ready_mapping(cloud).mapping.config


def ready_mapping(cloud: Cloud) -> Ready:
    """Return the mapping in force, made ready once for each version, and the version's number."""
    return _ready(cloud.config_id, cloud.provider.upper()) if cloud.config_id else NOTHING


def mapping_in(version: ConfigVersion, provider: str) -> Config:
    """Return the mapping of a version."""
    return read_config(version.document[MAPPING], provider=provider)


def known_of(cloud: Cloud, config: Config) -> Known:
    """Return what Raydock knows of the names in a mapping of this cloud.

    Users are people and programs of the organization. Roles are those of the mapping but for those that the
    last verification did not find; where it found all, nothing is said of roles. Projects it does not know.
    """
    at = {"organization_id": cloud.organization_id, "removed_at": None}
    people = Membership.objects.filter(**at).values_list("user__email", flat=True)
    programs = ServiceAccount.objects.filter(**at).values_list("name", flat=True)
    missing = _missing_roles(cloud)
    named = frozenset(bare_name(rule.value) for rule in config.rules)
    return Known(users=frozenset([*people, *programs]), roles=named - missing if missing else None)


def _missing_roles(cloud: Cloud) -> frozenset[str]:
    asked = VerificationFinding.objects.filter(verification__cloud=cloud, check_id=EXISTS)
    last = asked.order_by("-verification_id").values("verification_id")[:1]
    subjects = asked.filter(verification_id=Subquery(last), status=Status.FAIL)
    return frozenset(map(bare_name, subjects.values_list("subject", flat=True)))


def facts_of(cloud: Cloud) -> Facts | None:
    """Return the last look at the cloud's account, None where there was none."""
    return None if cloud.facts is None else Facts.from_json(cloud.facts)


# A version never changes, so neither does what was made of it; an id is never used again.
@lru_cache(maxsize=KEPT_READY)
def _ready(config_id: str, provider: str) -> Ready:
    rows = ConfigVersion.objects.values_list("number", "document")
    number, document = rows.get(pk=config_id)
    return Ready(number, compiled(read_config(document[MAPPING], provider=provider)))


def shown(version: ConfigVersion) -> dict[str, object]:
    """Return a version's document with its fields in the order of the documentation."""
    return ordered(version.document)


def _nothing_written(cloud: Cloud) -> ConfigVersion:
    document = pristine(identity_of(cloud))
    return ConfigVersion(
        organization_id=cloud.organization_id,
        cloud=cloud,
        number=0,
        document=document.to_json(),
        source=document.source,
        resolved=[],
        author=cloud.created_by,
        created_at=cloud.created_at,
    )
