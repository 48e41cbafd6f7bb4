"""The collection of all tables, and a column that several of them have."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData

__all__ = ["checksum_column", "metadata"]

metadata = MetaData()


def checksum_column() -> Column[int]:
    """Return the column of a row's checksum."""
    return Column(
        "checksum", Integer, nullable=False, server_default="0", comment="of the columns in storage.checksums"
    )
