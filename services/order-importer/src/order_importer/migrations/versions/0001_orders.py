"""Orders, their lines and the listings that map them."""

from alembic import op
from runtime.tables import create_inbox, create_outbox

revision = "0001"
down_revision = None

_TABLES = (
    """
    create table listings (
        channel text not null,
        external_sku text not null,
        sku text,
        is_active boolean,
        changed_at timestamptz,
        primary key (channel, external_sku),
        check ((sku is null) = (changed_at is null))
    )
    """,
    "comment on column listings.sku is 'null: an order asked for this listing, which nobody has told of yet'",
    """
    create table marketplace_orders (
        channel text not null,
        external_order_id text not null,
        status text not null,
        placed_at timestamptz not null,
        updated_at timestamptz not null,
        fulfilled_by text not null,
        payment_method text,
        ship_by timestamptz,
        total_amount numeric,
        total_currency text,
        raw jsonb not null,
        received_at timestamptz not null,
        primary key (channel, external_order_id)
    )
    """,
    """
    create table orders (
        order_id text primary key,
        source text not null,
        external_order_id text not null,
        placed_at timestamptz not null,
        status text not null,
        workflow text not null,
        parked boolean not null default false,
        parked_reason text,
        is_announced boolean not null default false,
        handled_units bigint not null default 0,
        created_at timestamptz not null,
        updated_at timestamptz not null default '-infinity',
        unique (source, external_order_id),
        check (parked = (parked_reason is not null))
    )
    """,
    "comment on column orders.updated_at is 'the marketplace''s; -infinity before the first version is applied'",
    "create index orders_parked on orders (order_id) where parked",
    """
    create table order_items (
        order_id text not null references orders,
        line_reference text not null,
        external_sku text not null,
        sku text,
        title text,
        quantity int not null,
        quantity_shipped int not null,
        quantity_cancelled int not null,
        unit_price_amount numeric,
        unit_price_currency text,
        units_taken bigint not null check (units_taken >= 0),
        units_returned bigint not null check (units_returned between 0 and units_taken),
        units_waiting bigint[] not null,
        primary key (order_id, line_reference),
        check (sku is null or units_waiting = '{}'),
        check (sku is not null or units_taken = 0)
    )
    """,
    "comment on column order_items.units_waiting is 'net units due after each version, while the SKU is not known'",
    "create index order_items_unmapped on order_items (external_sku) where sku is null",
)


def upgrade() -> None:
    create_outbox()
    create_inbox()
    for statement in _TABLES:
        op.execute(statement)
