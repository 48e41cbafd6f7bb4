"""Bring the tables of an older version up to this one's, in one transaction."""

from __future__ import annotations

from pathlib import Path

from .connection import PostgresConnection

__all__ = ["upgrade"]

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_WIDER = {"integer": "bigint", "json": "text"}
"""Types that a migration writes, and those that are meant: every integer has 64 bits, and JSON is kept as it is."""


def upgrade(connection: PostgresConnection, scripts: Path = _MIGRATIONS) -> None:
    """Run the migrations that are missing. Whatever fails, the tables are as they were."""
    # Imported here: slow to import, and most starts have nothing to migrate
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection.sql
    with (
        connection.sql.begin()
    ):  # so that SQLAlchemy and Alembic leave the transaction to us; it ends with theirs
        connection.begin()
        try:
            command.upgrade(config, "head")
            _widen(connection)
        except BaseException:  # SQLAlchemy wraps the errors of the driver in its own
            connection.roll_back()
            raise
        connection.commit()


def _widen(connection: PostgresConnection) -> None:
    found = connection.raw.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND data_type IN ('integer', 'json') ORDER BY 1, 2"
    ).fetchall()
    for table, column, kind in found:
        connection.raw.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {_WIDER[kind]}')
    sequences = connection.raw.execute(
        "SELECT sequence_name FROM information_schema.sequences "
        "WHERE sequence_schema = current_schema() AND data_type <> 'bigint'"
    ).fetchall()
    for (sequence,) in sequences:
        connection.raw.execute(f'ALTER SEQUENCE "{sequence}" AS bigint')
