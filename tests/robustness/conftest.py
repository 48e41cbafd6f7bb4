"""A server with data for each module, and an empty one for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import LocalServer, furnish, local_server


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with local_server(tmp_path_factory.mktemp("local"), max_records=50, max_body=16 * 1024 * 1024) as local:
        furnish(local.client())
        yield local


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalServer]:
    with local_server(tmp_path) as local:
        yield local
