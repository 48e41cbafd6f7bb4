"""An index of the time that each person spent, so that one person's is found without reading everybody's."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index("time_spent_of", "time_spent", ["annotator", "rid"])
