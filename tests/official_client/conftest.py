"""A real server in a process of its own, and the official client in an environment of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STARTS_WITHIN = 60


@pytest.fixture(scope="session")
def official_python() -> Path:
    tool = ROOT / "tools" / "official_client.py"
    ran = subprocess.run([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True, check=True)
    python = Path(ran.stdout.strip())
    if not python.is_file():
        pytest.skip(ran.stdout.strip())
    return python


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


@pytest.fixture(scope="session")
def official(official_python: Path, live_server: str) -> Callable[..., Any]:
    """Runs a script of ``scripts/`` with the official client; returns what it printed as JSON."""

    def run(script: str, **arguments: Any) -> Any:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARGILLA_", "PYTHON"))
        }
        ran = subprocess.run(
            [official_python, "-W", "ignore", HERE / "scripts" / f"{script}.py", json.dumps(arguments)],
            env={**clean, "ARGILLA_API_URL": live_server, "ARGILLA_API_KEY": "admin.apikey"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ran.returncode == 0, f"{script}.py failed:\n{ran.stdout}\n{ran.stderr}"
        return json.loads(ran.stdout.splitlines()[-1])

    return run
