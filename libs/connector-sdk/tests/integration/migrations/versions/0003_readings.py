from connector_sdk.tables import add_readings

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    add_readings()
