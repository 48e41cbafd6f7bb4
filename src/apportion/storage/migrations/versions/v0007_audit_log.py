"""Events of workspaces and of the server, with before and after; a log that is only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NO_CHANGE = (
    "CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events BEGIN "
    "SELECT RAISE(ABORT, 'events are only ever added: none is changed'); END"
)
NO_DELETION = (
    "CREATE TRIGGER events_stay BEFORE DELETE ON events "
    "WHEN OLD.at >= coalesce((SELECT max(before) FROM events_pruning), 0) BEGIN "
    "SELECT RAISE(ABORT, 'events are only ever added: none is deleted before its time'); END"
)


def upgrade() -> None:
    op.rename_table("events", "events_before")
    op.drop_index("events_of", "events_before")
    op.drop_index("events_who", "events_before")
    op.create_table(
        "events",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.Integer(), nullable=True),
        sa.Column("rid", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("workspace", sa.Text(), nullable=True),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("no"),
        sqlite_autoincrement=True,
    )
    # Numbers stay, and none is given out again: streams and webhooks go on from the last one they had
    op.execute(
        "INSERT INTO sqlite_sequence SELECT 'events', seq FROM sqlite_sequence WHERE name = 'events_before'"
    )
    op.execute(
        "INSERT INTO events (no, dataset, rid, at, who, what, detail) "
        "SELECT no, dataset, rid, at, who, replace(what, ' ', '_'), detail FROM events_before"
    )
    op.drop_table("events_before")
    op.create_index("events_of", "events", ["dataset", "no"], unique=False)
    op.create_index("events_who", "events", ["dataset", "who", "no"], unique=False)
    op.create_index(
        "events_beside_records", "events", ["no"], unique=False, sqlite_where=sa.text("rid IS NULL")
    )
    op.create_table("events_pruning", sa.Column("before", sa.BigInteger(), nullable=False))
    op.create_table(
        "purged_datasets",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no"),
    )
    for statement in ("INSERT INTO events_pruning VALUES (0)", NO_CHANGE, NO_DELETION):
        op.execute(statement)
