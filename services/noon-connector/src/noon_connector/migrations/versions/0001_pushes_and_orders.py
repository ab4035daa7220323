"""What the pusher and the order reader keep, and the outbox."""

from connector_sdk.tables import create_tables
from runtime.tables import create_outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_outbox()
    create_tables()
