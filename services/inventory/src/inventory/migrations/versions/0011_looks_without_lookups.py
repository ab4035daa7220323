"""When a SKU is looked at again is written without looking its product up once more."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Whoever writes here holds the product's lock, products are never deleted, and only known ones are ever due."""
    op.execute("alter table rebalance_due drop constraint rebalance_due_sku_fkey")
    op.execute("alter table settle_waits drop constraint settle_waits_sku_fkey")
