"""A PostgreSQL that a test may stop and start, and a server on it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from postgres_cluster import own_database
from scratch import memory

SCRIPT = Path(__file__).parents[2] / "tools" / "postgres.sh"


class Cluster:
    """A cluster of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", SCRIPT, words[0], self.folder, *words[1:]], capture_output=True, text=True
        )

    def start(self) -> None:
        done = self._run("start")
        if done.returncode == 3:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        self.url = done.stdout.strip()

    def kill(self) -> None:
        """End it as if the power had failed."""
        assert self._run("stop", "immediate").returncode == 0

    def remove(self) -> None:
        self._run("remove")

    def ask_for_passwords(self, user: str, password: str) -> None:
        """Let one user in by password alone."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'")
            rules = self.folder / "data" / "pg_hba.conf"
            rules.write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
            connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(dir=memory()) as parent:
        Path(parent).chmod(0o755)
        made = Cluster(Path(parent) / "cluster")
        try:
            made.start()
            yield made
        finally:
            made.remove()


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of a database with empty tables."""
    with own_database() as url:
        yield url
