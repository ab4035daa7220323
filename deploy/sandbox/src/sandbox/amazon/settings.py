"""The seller account that the Amazon stand-in knows, and two of its habits."""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.environment import Environment

MARKETPLACE_ID = "ARBP9OOSHTCHU"
"""Amazon.eg. Fixed, so that a client with another country's id is found out."""


@dataclass(frozen=True)
class AmazonSettings:
    """`order_delay` is how far behind now an order search ends when it names no end (two minutes at Amazon).

    `record_folder`: where everything that goes over the wire is recorded; nowhere when it is empty.
    """

    client_id: str
    client_secret: str
    refresh_token: str
    seller_id: str
    token_life: timedelta = timedelta(hours=1)
    order_delay: timedelta = timedelta(0)
    sqs_queue_url: str = ""
    sqs_region: str = "eu-west-1"
    record_folder: str = ""


def read_settings(environment: Environment) -> AmazonSettings:
    """Read AMAZON_CLIENT_ID, AMAZON_CLIENT_SECRET, AMAZON_REFRESH_TOKEN and AMAZON_SELLER_ID.

    AMAZON_SQS_QUEUE_URL (none: nobody is notified), AWS_REGION (eu-west-1), SANDBOX_TOKEN_SECONDS (3600),
    SANDBOX_ORDER_DELAY_SECONDS (0) and SANDBOX_RECORD_FOLDER (none: nothing is recorded) need not be set.

    Raises:
        EnvironmentVariablesError: one is missing or unreadable.
    """
    settings = AmazonSettings(
        client_id=environment.text("AMAZON_CLIENT_ID"),
        client_secret=environment.text("AMAZON_CLIENT_SECRET"),
        refresh_token=environment.text("AMAZON_REFRESH_TOKEN"),
        seller_id=environment.text("AMAZON_SELLER_ID"),
        token_life=timedelta(seconds=environment.number("SANDBOX_TOKEN_SECONDS", 3600)),
        order_delay=timedelta(seconds=environment.number("SANDBOX_ORDER_DELAY_SECONDS", 0)),
        sqs_queue_url=environment.optional("AMAZON_SQS_QUEUE_URL"),
        sqs_region=environment.text("AWS_REGION", "eu-west-1"),
        record_folder=environment.optional("SANDBOX_RECORD_FOLDER"),
    )
    environment.check()
    return settings
