"""Is the bucket there, usable for the control plane and the console, and closed to everybody else?"""

import json
from collections.abc import Iterator

from clouds.checks.asking import Answer, Ask, Case, Check
from clouds.facts import Bucket
from clouds.findings import Severity
from clouds.planning.documents import (
    CORS_METHODS,
    bucket_statements,
    cors_rules,
    cors_serves,
    merged_policy,
    tls_only,
)
from iam.policy.errors import PolicyError
from iam.policy.evaluate import PolicySet, Request, evaluate
from iam.policy.trust import EVERYTHING

_PROBED = ("s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject")


def _console(bucket: Bucket, tab: str) -> str:
    return f"S3 > Buckets > {bucket.name} > {tab}"


def _exists(case: Case) -> Iterator[Answer]:
    bucket, name = case.facts.bucket, case.spec.bucket_name
    yield Answer(
        good=bucket is not None,
        subject=name,
        observed=f"{name} exists." if bucket else f"There is no bucket {name} in the account.",
        expected=f"The bucket {name} exists.",
        fix=f"{case.make_it} Data of a deleted bucket cannot be brought back.",
        terraform="aws_s3_bucket.bucket",
        console_path="S3 > Buckets",
    )


def _region(case: Case) -> Iterator[Answer]:
    bucket = case.facts.bucket
    if bucket:
        yield Answer(
            good=bucket.region == case.spec.region,
            subject=bucket.name,
            observed=f"The bucket is in {bucket.region}.",
            expected=f"It is in the cloud's region, {case.spec.region}.",
            detail="Traffic between regions is slow and paid for.",
            fix="A bucket cannot move. Copy its data to a bucket in the cloud's region.",
            terraform="provider.region",
            console_path=_console(bucket, "Properties"),
        )


def _control_plane(case: Case) -> Iterator[Answer]:
    bucket = case.facts.bucket
    if bucket is None:
        return
    expected = "The control plane lists, writes, reads and deletes a probe object under .raydock/probe/."
    role = case.spec.cross_account_role_name
    if bucket.probe is None:
        yield Answer(
            good=None,
            subject=bucket.name,
            observed="It was not tried in this look.",
            expected=expected,
            fix="Verify the whole cloud.",
        )
        return
    failed = {action: code for action in _PROBED if (code := bucket.probe.results.get(action, "not tried"))}
    document = json.dumps(merged_policy(bucket.policy, bucket_statements(case.spec)))
    yield Answer(
        good=not failed,
        subject=bucket.name,
        observed="; ".join(f"{action}: {code}" for action, code in failed.items()) or "All four worked.",
        expected=expected,
        detail="Denied although the role's own policy allows it: then the bucket policy, a KMS key's policy "
        "or a service control policy denies it."
        if failed
        else "",
        fix=f"Name {role} in the bucket policy, as shown. If the bucket is encrypted with a KMS key of your "
        "own, let the role use the key.",
        cli=f"aws s3api put-bucket-policy --bucket {bucket.name} --policy '{document}'",
        terraform="aws_s3_bucket_policy.policy",
        console_path=_console(bucket, "Permissions > Bucket policy"),
    )


def _public_access(case: Case) -> Iterator[Answer]:
    bucket = case.facts.bucket
    if bucket:
        closed = bucket.public_access is not None and bucket.public_access.closed
        yield Answer(
            good=closed,
            subject=bucket.name,
            observed="All four blocks are on." if closed else "Public access is not blocked completely.",
            expected="All four settings of Block Public Access are on.",
            fix=f"Turn on Block Public Access for {bucket.name}.",
            cli=f"aws s3api put-public-access-block --bucket {bucket.name} "
            "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            "BlockPublicPolicy=true,RestrictPublicBuckets=true",
            terraform="aws_s3_bucket_public_access_block",
            console_path=_console(bucket, "Permissions > Block public access"),
        )


