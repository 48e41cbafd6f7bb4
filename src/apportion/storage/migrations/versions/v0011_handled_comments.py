"""Columns for comments that are done: by whom, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("comments", sa.Column("done_by", sa.Text(), nullable=True))
    op.add_column("comments", sa.Column("done_at", sa.BigInteger(), nullable=True))
