"""A clock that stands still until told otherwise, and a real server in a process of its own.

Hypothesis is told here that a slow example is no failure: no test asserts how long something takes.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import hypothesis
import pytest

from support import FakeClock

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

STARTS_WITHIN = 60


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo team and data, started as a user starts it."""
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    command = [sys.executable, "-m", "apportion.cli.main", "quickstart", "--no-browser", "--port", str(port)]
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith(("APPORTION_", "ARGILLA_"))
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            command,
            env={**settings, "APPORTION_HOME": str(home / "data")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://localhost:{port}"
            wait_for(url, server, home / "server.log")
            yield url
        finally:
            server.terminate()
            server.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers and the second demo dataset, logged last, is there."""
    wanted = f"{url}/api/datasets/python-docs-topics?workspace=admin"
    deadline = time.monotonic() + STARTS_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(wanted, headers={"X-Argilla-Api-Key": "admin.apikey"}).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"The server did not come up. It said:\n{log.read_text()}", pytrace=False)
