from connector_sdk.tables import add_prices

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    add_prices()
