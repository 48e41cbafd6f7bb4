"""Tests of the PostgreSQL that tests and quickstart run on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
NOT_TO_BE_HAD = 3


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ROOT / "tools/postgres.sh"), *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder() -> Iterator[str]:
    with TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)  # root's PostgreSQL is nobody's
        yield f"{temporary}/cluster"
        run("remove", f"{temporary}/cluster")


def started(folder: str, *settings: str) -> str:
    ran = run("start", folder, *settings)
    if ran.returncode == NOT_TO_BE_HAD:
        pytest.skip(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_cluster_keeps_its_rows_and_address_when_it_is_killed(folder: str) -> None:
    url = started(folder)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert run("stop", folder, "immediate").returncode == 0
    assert started(folder) == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_settings_are_those_that_were_asked_for(folder: str) -> None:
    with psycopg.connect(started(folder, "synchronous_commit=off", "max_connections=20")) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
        assert connection.execute("SHOW max_connections").fetchone() == ("20",)
        assert connection.execute("SELECT 'B' < 'a'").fetchone() == (True,)


def test_what_is_removed_is_gone(folder: str) -> None:
    url = started(folder)
    assert run("remove", folder).returncode == 0
    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
