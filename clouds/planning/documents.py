"""The policy documents and bucket rules that set-up writes, and whether what is there says the same."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clouds.facts import Bucket, CorsRule
from clouds.specs import CloudSpec

VERSION = "2012-10-17"
CLUSTER_POLICY_NAME = "raydock-bucket"
OUR_SID = "Raydock"
OBJECT_ACTIONS = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
CORS_METHODS = ("GET", "PUT", "HEAD")


def cluster_policy(spec: CloudSpec) -> dict[str, Any]:
    """The inline policy of the cluster role: the cloud's bucket and nothing else."""
    arn = f"arn:aws:s3:::{spec.bucket_name}"
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "RaydockListBucket",
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                "Resource": arn,
            },
            {
                "Sid": "RaydockObjects",
                "Effect": "Allow",
                "Action": ["s3:AbortMultipartUpload", *OBJECT_ACTIONS, "s3:ListMultipartUploadParts"],
                "Resource": f"{arn}/*",
            },
        ],
    }


def tls_only(spec: CloudSpec) -> dict[str, Any]:
    """The statement that refuses every request without TLS."""
    arn = f"arn:aws:s3:::{spec.bucket_name}"
    return {
        "Sid": "RaydockTlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket_statements(spec: CloudSpec) -> list[dict[str, Any]]:
    """TLS only, and access by name for the cluster role and the control plane."""
    arn = f"arn:aws:s3:::{spec.bucket_name}"
    named = {"AWS": sorted(filter(None, (spec.cluster_role_arn, spec.cross_account_role_arn)))}
    return [
        tls_only(spec),
        {
            "Sid": "RaydockListBucket",
            "Effect": "Allow",
            "Principal": named,
            "Action": "s3:ListBucket",
            "Resource": arn,
        },
        {
            "Sid": "RaydockObjects",
            "Effect": "Allow",
            "Principal": named,
            "Action": list(OBJECT_ACTIONS),
            "Resource": f"{arn}/*",
        },
    ]


def merged_policy(present: Mapping[str, Any] | None, ours: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The bucket policy with our statements renewed and everybody else's left as they are."""
    foreign = [one for one in statements(present or {}) if not str(one.get("Sid", "")).startswith(OUR_SID)]
    return {"Version": VERSION, "Statement": [*ours, *foreign]}


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of a policy document; AWS allows a single one without a list."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def same_document(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """True when two documents say the same; order in lists and "one or a list of one" do not matter."""
    return bool(_normal(one or {}) == _normal(other or {}))


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    items = value if isinstance(value, list | tuple) else [value]
    return sorted((_leaf(item) for item in items), key=lambda item: json.dumps(item, sort_keys=True))


def _leaf(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _normal(value)
    return str(value).lower() if isinstance(value, bool) else value


def cors_serves(bucket: Bucket, origin: str) -> bool:
    """True when one CORS rule lets pages of this origin GET, PUT and HEAD objects."""
    return any(
        any(_origin_fits(pattern, origin) for pattern in rule.origins)
        and set(CORS_METHODS) <= set(rule.methods)
        for rule in bucket.cors
    )


def _origin_fits(pattern: str, origin: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == origin
    return origin.startswith(before) and origin.endswith(after) and len(origin) >= len(before) + len(after)


def cors_rules(bucket: Bucket | None, origin: str) -> list[dict[str, Any]]:
    """The CORS configuration with a rule for this origin added and everybody else's kept."""
    wanted = CorsRule(origins=(origin,), methods=CORS_METHODS, headers=("*",), expose=("ETag",), max_age=3000)
    return [_cors(rule) for rule in (*(bucket.cors if bucket else ()), wanted)]


def _cors(rule: CorsRule) -> dict[str, Any]:
    every = {
        "AllowedOrigins": list(rule.origins),
        "AllowedMethods": list(rule.methods),
        "AllowedHeaders": list(rule.headers),
        "ExposeHeaders": list(rule.expose),
        "MaxAgeSeconds": rule.max_age,
    }
    return {key: value for key, value in every.items() if value not in ([], None)}
