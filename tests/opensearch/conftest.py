"""A real OpenSearch node for these tests, started once a process by the project's own script."""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from apportion.storage.opensearch.client import OpenSearchClient

SCRIPT = Path(__file__).parents[2] / "tools" / "opensearch.sh"
_NOT_TO_BE_HAD = 3


@pytest.fixture(scope="session")
def node() -> Iterator[str]:
    """The address of a node. Skips the test where no OpenSearch can be had."""
    with tempfile.TemporaryDirectory(prefix="apportion-opensearch-", dir=_memory()) as parent:
        os.chmod(parent, 0o755)  # the node runs as somebody else
        folder = str(Path(parent) / "nodes")
        started = subprocess.run(["sh", str(SCRIPT), "start", folder], capture_output=True, text=True)
        if started.returncode == _NOT_TO_BE_HAD:
            pytest.skip(started.stderr.strip())
        assert started.returncode == 0, started.stderr
        try:
            yield started.stdout.strip()
        finally:
            subprocess.run(["sh", str(SCRIPT), "remove", folder], check=False)


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


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
