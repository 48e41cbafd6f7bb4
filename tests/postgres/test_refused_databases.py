"""A database on which a promise could not be kept is refused with what to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from apportion.bootstrap import open_store, open_upkeep
from apportion.cli.main import main
from apportion.domain.errors import StoreUnavailableError
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.storage.postgres.create import check_database
from apportion.storage.postgres.database import Database
from apportion.storage.postgres.store import PostgresStore

PASSWORD = "hush-hush"


def refusal_of(url: str, **options: Any) -> str:
    with pytest.raises(CannotOpenError) as refused:
        open_store(Settings(home=Path("/nowhere"), database_url=url), **options).close()
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@contextmanager
def database(url: str, name: str, how: str) -> Iterator[str]:
    """Another database of the same cluster."""
    run(url, f"CREATE DATABASE {name} TEMPLATE template0 {how}")
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        run(url, f"DROP DATABASE {name} WITH (FORCE)")


def with_password(url: str) -> str:
    return url.replace("apportion@", f"apportion:{PASSWORD}@")


def test_a_database_that_nothing_answers_for_is_refused(url: str) -> None:
    result = refusal_of(f"postgresql://apportion:{PASSWORD}@127.0.0.1:9/apportion")
    assert result.startswith("PostgreSQL at 127.0.0.1:9/apportion can't be reached")
    assert "APPORTION_DATABASE_URL" in result


def test_a_database_that_is_not_there_is_refused(url: str) -> None:
    result = refusal_of(with_password(url.rpartition("/")[0]) + "/nowhere")
    assert 'database "nowhere" does not exist' in result


def test_a_wrong_password_is_refused_without_showing_it(cluster: Any) -> None:
    cluster.ask_for_passwords("anna", "the right one")
    result = refusal_of(cluster.url.replace("apportion@", f"anna:{PASSWORD}@"))
    assert "password authentication failed" in result


def test_a_database_with_tables_of_somebody_else_is_refused(url: str) -> None:
    with database(url, "shop", "") as shop:
        run(shop, "CREATE TABLE customers (id int)")
        result = refusal_of(with_password(shop))
    assert "in use by something else" in result
    assert "createdb" in result


def test_another_encoding_is_refused(url: str) -> None:
    with database(url, "latin", "ENCODING 'LATIN1' LOCALE 'C'") as other:
        assert "the encoding LATIN1" in refusal_of(other)


def test_a_database_that_may_lose_what_it_acknowledged_is_refused(url: str) -> None:
    name = url.rpartition("/")[2]
    run(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert "synchronous_commit is off" in refusal_of(url)
    run(url, f"ALTER DATABASE {name} SET synchronous_commit = on")
    open_store(Settings(database_url=url)).close()


def test_tables_of_a_newer_version_are_refused(url: str) -> None:
    run(url, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version of Apportion (tables 9999" in refusal_of(url)
    with pytest.raises(CannotOpenError, match="tables 9999"):
        open_upkeep(Settings(database_url=url))


def test_tables_of_an_older_version_are_refused_by_whoever_may_not_upgrade(url: str) -> None:
    run(url, "UPDATE alembic_version SET version_num = '0001'")
    assert "apportion db migrate" in refusal_of(url, allow_upgrade=False)


def test_servers_and_maintenance_keep_each_other_out(url: str) -> None:
    with closing(PostgresStore(url, serving=True)), closing(PostgresStore(url, serving=True)):
        open_store(Settings(database_url=url)).close()  # commands work beside them
        with pytest.raises(CannotOpenError, match="A server is running"):
            Database(url, hold=True)
    with closing(Database(url, hold=True)):
        assert "being rebuilt" in refusal_of(with_password(url), serving=True)
    open_store(Settings(database_url=url), serving=True).close()


def test_a_closed_claim_is_gone_even_if_its_connection_ends_later(url: str) -> None:
    claiming = Database(url, hold=True)
    link = claiming._writer_connection.raw.link
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "close", lambda: None)
        claiming.close()
    with closing(link):
        Database(url, hold=True).close()


def test_a_user_who_may_not_create_tables_is_refused(url: str) -> None:
    with database(url, "closed", "") as closed:
        run(closed, "CREATE ROLE guest LOGIN")
        result = refusal_of(closed.replace("apportion@", f"guest:{PASSWORD}@"))
        run(closed, "DROP ROLE guest")
    assert "permission denied for schema public" in result
    assert "OWNER TO" in result


@pytest.mark.parametrize(
    ("version", "collation", "standby", "message"),
    [
        (140_011, "C", False, "PostgreSQL 14; 15 or later is needed"),
        (160_000, "C", True, "read-only standby"),
        (160_000, "ICU", False, "the collation ICU; UTF8 and C are needed"),
        (160_000, "en_US.UTF-8", False, "the collation en_US.UTF-8"),
    ],
)
def test_an_old_postgresql_a_standby_and_another_order_of_texts_are_refused(
    version: int, collation: str, standby: bool, message: str
) -> None:
    row = ("UTF8", collation, standby, "on", False, 0)
    raw: Any = SimpleNamespace(
        link=SimpleNamespace(info=SimpleNamespace(server_version=version)),
        execute=lambda *_: SimpleNamespace(fetchone=lambda: row),
    )
    with pytest.raises(CannotOpenError, match=message):
        check_database(raw)


def test_a_database_with_an_order_of_texts_of_its_own_is_refused(url: str) -> None:
    try:
        with database(url, "german", "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'") as german:
            result = refusal_of(german)
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this PostgreSQL was built without ICU")
    assert "the collation ICU; UTF8 and C are needed" in result
    assert "createdb" in result


def test_a_read_only_database_is_refused(url: str) -> None:
    name = url.rpartition("/")[2]
    run(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    result = refusal_of(url)
    assert "The database is read-only" in result
    assert "ALTER DATABASE" in result


def test_a_postgresql_without_a_connection_left_is_named(url: str) -> None:
    with database(url, "narrow", "") as narrow:
        run(narrow, "CREATE ROLE two LOGIN CONNECTION LIMIT 2")
        run(narrow, "GRANT ALL ON DATABASE narrow TO two; GRANT ALL ON SCHEMA public TO two")
        as_two = narrow.replace("apportion@", f"two:{PASSWORD}@")
        with closing(PostgresStore(as_two)) as store, psycopg.connect(as_two):
            assert "Raise max_connections" in refusal_of(as_two)
            with (
                pytest.raises(StoreUnavailableError, match="no connection left: raise its max_connections"),
                store.read(),
            ):
                pass
        run(narrow, "REASSIGN OWNED BY two TO apportion; DROP OWNED BY two; DROP ROLE two")


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from apportion.cli.main import main\n"
        "main(['users', 'list'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "APPORTION_DATABASE_URL": "postgresql://apportion@127.0.0.1:9/apportion",
            "PYTHONPATH": ":".join(sys.path),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "pip install 'apportion[server,postgres]'" in done.stderr
    assert "Traceback" not in done.stderr


def command(url: str, *words: str) -> Any:
    found = CliRunner().invoke(main, words, env={"APPORTION_DATABASE_URL": with_password(url)})
    assert PASSWORD not in found.output
    return found


def test_commands_work_on_a_database_and_name_it_without_its_password(url: str) -> None:
    with database(url, "fresh", "") as fresh:
        assert "fresh is up to date." in command(fresh, "db", "migrate").output
        made = command(
            fresh,
            "users",
            "create",
            "--username",
            "ana",
            "--first-name",
            "Ana",
            "--role",
            "admin",
            "--password",
            "long-enough-1",
        )
        assert made.exit_code == 0, made.output
        assert "ana" in command(fresh, "users", "list").output
    assert command(url, "verify").output == f"PostgreSQL {url.partition('@')[2]}: everything agrees.\n"
    assert "is rebuilt, and everything agrees" in command(url, "reindex").output
    assert "everything agrees" in command(url, "verify").output


def test_nothing_is_reindexed_under_a_running_server(url: str) -> None:
    with closing(PostgresStore(url, serving=True)):
        refused = command(url, "reindex")
    assert refused.exit_code != 0
    assert "A server is running" in refused.output
