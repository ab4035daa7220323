"""Remembers which dead letters were retried or discarded."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLE = """
create table dead_letters_resolved (
    topic text not null,
    partition int not null,
    "offset" bigint not null,
    action text not null check (action in ('retried', 'discarded')),
    at timestamptz not null,
    primary key (topic, partition, "offset")
)
"""


def upgrade() -> None:
    op.execute(_TABLE)


def downgrade() -> None:
    raise NotImplementedError("without this table every resolved letter would be open again")
