from connector_sdk.fees.tables import add_fees
from connector_sdk.shipment_tables import add_shipments

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    add_shipments()
    add_fees()
