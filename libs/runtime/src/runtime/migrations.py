"""Alembic, run when a service starts: replicas queue for an advisory lock, so each step runs once."""

import zlib
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine


async def upgrade(engine: AsyncEngine, schema: str, scripts: Path) -> None:
    """Create `schema` if need be and bring it to the newest revision found under `scripts`."""
    async with engine.begin() as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(schema.encode())})
        await connection.execute(text(f'create schema if not exists "{schema}"'))
        await connection.run_sync(_upgrade, schema, scripts)


def _upgrade(connection: Connection, schema: str, scripts: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, "head")


def run_env() -> None:
    """What a service's `env.py` calls: migrate on the connection that `upgrade` opened."""
    attributes = context.config.attributes
    context.configure(connection=attributes["connection"], version_table_schema=attributes["schema"])
    with context.begin_transaction():
        context.run_migrations()
