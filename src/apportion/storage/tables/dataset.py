"""Tables of datasets and their guidelines."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from .base import checksum_column, metadata
from .json_text import JsonText

__all__ = ["datasets", "guidelines", "purged_datasets"]

datasets = Table(
    "datasets",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("metadata", JsonText, nullable=False),
    Column("settings", JsonText, comment="label schema and vectors; null when never set"),
    Column("policies", JsonText, nullable=False),
    Column("created_by", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("last_updated", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Column("deleted_at", BigInteger, comment="invisible from then on; purged later; 0: being purged or not finished"),
    Column("last_n", Integer, nullable=False, default=0, comment="the highest record number given out"),
    Column("records", Integer, nullable=False, default=0, comment="how many there are"),
    Column("multi_label", Boolean, comment="of the first record stored; null before"),
    Column("rules", JsonText, comment="labeling rules, oldest first; null before the first"),
    Column(
        "staging", BigInteger, nullable=False, server_default="0",
        comment="counts how often it was begun to make it individual",
    ),
    Column("owner", Integer, comment="the number of the server that fills it while it is hidden"),
    Index(
        "datasets_live", "workspace", "name", unique=True,
        sqlite_where=Column("deleted_at").is_(None),
    ),
    sqlite_autoincrement=True,
)  # fmt: skip

purged_datasets = Table(
    "purged_datasets",
    metadata,
    Column("no", Integer, primary_key=True, comment="the number it had: events are about it still"),
    Column("uuid", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
)

guidelines = Table(
    "guidelines",
    metadata,
    Column("dataset", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    checksum_column(),
    Column("text", Text, nullable=False),
)
