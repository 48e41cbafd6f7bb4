"""The PostgreSQL of a test run: one cluster for each process of pytest, one database for each name."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from scratch import memory

if TYPE_CHECKING:
    from apportion.storage.postgres.store import PostgresStore

__all__ = ["database_url", "own_database", "remove_clusters", "template_with"]

SCRIPT = Path(__file__).parents[1] / "tools" / "postgres.sh"
_NOT_TO_BE_HAD = 3
_SETTINGS = ("autovacuum=off", "full_page_writes=off")
"""Settings of databases that live for seconds: nothing is tidied up, and nothing is to survive the machine."""
_CREATE = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
"""Half of the time that copying through the log of the database takes, for ones as small as these."""
_STARTED: list[Path] = []


def remove_clusters() -> None:
    """End what this process started. At its exit would be too late: workers of pytest-xdist do not get there."""
    while _STARTED:
        subprocess.run(["sh", str(SCRIPT), "remove", str(_STARTED.pop())], check=False)


@cache
def _cluster() -> str:
    """Start the cluster; return the URL of its first database. Skips the test where no PostgreSQL can be had."""
    parent = memory() or Path(tempfile.gettempdir())
    folder = parent / f"apportion-postgres-{os.getpid()}"
    started = subprocess.run(
        ["sh", str(SCRIPT), "start", str(folder), *_SETTINGS], capture_output=True, text=True
    )
    if started.returncode == _NOT_TO_BE_HAD:
        pytest.skip(started.stderr.strip())
    assert started.returncode == 0, started.stderr
    _STARTED.append(folder)
    return started.stdout.strip()


def database_url(name: str) -> str:
    """Return the URL of the database of a name, made with empty tables if there is none yet."""
    return _made("t" + hashlib.sha256(name.encode()).hexdigest()[:16], _template())


def _made(database: str, template: str) -> str:
    base = _cluster()
    with psycopg.connect(base, autocommit=True) as connection:
        there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if there is None:
            create = sql.SQL(_CREATE)
            connection.execute(create.format(sql.Identifier(database), sql.Identifier(template)))
    return f"{base.rpartition('/')[0]}/{database}"


@cache
def _template() -> str:
    """Return the name of a database with empty tables, from which others are copied: sooner than made anew."""
    from apportion.storage.postgres.store import PostgresStore

    url = _made("template_of_the_tests", "template0")
    PostgresStore(url).close()
    return url.rpartition("/")[2]


def template_with(name: str, fill: Callable[[PostgresStore], object]) -> str:
    """Return the name of a database from which others are copied, with what ``fill`` puts into it the first time."""
    from apportion.storage.postgres.store import PostgresStore

    url = _made(f"template_with_{name}", _template())
    store = PostgresStore(url)
    fill(store)
    store.close()
    return url.rpartition("/")[2]


@contextmanager
def own_database(*, bare: bool = False, template: str | None = None) -> Iterator[str]:
    """Yield the URL of a database of its own, dropped afterwards.

    It is a copy of the template, else has empty tables; ``bare`` without tables.
    """
    base = _cluster()
    template = template or ("template0" if bare else _template())
    database = f"own{uuid.uuid4().hex}"
    name = sql.Identifier(database)
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(sql.SQL(_CREATE).format(name, sql.Identifier(template)))
    try:
        yield f"{base.rpartition('/')[0]}/{database}"
    finally:
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
