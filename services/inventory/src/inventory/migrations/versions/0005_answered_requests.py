"""What was answered to requests with an Idempotency-Key."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("""
create table answered_requests (
    caller text not null,
    key text not null,
    fingerprint text not null,
    answer jsonb not null,
    answered_at timestamptz not null,
    primary key (caller, key)
)""")
    op.execute("create index answered_requests_answered_at on answered_requests (answered_at)")
