"""Tables of every earlier version are brought up to this one's with nothing lost, by one process while others wait."""

from __future__ import annotations

import gzip
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apportion.bootstrap import open_store, open_upkeep
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.storage import migrations
from apportion.storage.postgres import create
from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.upgrade import upgrade
from apportion.storage.tables import metadata
from apportion.storage.versions import LATEST
from patience import patience, until
from postgres_cluster import own_database

KEPT = Path(__file__).parents[1] / "storage" / "data"
STEPS = sorted(int(each.name[7:].split(".")[0]) for each in KEPT.glob("tables-*.sql.gz"))
_TERMS = {"terms", "answer_terms"}


@pytest.fixture
def bare() -> Iterator[str]:
    """The URL of a database without tables."""
    with own_database(bare=True) as url:
        yield url


def load(step: int, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(gzip.decompress((KEPT / f"tables-{step}.sql.gz").read_bytes()))


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return sorted(connection.execute(query.encode()).fetchall(), key=repr)


def columns_in(url: str) -> dict[str, list[str]]:
    """The columns of each table that people put something in."""
    found: dict[str, list[str]] = {}
    derived = {"vals", "facet", "numbers", "waiting", "slot_counts", "fields"}
    for table, column in asked(
        url, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        if table in metadata.tables and table not in derived and column not in _TERMS:
            found.setdefault(table, []).append(column)
    return found


def contents(url: str, columns: dict[str, list[str]]) -> dict[str, Any]:
    return {
        table: asked(url, f"SELECT {', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)} FROM {table}")
        for table, names in columns.items()
    }


OF_TEXTS = "{0} NOT LIKE 'texts%' AND {0} NOT LIKE 'words%'"


def form_of(url: str) -> dict[str, Any]:
    """The form of all tables but those of texts, which are the datasets' own."""
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public' AND " + OF_TEXTS.format("table_name"),
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND "
        + OF_TEXTS.format("tablename"),
        "constraints": "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND " + OF_TEXTS.format("conrelid::regclass::text"),
        "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "sequences": "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
    }
    return {what: asked(url, query) for what, query in queries.items()}


def test_a_database_was_kept_of_the_newest_step() -> None:
    assert STEPS[-1] == LATEST, "see tools/keep_tables.py"


@pytest.mark.parametrize("step", STEPS)
def test_an_upgrade_loses_nothing_and_makes_the_tables_of_this_version(step: int, bare: str) -> None:
    load(step, bare)
    columns = columns_in(bare)
    before = contents(bare, columns)
    assert len(before["records"]) > 50

    open_store(Settings(database_url=bare)).close()

    assert contents(bare, columns) == before
    assert list(open_upkeep(Settings(database_url=bare)).verify()) == []
    with own_database() as fresh:
        made, upgraded = form_of(fresh), form_of(bare)
    for what in made:
        assert upgraded[what] == made[what]


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{next:04}"
down_revision = "{last:04}"


def upgrade() -> None:
    op.add_column("records", sa.Column("colour", sa.Integer(), server_default="7", nullable=False))
    op.create_table("things", sa.Column("no", sa.Integer(), primary_key=True), sa.Column("what", sa.JSON()))
    op.execute("INSERT INTO things (what) VALUES ('{{\\"a\\" : 1}}')")
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations of a version to come, with one more."""
    folder = Path(shutil.copytree(Path(migrations.__file__).parent, tmp_path / "migrations"))
    (folder / "versions" / f"v{LATEST + 1:04}_next.py").write_text(NEXT.format(last=LATEST, next=LATEST + 1))
    return folder


def test_a_step_to_come_keeps_every_row_and_makes_wide_numbers_and_texts(bare: str, scripts: Path) -> None:
    load(LATEST, bare)
    columns = columns_in(bare)
    before = contents(bare, columns)
    with closing(PostgresConnection(bare, readonly=False)) as connection:
        upgrade(connection, scripts)
        assert create.version_of(connection.raw) == LATEST + 1
    assert contents(bare, columns) == before
    assert asked(bare, "SELECT DISTINCT colour FROM records") == [(7,)]
    assert asked(bare, "SELECT what FROM things") == [('{"a" : 1}',)]
    kinds = "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = 'public' AND data_type IN "
    assert asked(bare, f"{kinds} ('integer', 'json')") == []


def test_a_step_that_fails_leaves_everything_as_it_was(bare: str, scripts: Path) -> None:
    load(LATEST, bare)
    before = contents(bare, columns_in(bare)), form_of(bare)
    step = scripts / "versions" / f"v{LATEST + 1:04}_next.py"
    step.write_text(step.read_text() + "    raise RuntimeError('a step that fails')\n")
    with closing(PostgresConnection(bare, readonly=False)) as connection:
        with pytest.raises(RuntimeError):
            upgrade(connection, scripts)
        assert create.version_of(connection.raw) == LATEST
    assert (contents(bare, columns_in(bare)), form_of(bare)) == before


def test_one_process_makes_the_tables_while_others_wait(bare: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            open_store(Settings(database_url=bare)).close()
        except BaseException as failure:  # shown by the test
            failures.append(failure)

    others = [threading.Thread(target=start) for _ in range(3)]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with closing(PostgresConnection(bare, readonly=False)) as connection, create.upgrade_lock(connection):
        for each in others:
            each.start()
        until(lambda: asked(bare, waiting) == [(3,)], 20)
        assert create.version_of(connection.raw) == 0
    for each in others:
        each.join(patience(30))
    assert failures == []
    assert asked(bare, "SELECT version_num FROM alembic_version") == [(f"{LATEST:04}",)]


def test_a_server_that_may_not_migrate_waits_for_the_tables(
    bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=bare, secret_key="x" * 32)
    monkeypatch.setattr(create, "TABLES_SECONDS", 0.5)
    with pytest.raises(CannotOpenError, match=r"The database is empty\. Run `apportion db migrate`"):
        open_store(settings, serving=True, allow_upgrade=False)
    monkeypatch.setattr(create, "TABLES_SECONDS", 60)
    migrating = threading.Timer(0.5, lambda: open_store(settings).close())
    migrating.start()
    open_store(settings, serving=True, allow_upgrade=False).close()
    migrating.join()


def test_older_tables_are_refused_where_nobody_may_upgrade_them(bare: str) -> None:
    load(LATEST, bare)
    with psycopg.connect(bare) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0010'")
    with pytest.raises(
        CannotOpenError, match=f"needs an upgrade .tables 10 → {LATEST}.*apportion db migrate"
    ):
        open_store(Settings(database_url=bare), allow_upgrade=False)
    with pytest.raises(CannotOpenError, match=f"has tables 10, this version of Apportion knows {LATEST}"):
        open_upkeep(Settings(database_url=bare))
