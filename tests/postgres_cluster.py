"""The PostgreSQL of a test run: one cluster for each process of pytest, one database for each name."""

from __future__ import annotations

import atexit
import hashlib
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

__all__ = ["database_url"]

SCRIPT = Path(__file__).parents[1] / "tools" / "postgres.sh"
_NOT_TO_BE_HAD = 3
_MEMORY = Path("/dev/shm")


@cache
def _cluster() -> str:
    """Start the cluster; return the URL of its first database. Skips the test where no PostgreSQL can be had."""
    parent = _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())
    folder = parent / f"apportion-postgres-{os.getpid()}"
    started = subprocess.run(["sh", str(SCRIPT), "start", str(folder)], capture_output=True, text=True)
    if started.returncode == _NOT_TO_BE_HAD:
        pytest.skip(started.stderr.strip())
    assert started.returncode == 0, started.stderr
    atexit.register(subprocess.run, ["sh", str(SCRIPT), "remove", str(folder)], check=False)
    return started.stdout.strip()


def database_url(name: str) -> str:
    """Return the URL of the database of a name, made empty if there is none yet."""
    base = _cluster()
    database = "t" + hashlib.sha256(name.encode()).hexdigest()[:16]
    with psycopg.connect(base, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if there is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database))
            )
    return f"{base.rpartition('/')[0]}/{database}"
