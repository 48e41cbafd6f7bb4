"""The index of ids holds the records' numbers, too: else each of millions was read from the table, in no order."""

from alembic import op

revision = "0017"
down_revision = "0016"

_NAME = "records_dataset_id_rid_key"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # in SQLite every index has them
        op.execute(f"CREATE UNIQUE INDEX {_NAME} ON records (dataset, id) INCLUDE (rid)")
        op.execute("ALTER TABLE records DROP CONSTRAINT records_dataset_id_key")
        op.execute(f"ALTER TABLE records ADD CONSTRAINT {_NAME} UNIQUE USING INDEX {_NAME}")
