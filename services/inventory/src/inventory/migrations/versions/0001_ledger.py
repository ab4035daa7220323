"""The ledger, the catalogue, the channels and their targets."""

from alembic import op
from runtime.tables import create_outbox

revision = "0001"
down_revision = None

_TABLES = """
create table products (
    sku text primary key,
    title text not null,
    category text,
    base_price numeric(18, 4),
    currency text,
    vat_rate numeric(9, 4),
    is_active boolean not null,
    on_hand int not null default 0,
    reserved int not null default 0 check (reserved >= 0),
    counted_at timestamptz,
    changed_at timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table marketplace_channels (
    name text primary key,
    title text not null,
    priority int not null unique,
    is_active boolean not null default true,
    last_sync_at timestamptz
);

insert into marketplace_channels (name, title, priority) values
    ('saberstore', 'SaberStore', 1), ('amazon', 'Amazon Egypt', 2), ('noon', 'Noon', 3);

create table marketplace_listings (
    channel text not null references marketplace_channels (name),
    sku text not null references products (sku),
    external_sku text not null,
    external_id text,
    external_url text,
    channel_price numeric(18, 4),
    stock_qty int,
    is_active boolean not null,
    last_sync_at timestamptz,
    changed_at timestamptz not null,
    primary key (channel, sku),
    unique (channel, external_sku)
);

create table inventory_logs (
    id bigint generated always as identity primary key,
    sku text not null references products (sku),
    channel text references marketplace_channels (name),
    change_qty int not null,
    reason text not null,
    reference text,
    line_reference text,
    before_qty int not null,
    after_qty int not null,
    event_id text not null unique,
    happened_at timestamptz not null,
    created_at timestamptz not null,
    check (after_qty = before_qty + change_qty)
);
create index inventory_logs_sku on inventory_logs (sku, id);

create table channel_targets (
    channel text not null references marketplace_channels (name),
    sku text not null references products (sku),
    quantity int not null check (quantity >= 0),
    revision bigint not null,
    targeted_at timestamptz not null,
    applied_revision bigint,
    applied_status text,
    applied_at timestamptz,
    live_quantity int,
    live_at timestamptz,
    primary key (channel, sku)
)
"""

_APPEND_ONLY = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'inventory_logs is append-only: write a correcting movement instead';
end $$
"""


def upgrade() -> None:
    create_outbox()
    for statement in _TABLES.split(";\n"):
        op.execute(statement)
    op.execute(_APPEND_ONLY)
    op.execute(
        "create trigger append_only before update or delete or truncate on inventory_logs "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never thrown away")
