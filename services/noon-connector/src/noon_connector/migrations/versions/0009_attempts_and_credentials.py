"""Every attempt at a write, the credentials that were sent to us, and what was last asked to be brought in step."""

from connector_sdk.attempts.tables import add_attempts
from connector_sdk.credentials.tables import add_credentials
from connector_sdk.sync_tables import add_syncs

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    add_attempts()
    add_credentials()
    add_syncs()
