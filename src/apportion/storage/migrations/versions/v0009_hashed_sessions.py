"""Hashes of session ids instead of the ids, as for API keys."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Replace the ids by their hashes: whoever has signed in stays signed in."""
    connection = op.get_bind()
    for (sid,) in connection.execute(sa.text("SELECT sid FROM sessions")).all():
        hashed = hashlib.sha256(sid.encode()).hexdigest()
        connection.execute(
            sa.text("UPDATE sessions SET sid = :hashed WHERE sid = :sid"), {"hashed": hashed, "sid": sid}
        )
