"""Up to when each channel's orders are known, and what holds that up."""

from runtime.tables import create_watermarks

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_watermarks()
