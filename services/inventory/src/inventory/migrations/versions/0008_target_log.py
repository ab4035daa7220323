"""Every target that was ever set, with the figures behind it: so that any number can be explained later."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
create table target_log (
    sku text not null references products (sku),
    channel text not null references marketplace_channels (name),
    revision bigint not null,
    quantity int not null,
    urgency text not null,
    explanation jsonb not null,
    cause_event_id text,
    targeted_at timestamptz not null,
    primary key (sku, channel, revision)
)
""")


def downgrade() -> None:
    op.execute("drop table target_log")
