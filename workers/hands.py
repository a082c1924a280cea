"""What all turns of this process share: the way into AWS, threads for its calls, and how to wait."""

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from clouds.clock import Clock
from workers.aws.client import Transport
from workers.aws.session import Sessions, environment_keys
from workers.operations.work import Hands, Patience

# Service models are the same everywhere; reading them is what takes long.
ANY_REGION = "us-east-1"


def hands(clock: Clock) -> Hands:
    """Return the process's hands, from its configuration and the AWS keys of its environment.

    Raises AwsError where the environment holds no keys.
    """
    chosen = settings.RAYDOCK
    transport = Transport(chosen.aws_endpoint_url)
    pool = ThreadPoolExecutor(chosen.aws_threads, thread_name_prefix="aws")
    # Ahead of the first call, which would fail for the same reasons and say so.
    pool.submit(transport.warm, ANY_REGION)
    return Hands(
        sessions=Sessions(transport, environment_keys(), clock.now, version=chosen.version),
        pool=pool,
        patience=Patience(
            grace=chosen.consistency_grace,
            attempts=chosen.step_attempts,
            backoff_base=chosen.backoff_base,
            backoff_cap=chosen.backoff_cap,
            connect=chosen.connect_patience,
        ),
    )
