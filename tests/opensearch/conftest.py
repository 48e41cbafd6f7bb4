"""A client of a real OpenSearch node, and an index of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from apportion.storage.opensearch.client import OpenSearchClient
from opensearch_node import node_url


@pytest.fixture(scope="session")
def node() -> str:
    """The address of a node. Skips the test where no OpenSearch can be had."""
    return node_url()


@pytest.fixture
def client(node: str) -> Iterator[OpenSearchClient]:
    with OpenSearchClient(node.split(",")) as client:
        yield client


@pytest.fixture
def index(client: OpenSearchClient) -> Iterator[str]:
    """The name of an index that does not exist yet, removed afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    client.request("DELETE", f"/{name}", seconds=60, missing_ok=True)
