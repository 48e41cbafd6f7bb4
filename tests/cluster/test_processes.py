"""``apportion server start --processes``: several servers on one socket, as one program to whoever starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from benchmarks.cluster import Database, settings_of
from benchmarks.server import API_KEY, environment, furnish

from patience import patience, until

START = (sys.executable, "-m", "apportion.cli.main", "server", "start", "--port", "0")


def refused(home: Path, *options: str, **settings: str) -> str:
    """Return the output of a server that does not start."""
    done = subprocess.run(
        [*START, *options],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=patience(60),
    )
    assert done.returncode == 3, done.stderr
    return done.stderr


class Running:
    """Processes that were started together."""

    def __init__(self, home: Path, database: Database, processes: int) -> None:
        self.url = ""
        self._database = database
        self._process = subprocess.Popen(
            [*START, "--processes", str(processes)],
            env=environment(home, **settings_of(database)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.url = next(word.rstrip(",") for word in line.split() if word.startswith("http://"))

    def children(self) -> set[int]:
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return set(map(int, found.split()))

    def servers(self) -> list[dict[str, Any]]:
        key = {"X-Argilla-Api-Key": API_KEY}
        reply = httpx.get(f"{self.url}/api/server", headers=key, timeout=patience(30))
        found: list[dict[str, Any]] = reply.raise_for_status().json()["servers"]
        return found

    def many(self, number: int) -> bool:
        """Are there so many servers, as the database sees it?"""
        with psycopg.connect(self._database.url) as link:
            (alive,) = link.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 2 AND granted"
            ).fetchone() or (0,)
        return bool(alive == number)

    def kill(self) -> None:
        with self._process:  # closes its output, too
            self._process.kill()

    def stop(self) -> int:
        self._process.terminate()
        return self._process.wait(patience(30))


@pytest.fixture
def home(tmp_path: Path, postgres: Database) -> Path:
    with psycopg.connect(postgres.url, autocommit=True) as link:
        link.execute("DROP SCHEMA public CASCADE")
        link.execute("CREATE SCHEMA public")
    furnish(tmp_path, **settings_of(postgres))
    return tmp_path


@pytest.fixture
def running(home: Path, postgres: Database) -> Iterator[Running]:
    found = Running(home, postgres, 2)
    try:
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            found.kill()


@pytest.mark.timeout(300)
def test_a_process_that_ends_is_started_anew_and_all_end_together(running: Running) -> None:
    until(lambda: running.many(2), 60)
    listed = running.servers()
    assert [each["keeper"] for each in listed].count(True) == 1
    assert [each["answering"] for each in listed].count(True) == 1

    before = running.children()
    os.kill(min(before), signal.SIGKILL)

    until(lambda: len(running.children() - before) == 1 and running.many(2), 60)
    assert running.servers()
    assert running.stop() == 0
    until(lambda: running.many(0), 60)


@pytest.mark.timeout(300)
def test_processes_end_when_the_one_that_started_them_is_killed(running: Running) -> None:
    until(lambda: running.many(2), 60)
    running.kill()
    until(lambda: running.many(0), 60)


def test_a_file_has_one_process_and_a_database_needs_a_secret_and_connections(
    tmp_path: Path, home: Path, postgres: Database
) -> None:
    assert "can't share one file" in refused(tmp_path / "empty", "--processes", "2")
    known = settings_of(postgres)
    without = refused(home, APPORTION_DATABASE_URL=known["APPORTION_DATABASE_URL"])
    assert "APPORTION_SECRET_KEY" in without
    assert "openssl rand" in without
    few = refused(home, "--processes", "50", **known)
    assert "max_connections is 200" in few
    assert "50 more servers beside 0 running ones need 1200" in few
