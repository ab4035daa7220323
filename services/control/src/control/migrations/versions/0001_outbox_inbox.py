"""What control needs to send operators' requests and to follow events."""

from runtime.tables import create_inbox, create_outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_outbox()
    create_inbox()
