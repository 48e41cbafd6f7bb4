"""Tables that searches, filters and counts read; all of them can be derived from the others."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from .base import metadata

__all__ = ["facet", "fields", "numbers", "vals", "vectors"]

fields = Table(
    "fields",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("dataset", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="keyword, long, float, boolean, date, vector:<dimension>"),
    UniqueConstraint("dataset", "name"),
)

vals = Table(
    "vals",
    metadata,
    Column("vid", Integer, primary_key=True),
    Column("field", Integer, nullable=False),
    Column("viewer", Integer, nullable=False, comment="0: content or the resolved view; else agents.no"),
    Column("value", Text, nullable=False),
    Column("num", Float, comment="the value as a number, where its field has numbers"),
    Column("n", Integer, nullable=False, comment="how many records have it, exactly"),
    UniqueConstraint("field", "viewer", "value"),
    Index("vals_top", "field", "viewer", text("n DESC"), "value"),
)

facet = Table(
    "facet",
    metadata,
    Column("key", Integer, primary_key=True, comment="vid << 32 | n: this record has that value"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("field", Integer, primary_key=True),
    Column("value", Float, primary_key=True),
    Column("n", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

vectors = Table(
    "vectors",
    metadata,
    Column("field", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("value", LargeBinary, nullable=False, comment="float64, little-endian"),
    Column("more", LargeBinary, comment="JSON members record_properties and model"),
    sqlite_with_rowid=False,
)
