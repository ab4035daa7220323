"""The table of stored credentials. A migration of each connector creates it."""

from alembic import op

_CREDENTIALS = """
create table credentials (
    name text primary key,
    sealed text not null,
    stored_at timestamptz not null
)
"""


def add_credentials() -> None:
    """For use in a migration."""
    op.execute(_CREDENTIALS)
    op.execute("comment on column credentials.sealed is 'encrypted, with its name, by CREDENTIALS_KEY'")
