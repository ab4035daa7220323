from alembic import op
from runtime.tables import create_inbox, create_outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_outbox()
    create_inbox()
    op.execute("create table effects (id bigint generated always as identity, event_id text, sku text)")
