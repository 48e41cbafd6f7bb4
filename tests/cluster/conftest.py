"""Servers in processes of their own on one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benchmarks.cluster import Database, database


@pytest.fixture(scope="module")
def postgres() -> Iterator[Database]:
    """A PostgreSQL that a test may kill."""
    try:
        with database() as found:
            yield found
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
