"""What a queue of notifications told, and which source knew an order first."""

from connector_sdk.notifications.notification_tables import add_notifications

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    add_notifications()
