"""The OpenSearch of a test run: one node for each process of pytest, started by the project's own script."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from scratch import memory

__all__ = ["node_url", "remove_nodes"]

SCRIPT = Path(__file__).parents[1] / "tools" / "opensearch.sh"
_NOT_TO_BE_HAD = 3
_STARTED: list[Path] = []


def remove_nodes() -> None:
    """End what this process started. At its exit would be too late: workers of pytest-xdist do not get there."""
    while _STARTED:
        folder = _STARTED.pop()
        subprocess.run(["sh", str(SCRIPT), "remove", str(folder)], check=False)


@cache
def _started() -> tuple[str, str]:
    """Start the node; return its address, or why there is none."""
    parent = memory() or Path(tempfile.gettempdir())
    folder = parent / f"apportion-opensearch-{os.getpid()}"
    started = subprocess.run(["sh", str(SCRIPT), "start", str(folder)], capture_output=True, text=True)
    if started.returncode == _NOT_TO_BE_HAD:
        return "", started.stderr.strip()
    _STARTED.append(folder)
    assert started.returncode == 0, started.stderr
    return started.stdout.strip(), ""


def node_url() -> str:
    """Return the address of the node. Skips the test where no OpenSearch can be had."""
    url, why = _started()
    if not url:
        pytest.skip(why)
    return url
