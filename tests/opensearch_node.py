"""The OpenSearch of a test run: one node for all processes of pytest, started by the project's own script."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from scratch import memory

__all__ = ["begin_run", "node_url", "remove_nodes"]

SCRIPT = Path(__file__).parents[1] / "tools" / "opensearch.sh"
_NOT_TO_BE_HAD = 3
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1"
"""Options of a Java that runs for too short to be worth optimizing: it starts with half the computing."""
_RUN = "RUN_OF_TESTS"
"""Environment variable with the process that began the run: its workers share the node, and it ends it."""


def begin_run() -> None:
    """Note that this process begins a run, unless another has and this one is a worker of it."""
    os.environ.setdefault(_RUN, str(os.getpid()))


def _folder() -> Path:
    parent = memory() or Path(tempfile.gettempdir())
    return parent / f"apportion-opensearch-{os.environ[_RUN]}"


def remove_nodes() -> None:
    """End the node if this process began the run. At its exit would be too late: others may still ask it before."""
    folder = _folder()
    if os.environ[_RUN] == str(os.getpid()) and folder.exists():
        subprocess.run(["sh", str(SCRIPT), "remove", str(folder)], check=False)
        folder.with_suffix(".lock").unlink(missing_ok=True)


@cache
def _started() -> tuple[str, str]:
    """Start the node unless another worker has; return its address, or why there is none."""
    folder = _folder()
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        address = folder / "address"
        if address.exists():
            return address.read_text(), ""
        started = subprocess.run(
            ["sh", str(SCRIPT), "start", str(folder)],
            env={"APPORTION_OPENSEARCH_JAVA_OPTS": _JAVA_OPTIONS, **os.environ},
            capture_output=True,
            text=True,
        )
        if started.returncode == _NOT_TO_BE_HAD:
            return "", started.stderr.strip()
        assert started.returncode == 0, started.stderr
        address.write_text(started.stdout.strip())
        return started.stdout.strip(), ""


def node_url() -> str:
    """Return the address of the node. Skips the test where no OpenSearch can be had."""
    url, why = _started()
    if not url:
        pytest.skip(why)
    return url
