"""Create the tables in a new database, and refuse one that they cannot be in."""

from __future__ import annotations

import psycopg
from sqlalchemy import BigInteger, Integer, MetaData

from apportion.storage.sqlite_free import LATEST
from apportion.storage.tables import metadata as tables

from .changes import CHANGE_LOG_TABLES
from .connection import DatabaseError, PostgresConnection

__all__ = ["check_database", "create_tables", "version_of"]
