"""Every policy document of one cloud, by name, with what it is for and where it belongs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from clouds.export.bootstrap import Bootstrap
from clouds.export.differences import Difference, compared
from clouds.export.offers import OFFERS, Group, Offer, Writing
from clouds.export.reference import REFERENCE
from clouds.names import cloud_names
from clouds.specs import CloudSpec
from iam.policy.features import Feature, Need

__all__ = ["ATTACHABLE", "REVISION", "FeatureUse", "Group", "PolicyDocument", "policy_documents"]

REVISION: Final = 1
"""Counts up when a release changes what the documents say."""
ATTACHABLE: Final = frozenset(one.name for one in OFFERS if one.group is Group.CROSS_ACCOUNT)
"""What may stand on the cross-account role at the same time."""
_COMPARED_WITH: Final = {"control-plane-clusters": "control-plane"}


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """What one feature needs of a document. `called`: this version of Raydock calls it itself."""

    feature: str
    called: bool
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument:
    """One document: `attach_to` says where it belongs, `document` is the JSON to put there.

    `managed_policies` and `aws_cli` are set where the role is more than this document.
    """

    name: str
    group: Group
    purpose: str
    attach_to: str
    document: Mapping[str, Any]
    spec: CloudSpec
    needs: tuple[Need, ...]
    version: int = REVISION
    managed_policies: tuple[str, ...] = ()
    aws_cli: str = ""

    @property
    def features(self) -> tuple[FeatureUse, ...]:
        """What each feature needs of it."""
        grouped: dict[Feature, dict[str, None]] = {}
        for need in self.needs:
            grouped.setdefault(need.feature, {}).update(dict.fromkeys(need.actions))
        return tuple(
            FeatureUse(one.sentence, one.called, tuple(sorted(used))) for one, used in grouped.items()
        )

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every action against the usual policy for the same purpose; nothing where there is none."""
        usual = REFERENCE.get(_COMPARED_WITH.get(self.name, self.name), ())
        return compared(self.name, self.spec, self.document, usual, self.needs) if usual else ()


def policy_documents(spec: CloudSpec, external_id: str) -> tuple[PolicyDocument, ...]:
    """Return all documents: those to attach, those that set-up writes, and one for each operation."""
    writing = _writing(spec, external_id)
    return tuple(_made(offer, writing) for offer in OFFERS)


def _writing(spec: CloudSpec, external_id: str) -> Writing:
    """Before a cloud is connected its documents name the role that the bootstrap makes."""
    bootstrap = Bootstrap.of(spec, external_id, spec.cross_account_role_name)
    known = replace(spec, cross_account_role_arn=spec.cross_account_role_arn or bootstrap.role_arn)
    return Writing(known, bootstrap, cloud_names(known))


def _made(offer: Offer, writing: Writing) -> PolicyDocument:
    spec = writing.spec
    ray = offer.ray(spec) if offer.ray else None
    where = offer.attach_to.format(
        role=writing.bootstrap.role_name,
        cluster=spec.cluster_role_name,
        bucket=spec.bucket_name,
        ray=ray.name if ray else "",
    )
    return PolicyDocument(
        name=offer.name,
        group=offer.group,
        purpose=offer.purpose,
        attach_to=where,
        document=offer.write(writing),
        spec=spec,
        needs=offer.needs,
        managed_policies=ray.managed_policies if ray else (),
        aws_cli=ray.aws_cli if ray else "",
    )
