"""Stores for the contract tests, each of which runs once for every entry of ``OPENERS``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stored_dataset import StoredDataset
from stores import OPENERS, RoutedStore, opened

SEARCHED = ("test_contract_search", "test_contract_search_properties")
"""Modules that run on an index of searches, too, where ``--store`` does not say on what all run: each of their datasets
has to be indexed first, and all other ports are those of its database.
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store_kind" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--store")
        searched = metafunc.module.__name__.rpartition(".")[2] in SEARCHED or asked == "postgres-opensearch"
        kinds = [each for each in OPENERS if each != "postgres-opensearch" or searched]
        metafunc.parametrize("store_kind", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def store_kind(request: pytest.FixtureRequest) -> str:
    """Return the name of the kind of store."""
    return str(request.param)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def store(store_kind: str) -> Iterator[RoutedStore]:
    """A store for all tests of a module: each adds datasets of its own and looks at nothing else."""
    with _folder() as folder, opened(store_kind, folder) as store:
        yield store


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, for tests that open a store themselves."""
    with _folder() as folder:
        yield folder


@pytest.fixture
def empty_store(store_kind: str, folder: Path) -> Iterator[RoutedStore]:
    """A store of its own, for tests of what is about the whole store."""
    with opened(store_kind, folder) as store:
        yield store


@pytest.fixture
def stored(store: RoutedStore) -> StoredDataset:
    return StoredDataset(store)
