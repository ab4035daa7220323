"""Rules of the allocation, the weights that follow demand, and the SKUs whose targets must be looked at again."""

from alembic import op

revision = "0004"
down_revision = "0003"

# Neither the weights nor the queue refer to products: the check would wait for whoever has the product locked.
_STATEMENTS = (
    """
create table rules (
    name text primary key,
    sku text,
    category text,
    channel text references marketplace_channels (name),
    sets jsonb not null,
    changed_at timestamptz not null,
    check (sku is null or category is null)
)""",
    "create unique index rules_scope on rules (coalesce(sku, ''), coalesce(category, ''), coalesce(channel, ''))",
    """
create table rules_version (
    is_only_row boolean primary key default true check (is_only_row),
    version bigint not null
)""",
    "insert into rules_version (version) values (0)",
    "create sequence rules_versions",  # no number comes twice, not even after a transaction that failed
    """
create function count_rules_version() returns trigger language plpgsql as $$
begin
    update rules_version set version = nextval('rules_versions');
    return null;
end $$""",
    """
create trigger rules_changed after insert or update or delete or truncate on rules
for each statement execute function count_rules_version()""",
    """
create table demand_weights (
    sku text primary key,
    weights jsonb not null,
    words text not null,
    decided_at timestamptz not null
)""",
    """
create table rebalance_queue (
    sku text primary key,
    since timestamptz not null
)""",
    "create index rebalance_queue_since on rebalance_queue (since, sku)",
    "create index products_category on products (category, sku)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
