"""Answers and other long values beside their keys instead of in them; a checksum beside what people put in."""

import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from apportion.storage.checksums import checksum

revision = "0008"
down_revision = "0007"

log = logging.getLogger("apportion.storage")
_AT_ONCE = 50_000

_ANNOTATIONS = ("rid", "annotator", "state", "counted", "version", "seconds", "updated", "value")
_GUIDELINES = ("dataset", "version", "text", "author", "at")
_IN_PLACE = {
    "history": ("rid", "annotator", "version", "state", "value", "at", "why"),
    "gold": ("rid", "value", "origin", "author", "reason", "version", "at"),
    "comments": ("rid", "author", "to", "text", "at"),
    "events": (
        *("dataset", "rid", "at", "who", "what", "detail", "workspace"),
        *("object", "before", "after", "address", "request"),
    ),
}
_NO_CHANGE = (  # as step 7 made it: events get their checksums while it is away
    "CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events BEGIN "
    "SELECT RAISE(ABORT, 'events are only ever added: none is changed'); END"
)


def upgrade() -> None:
    raw: Any = op.get_bind().connection.driver_connection
    raw.create_function("checksum", -1, lambda *values: checksum(values), deterministic=True)
    _rewrite(
        raw,
        "annotations",
        ("rid", "annotator", "state", "counted", "version", "seconds", "updated", "terms", "value"),
        _ANNOTATIONS,
        sa.Column("rid", sa.BigInteger(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.Integer(), server_default="0", nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("rid", "annotator"),
    )
    op.create_index("annotations_of", "annotations", ["annotator", "rid"], unique=False)
    _rewrite(
        raw,
        "guidelines",
        ("dataset", "version", "author", "at", "text"),
        _GUIDELINES,
        sa.Column("dataset", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.Integer(), server_default="0", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version"),
    )
    _rewrite(
        raw,
        "job_changes",
        ("job", "rid", "state", "version", "before"),
        (),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("rid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("job", "rid"),
    )
    _rewrite(
        raw,
        "reasons",
        ("plan", "part", "items"),
        (),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "part"),
    )
    raw.execute("DROP TRIGGER events_stay_as_they_are")
    for table, columns in _IN_PLACE.items():
        log.info("upgrading the tables: checksums of %s", table)
        op.add_column(table, sa.Column("checksum", sa.Integer(), server_default="0", nullable=False))
        raw.execute(f"UPDATE {table} SET checksum = checksum({_named(columns)})")
    raw.execute(_NO_CHANGE)
    raw.create_function("checksum", -1, None)


def _rewrite(
    raw: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    covered: Sequence[str],
    *wanted: sa.Column[Any] | sa.PrimaryKeyConstraint,
) -> None:
    """Make a table anew with its key in an index beside it, some rows at a time, in the order of the key."""
    op.create_table(f"new_{table}", *wanted)
    (total,) = raw.execute(f"SELECT count(*) FROM {table}").fetchone()
    first, second = columns[:2]
    names, values = _named(columns), _named(columns)
    if covered:
        names, values = f"{names}, checksum", f"{values}, checksum({_named(covered)})"
    after, done = (-1 << 62, -1 << 62), 0
    while True:
        rows = raw.execute(
            f"INSERT INTO new_{table} ({names}) SELECT {values} FROM {table} WHERE ({first}, {second}) > (?, ?) "
            f"ORDER BY {first}, {second} LIMIT {_AT_ONCE}",
            after,
        ).rowcount
        if rows <= 0:
            break
        done += rows
        log.info("upgrading the tables: %s, %d of %d rows", table, done, total)
        after = raw.execute(
            f"SELECT {first}, {second} FROM new_{table} WHERE rowid = (SELECT max(rowid) FROM new_{table})"
        ).fetchone()
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
