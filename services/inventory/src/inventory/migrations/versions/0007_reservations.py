"""Reservations of a storefront that asks before it sells."""

from alembic import op

revision = "0007"
down_revision = "0006"

_TABLES = """
alter table products add column waiting int not null default 0 check (waiting >= 0);

create table reservations (
    id text primary key,
    status text not null,
    ttl_seconds int not null,
    created_at timestamptz not null,
    wait_until timestamptz not null,
    expires_at timestamptz,
    ended_at timestamptz
);
create index reservations_waiting on reservations (created_at, id) where status = 'waiting';
create index reservations_granted on reservations (expires_at) where status = 'granted';

create table reservation_lines (
    reservation_id text not null references reservations (id),
    sku text not null references products (sku),
    quantity int not null check (quantity > 0),
    open_units int not null check (open_units between 0 and quantity),
    primary key (reservation_id, sku)
)
"""


def upgrade() -> None:
    for statement in _TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("reserved units would be forgotten")
