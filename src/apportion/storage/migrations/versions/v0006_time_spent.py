"""Time people spent on records, kept whatever becomes of their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "time_spent",
        sa.Column("rid", sa.BigInteger(), nullable=False),
        sa.Column("annotator", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rid", "annotator", "at"),
        sqlite_with_rowid=False,
    )
    # A copy has its original's answers, with their times; nobody worked twice. State 1 is a draft, 2 and 3 are answers
    op.execute(
        "INSERT INTO time_spent SELECT rid, annotator, CASE WHEN state > 1 THEN updated ELSE 0 END, "
        "CAST(round(seconds * 1000) AS INTEGER), state > 1 FROM annotations WHERE seconds > 0 AND rid >> 32 NOT IN "
        "(SELECT no FROM datasets WHERE json_extract(metadata, '$.copied_from') IS NOT NULL)"
    )
