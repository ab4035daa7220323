"""What goes by feed, and how far each got."""

from connector_sdk.tables import add_feeds

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    add_feeds()
