"""Bring the tables of an older version up to this one's, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .connection import DatabaseError, PostgresConnection, PostgresRaw
from .session import LIVING, MAINTENANCE

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["refuse_beside_servers", "upgrade"]

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_WIDER = {"integer": "bigint", "json": "text"}
"""Types that a migration writes, and those that are meant: every integer has 64 bits, and JSON is kept as it is."""


def refuse_beside_servers(connection: PostgresConnection, version: int, scripts: Path = _MIGRATIONS) -> None:
    """Refuse an upgrade that servers which are running could not work with. Raises ``DatabaseError`` with their list.

    A step says that they can by ``older_servers_work = True`` in its module: it adds what they need not know of.
    """
    from alembic.script import ScriptDirectory

    # Under the lock of upgrades; whoever starts after this waits for it (``check_upgraded``)
    running = _running(connection.raw)
    steps = ScriptDirectory.from_config(_config(scripts)).iterate_revisions("head", f"{version:04}")
    if running and not all(getattr(step.module, "older_servers_work", False) for step in steps):
        raise DatabaseError(
            f"The tables need an upgrade from {version} that servers which are running can't work with. Nothing was "
            f"changed. Stop these, then try again: {'; '.join(running)}."
        )


def _running(raw: PostgresRaw) -> list[str]:
    """Return the servers that are running, each with its machine and version."""
    (shared,) = raw.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = ? "
        "AND objid = ? AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        MAINTENANCE,
    ).fetchone()
    if raw.execute("SELECT to_regclass('servers') IS NULL").fetchone()[
        0
    ]:  # of the time when there was only one
        return ["the one server"] if shared else []
    rows = raw.execute(f"SELECT no, host, version FROM servers WHERE no IN ({LIVING}) ORDER BY no").fetchall()
    return [f"server {no} on {host}, version {version}" for no, host, version in rows]


def _config(scripts: Path) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: PostgresConnection, scripts: Path = _MIGRATIONS) -> None:
    """Run the migrations that are missing. Whatever fails, the tables are as they were."""
    # Imported here: slow to import, and most starts have nothing to migrate
    from alembic import command

    config = _config(scripts)
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
