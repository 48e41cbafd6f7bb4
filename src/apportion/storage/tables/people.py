"""Tables of users, workspaces, memberships and sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from .base import metadata
from .json_text import JsonText

__all__ = ["memberships", "sessions", "users", "workspaces"]

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True, comment="uuid"),
    Column("username", Text, nullable=False, unique=True),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("key_hash", Text, unique=True, comment="SHA-256 of the API key; the key itself is never kept"),
    Column("key_prefix", Text),
    Column("active", Boolean, nullable=False, default=True),
    Column("preferences", JsonText, nullable=False, default=dict),
    Column("inserted_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True, comment="uuid"),
    Column("name", Text, nullable=False, unique=True),
    Column("inserted_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("no", Integer, primary_key=True, comment="keeps the order of joining"),
    Column("workspace_id", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("inserted_at", BigInteger, nullable=False),
    UniqueConstraint("workspace_id", "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
