"""A furnished house for each module, and a bare one for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from houses import House, furnish, house_at


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_at(tmp_path_factory.mktemp("house"), max_records=50, max_body=16 * 1024 * 1024) as house:
        furnish(house.client())
        yield house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_at(tmp_path) as house:
        yield house
