"""Listings to be read, the marketplace's clock, and since when the channel stands still."""

from connector_sdk.tables import add_readings

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    add_readings()
