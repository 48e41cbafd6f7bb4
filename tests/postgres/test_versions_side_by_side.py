"""Servers of two versions and an upgrade between them: both serve, or the upgrade is refused with their list."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from apportion.bootstrap import open_store
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.storage import migrations
from apportion.storage.postgres import create, store
from apportion.storage.postgres.connection import PostgresConnection
from apportion.storage.postgres.session import ServerSession
from apportion.storage.postgres.upgrade import refuse_beside_servers, upgrade
from apportion.storage.versions import LATEST
from apportion.version import __version__
from stored_dataset import StoredDataset, text
from upkeep import problems_in

STEP = """
import sqlalchemy as sa
from alembic import op

revision = "{next:04}"
down_revision = "{last:04}"
older_servers_work = {harmless}


def upgrade() -> None:
    op.add_column("records", sa.Column("colour", sa.Integer(), nullable=True))
"""


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(database_url=url, secret_key="x" * 32)


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(url, readonly=False)) as opened:
        yield opened


def scripts(folder: Path, *, harmless: bool) -> Path:
    """The migrations of the next version."""
    made = Path(shutil.copytree(Path(migrations.__file__).parent, folder / str(harmless)))
    step = STEP.format(last=LATEST, next=LATEST + 1, harmless=harmless)
    (made / "versions" / f"v{LATEST + 1:04}_next.py").write_text(step)
    return made


def test_a_step_that_older_servers_cannot_work_with_is_refused_with_their_list(
    settings: Settings, connection: PostgresConnection, tmp_path: Path
) -> None:
    breaking = scripts(tmp_path, harmless=False)
    with closing(open_store(settings, serving=True)), closing(open_store(settings, serving=True)):
        with pytest.raises(CannotOpenError) as refused:
            refuse_beside_servers(connection, LATEST, breaking)
        message = str(refused.value)
        assert f"upgrade from {LATEST} that servers which are running can't work with" in message
        assert message.count(f", version {__version__}") == 2
    refuse_beside_servers(connection, LATEST, breaking)  # nobody is left


def test_a_server_that_stops_counts_as_running_no_longer_than_it_runs(
    connection: PostgresConnection, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ServerSession(url)
    lingering: list[psycopg.Connection[Any]] = []
    with monkeypatch.context() as patch:
        # The database's process lives on for a moment after its connection was closed
        patch.setattr(psycopg.Connection, "close", lambda link: lingering.append(link))
        session.close()
    refuse_beside_servers(connection, LATEST, scripts(tmp_path, harmless=False))
    for link in lingering:
        link.close()


def test_beside_a_step_that_adds_what_they_need_not_know_older_servers_go_on(
    settings: Settings, connection: PostgresConnection, tmp_path: Path
) -> None:
    harmless = scripts(tmp_path, harmless=True)
    with closing(open_store(settings, serving=True)) as older:
        stored = StoredDataset(older)
        stored.log(text("before"))
        refuse_beside_servers(connection, LATEST, harmless)
        upgrade(connection, harmless)
        stored.log(text("after"))
        with older.read() as tx:
            found = tx.datasets.by_number(stored.dataset.no)
            assert found is not None
            assert found.records == 2
    with pytest.raises(CannotOpenError, match=f"newer version of Apportion .tables {LATEST + 1}"):
        open_store(settings, serving=True)
    connection.raw.execute("UPDATE alembic_version SET version_num = ?", (f"{LATEST:04}",))
    with closing(open_store(settings)) as again:
        assert problems_in(again) == []


def test_a_server_that_started_while_others_upgraded_is_refused_and_gone(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*_: Any, **__: Any) -> None:
        with psycopg.connect(url) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")

    monkeypatch.setattr(store, "migrate", meanwhile)
    with pytest.raises(CannotOpenError, match="tables 9999"):
        open_store(settings, serving=True)
    with closing(PostgresConnection(url, readonly=False)) as connection:
        refuse_beside_servers(connection, 1)  # no server is there


def test_the_one_server_of_the_first_tables_is_not_upgraded_under(
    settings: Settings, connection: PostgresConnection, url: str
) -> None:
    connection.raw.execute("DROP TABLE servers")
    with psycopg.connect(url) as older:
        older.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (0x4150504F, 2))
        with pytest.raises(CannotOpenError, match="Stop these, then try again: the one server"):
            refuse_beside_servers(connection, 11)
    assert create.version_of(connection.raw) == LATEST
