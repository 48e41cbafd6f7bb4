"""Posteriors by model and by question of the record."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# What a record stands by rests on the policy in force, where that is a model. Elsewhere the last job that ended well
# knows; what nobody knows is of no model, and comes anew with the next job.
_CARRIED_OVER = """
INSERT INTO posteriors (rid, question, model, answers, labels)
SELECT p.rid, '', coalesce(m.model, ''), p.answers, p.labels FROM earlier_posteriors p LEFT JOIN (
    SELECT d.no, CASE
        WHEN json_extract(d.policies, '$.resolution') IN ('dawid_skene', 'one_coin')
        THEN json_extract(d.policies, '$.resolution')
        ELSE (
            SELECT json_extract(j.spec, '$.policy') FROM jobs j
            WHERE j.dataset = d.no AND j.kind = 'consensus:model' AND j.state = 'done' ORDER BY j.no DESC LIMIT 1
        ) END AS model
    FROM datasets d
) m ON m.no = p.rid >> 32
"""


def upgrade() -> None:
    op.rename_table("posteriors", "earlier_posteriors")
    op.create_table(
        "posteriors",
        sa.Column("rid", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, server_default=""),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rid", "question"),
    )
    op.get_bind().exec_driver_sql(_CARRIED_OVER)
    op.drop_table("earlier_posteriors")
