"""The feed of changes that several servers follow, numbers given out by the database, and how often staging began."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TRACKING = (
    "DROP TRIGGER logged ON records",
    "DROP TRIGGER changed ON records",
    "DROP FUNCTION note_rewritten",
    "DROP TABLE watched, rewritten",
)
_FEED = (
    "CREATE TABLE feed (dataset bigint PRIMARY KEY, no bigint NOT NULL) WITH (fillfactor = 50)",
    "CREATE TABLE changes (dataset bigint, no bigint, tx uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(), "
    "news bytea NOT NULL, PRIMARY KEY (dataset, no))",
    "CREATE INDEX changes_at ON changes (at)",
    "ALTER TABLE changes ALTER news SET STORAGE EXTERNAL",
)
_SINGLES = 1 << 61
_NUMBERS = (
    "CREATE SEQUENCE numbers_of_values",
    "CREATE SEQUENCE numbers_of_slots",
    f"CREATE SEQUENCE numbers_of_added_slots MINVALUE {_SINGLES + 1}",
    "CREATE FUNCTION reserve_numbers(what text, many bigint) RETURNS bigint LANGUAGE plpgsql AS $$ "
    "DECLARE first bigint; BEGIN PERFORM pg_advisory_lock(1095782479, 3); first := nextval(what::regclass); "
    "PERFORM setval(what::regclass, first + many - 1); PERFORM pg_advisory_unlock(1095782479, 3); RETURN first; "
    "END $$",
    "SELECT setval('numbers_of_values', max(vid)) FROM vals HAVING max(vid) > 0",
    f"SELECT setval('numbers_of_slots', max(no)) FROM slots WHERE no < {_SINGLES} HAVING max(no) > 0",
    f"SELECT setval('numbers_of_added_slots', max(no)) FROM slots WHERE no > {_SINGLES} HAVING max(no) > 0",
)


def upgrade() -> None:
    op.add_column("datasets", sa.Column("staging", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        for statement in (*_TRACKING, *_FEED, *_NUMBERS):
            op.execute(statement)
