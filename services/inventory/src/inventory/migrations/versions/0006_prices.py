"""Rules of prices, the price of each listing, and the SKUs whose prices must be computed again."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Neither the prices nor the queue refer to products: the check would wait for whoever has the product locked, who may
# wait for a place in the queue.
_STATEMENTS = (
    """
create table price_rules (
    name text primary key,
    channel text references marketplace_channels (name),
    category text,
    sku text,
    fee_percent numeric(9, 4) check (fee_percent >= 0 and fee_percent < 100),
    fee_fixed numeric(18, 4) check (fee_fixed >= 0),
    vat_included boolean,
    rounding_step numeric(18, 4) check (rounding_step > 0),
    rounding_ending numeric(18, 4) check (rounding_ending >= 0 and rounding_ending < rounding_step),
    floor numeric(18, 4) check (floor >= 0),
    ceiling numeric(18, 4) check (ceiling > 0 and ceiling >= floor),
    updated_at timestamptz not null,
    check (sku is null or category is null),
    check ((rounding_step is null) = (rounding_ending is null))
)""",
    """
create unique index price_rules_scope
on price_rules (coalesce(sku, ''), coalesce(category, ''), coalesce(channel, ''))""",
    """
create table price_defaults (
    is_only_row boolean primary key default true check (is_only_row),
    sets jsonb not null
)""",
    """
create table channel_prices (
    channel text not null references marketplace_channels (name),
    sku text not null,
    external_sku text not null,
    net numeric(18, 4),
    price numeric(18, 4) check (price >= 0),
    fee numeric(18, 4),
    vat numeric(18, 4),
    currency text,
    revision bigint not null,
    priced_at timestamptz,
    explanation jsonb not null,
    problem text,
    applied_revision bigint,
    applied_status text,
    applied_at timestamptz,
    live_price numeric(18, 4),
    live_at timestamptz,
    primary key (channel, sku),
    check (revision > 0 or price is null)
)""",
    "create index channel_prices_sku on channel_prices (sku)",
    "create index channel_prices_problem on channel_prices (sku, channel) where problem is not null",
    """
create table price_queue (
    sku text primary key,
    since timestamptz not null,
    cause_id text,
    cause_correlation_id text,
    cause_traceparent text
)""",
    "create index price_queue_since on price_queue (since, sku)",
    """
create table price_scopes (
    id bigint generated always as identity primary key,
    sku text,
    category text,
    channel text
)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
