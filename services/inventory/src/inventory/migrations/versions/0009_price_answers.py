"""What a channel had to say about a price."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("alter table channel_prices add column applied_issues jsonb")
    op.execute("create index channel_prices_refused on channel_prices (sku, channel) where applied_status = 'rejected'")
