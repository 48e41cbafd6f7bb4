"""Owners of what takes more than one transaction, replies to requests sent again, and the servers of a cluster."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_OF_SERVERS = (
    "CREATE TABLE servers (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, started_at bigint NOT NULL, "
    "seen_at bigint NOT NULL, host text NOT NULL, version text NOT NULL)",
    "CREATE UNLOGGED TABLE attempts (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who text NOT NULL, "
    "at bigint NOT NULL)",
    "CREATE INDEX attempts_of ON attempts (who, at)",
    "CREATE TABLE installation (id text NOT NULL)",
    "INSERT INTO installation VALUES (gen_random_uuid()::text)",
)


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    number = sa.BigInteger() if postgres else sa.Integer()
    for table in ("jobs", "plans", "datasets"):
        op.add_column(table, sa.Column("owner", number, nullable=True))
    op.create_table(
        "replies",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", number, nullable=True),
        sa.Column("status", number, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("person", "key"),
    )
    if postgres:
        for statement in _OF_SERVERS:
            op.execute(statement)
