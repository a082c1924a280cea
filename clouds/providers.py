"""Which kinds of clouds there are, by who runs the machines, and what Raydock does on each."""

from enum import StrEnum


class Provider(StrEnum):
    """On AWS Raydock works in the account; a cloud on GCP (Compute Engine) is a record with a mapping."""

    AWS = "aws"
    GCP = "gcp"
