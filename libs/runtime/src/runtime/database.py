"""The service's own schema in Postgres."""

from pydantic import PostgresDsn
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def asyncpg_dsn(url: PostgresDsn | str) -> str:
    """The URL as asyncpg itself wants it: `postgresql://...` without SQLAlchemy's driver suffix."""
    return make_url(str(url)).set(drivername="postgresql").render_as_string(hide_password=False)


def create_engine(url: PostgresDsn | str, schema: str, *, pool_size: int = 8) -> AsyncEngine:
    """A pool whose connections see only `schema`. A connection that died while idle is replaced unseen."""
    return create_async_engine(
        make_url(str(url)).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={"server_settings": {"search_path": schema, "application_name": schema}, "timeout": 10},
    )


async def ping(engine: AsyncEngine) -> None:
    """Raises what the driver raises when the database does not answer."""
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
