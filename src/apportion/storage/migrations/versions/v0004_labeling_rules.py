"""Labeling rules of a dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("datasets", sa.Column("rules", sa.JSON(), nullable=True))
