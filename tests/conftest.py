"""A store on a file of its own, and a clock that stands still until told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import FakeClock, PeopleStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def people_store(tmp_path: Path) -> Iterator[PeopleStore]:
    store = PeopleStore(tmp_path / "people.db")
    yield store
    store.close()