def _tls_only(case: Case) -> Iterator[Answer]:
    bucket = case.facts.bucket
    if bucket is None:
        return
    try:
        good = not any(_plain_http_works(case, bucket))
        observed = "Requests without TLS are refused." if good else "Requests without TLS are not refused."
    except PolicyError as error:
        good, observed = False, f"The bucket policy cannot be read: {error}"
    document = json.dumps(merged_policy(bucket.policy, bucket_statements(case.spec)))
    yield Answer(
        good=good,
        subject=bucket.name,
        observed=observed,
        expected="The bucket policy denies every request whose aws:SecureTransport is false.",
        fix="Add the statement RaydockTlsOnly to the bucket policy; the command keeps the other statements.",
        cli=f"aws s3api put-bucket-policy --bucket {bucket.name} --policy '{document}'",
        terraform="aws_s3_bucket_policy.policy",
        console_path=_console(bucket, "Permissions > Bucket policy"),
    )


def _plain_http_works(case: Case, bucket: Bucket) -> Iterator[bool]:
    policies = PolicySet(identity=[EVERYTHING], resource=[bucket.policy] if bucket.policy else [])
    context = {"aws:SecureTransport": "false"}
    for place in tls_only(case.spec)["Resource"]:
        action = "s3:GetObject" if place.endswith("*") else "s3:ListBucket"
        request = Request(action, place.replace("*", "raydock-example"), case.spec.cluster_role_arn, context)
        yield evaluate(policies, request).allowed


def _encryption(case: Case) -> Iterator[Answer]:
    bucket = case.facts.bucket
    if bucket:
        yield Answer(
            good=bool(bucket.encryption),
            subject=bucket.name,
            observed=f"Encrypted with {bucket.encryption}."
            if bucket.encryption
            else "No default encryption.",
            expected="Objects are encrypted by default.",
            fix=f"Turn on default encryption for {bucket.name}.",
            cli=f"aws s3api put-bucket-encryption --bucket {bucket.name} "
            "--server-side-encryption-configuration "
            '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}\'',
            terraform="aws_s3_bucket_server_side_encryption_configuration.rule",
            console_path=_console(bucket, "Properties > Default encryption"),
        )


def _cors(case: Case) -> Iterator[Answer]:
    bucket, origin = case.facts.bucket, case.spec.console_origin
    if bucket:
        rules = json.dumps({"CORSRules": cors_rules(bucket, origin)})
        good = cors_serves(bucket, origin)
        yield Answer(
            good=good,
            subject=bucket.name,
            observed=f"{origin} may use it." if good else f"No CORS rule serves {origin} completely.",
            expected=f"Pages of {origin} may {', '.join(CORS_METHODS)} objects.",
            detail="Without it, logs and files of clusters do not show in the console.",
            fix=f"Add a CORS rule for {origin}; the command keeps the other rules.",
            cli=f"aws s3api put-bucket-cors --bucket {bucket.name} --cors-configuration '{rules}'",
            terraform="aws_s3_bucket_cors_configuration.cors_rule",
            console_path=_console(bucket, "Permissions > CORS"),
        )


_PLACE = ("s3:ListBucket", "s3:GetBucketLocation")
_QUESTIONS: tuple[tuple[str, Severity, str, tuple[str, ...], Ask], ...] = (
    ("exists", "must", "The bucket exists", (), _exists),
    ("region", "should", "The bucket is in the cloud's region", (), _region),
    ("control_plane", "must", "The control plane can use the bucket", (), _control_plane),
    (
        "public_access",
        "should",
        "The bucket is closed to the public",
        ("s3:GetBucketPublicAccessBlock",),
        _public_access,
    ),
    ("tls_only", "should", "The bucket refuses requests without TLS", ("s3:GetBucketPolicy",), _tls_only),
    ("encryption", "should", "The bucket encrypts", ("s3:GetEncryptionConfiguration",), _encryption),
    ("cors", "should", "The console may use the bucket", ("s3:GetBucketCORS",), _cors),
)
CHECKS = tuple(
    Check(
        id=f"bucket.{name}",
        severity=severity,
        title=title,
        actions=(*_PLACE, *actions),
        ask=ask,
        about="bucket",
    )
    for name, severity, title, actions, ask in _QUESTIONS
)
