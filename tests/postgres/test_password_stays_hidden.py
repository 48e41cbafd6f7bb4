"""The password in the address of the database is in no log, error or reply of a server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from patience import patience

PASSWORD = "hush-hush"
KEY = {"X-Argilla-Api-Key": "admin.apikey"}
READ = (
    "/api/server",
    "/metrics",
    "/api/_status",
    "/api/_info",
    "/api/health/ready",
    "/api/me",
    "/api/datasets/none",
)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_password_is_in_no_log_error_or_reply(cluster: Any, tmp_path: Path) -> None:
    port, log = unused_port(), tmp_path / "log"
    address, answer = f"http://127.0.0.1:{port}", []
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("APPORTION_")},
        "APPORTION_HOME": str(tmp_path / "home"),
        "APPORTION_LOG_LEVEL": "debug",
        "APPORTION_DATABASE_URL": cluster.url.replace("apportion@", f"apportion:{PASSWORD}@"),
        "APPORTION_SECRET_KEY": "only for tests, and long enough to sign",
        "LOAD_DATASETS": "none",
    }
    command = [sys.executable, "-m", "apportion.cli.main", "quickstart", "--no-browser", "--port", str(port)]
    with log.open("w") as file:
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + patience(60)
            while True:
                try:
                    if httpx.get(f"{address}/api/me", headers=KEY).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            for kill in (False, True):
                if kill:
                    cluster.kill()
                answer += [httpx.get(address + path, headers=KEY) for path in READ]
                time.sleep(2 * kill)  # for what works in the background to notice
        finally:
            server.terminate()
            server.wait(patience(30))
            cluster.start()
    written = log.read_text()
    assert [each.status_code for each in answer[:3]] == [200, 200, 200]
    assert answer[-2].status_code == 503
    assert "the database can't be reached" in written
    assert "Traceback" not in written
    assert PASSWORD not in written + "".join(str(each.headers) + each.text for each in answer)
