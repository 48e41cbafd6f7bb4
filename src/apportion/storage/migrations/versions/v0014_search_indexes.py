"""Indexes in OpenSearch: which there are, how far they are, and how much content was written by whom."""

from alembic import op

revision = "0014"
down_revision = "0013"

_OF_INDEXES = (
    "ALTER TABLE feed ADD COLUMN written bigint NOT NULL DEFAULT 0",
    "CREATE TABLE indexes (dataset bigint, generation bigint, state text NOT NULL, built bigint NOT NULL, "
    "upto bigint NOT NULL, written bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), "
    "problem text NOT NULL DEFAULT '', PRIMARY KEY (dataset, generation))",
    "CREATE TABLE content_writes (dataset bigint, person text, written bigint NOT NULL, PRIMARY KEY (dataset, person))",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _OF_INDEXES:
            op.execute(statement)
