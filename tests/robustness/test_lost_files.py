"""Files that go missing, are emptied or are open to others: noticed, and said with what to do."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from apportion.cli.main import main
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from servers import Running, furnish, local_server, running_on


@pytest.mark.parametrize("name", ["apportion.db-wal", "apportion.db"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_deleted_or_replaced_under_the_server_is_noticed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, replaced: bool
) -> None:
    with local_server(tmp_path) as local:
        furnish(local.client())
        client, path = local.client(), local.path.with_name(name)
        assert local.store.check_files() is None
        assert client.get("/api/health/ready").status_code == 200
        path.rename(tmp_path / "elsewhere")
        if replaced:
            path.touch()
        with caplog.at_level(logging.CRITICAL):
            for _ in range(3):
                local.store.check_files()
        (alarm,) = (
            each for each in caplog.records if each.levelno == logging.CRITICAL
        )  # once, not each time
        assert f"{name} was {'replaced' if replaced else 'deleted'}" in alarm.getMessage()
        ready = client.get("/api/health/ready")
        assert ready.status_code == 503
        assert "has lost a file" in ready.json()["checks"]["store"]


def test_what_was_in_a_deleted_log_is_brought_into_the_file_once_that_is_noticed(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        furnish(local.client())
        local.store.check_files()
        local.path.with_name("apportion.db-wal").unlink()
        local.store.check_files()
        (tmp_path / "copy").mkdir()
        copy = tmp_path / "copy" / "apportion.db"
        shutil.copy(local.path, copy)  # all that is left after the process is killed
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM records").fetchone()[0] > 0
    assert SqliteUpkeep(copy).verify() == []


def test_an_emptied_database_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "apportion.db"
    path.touch(mode=0o600)
    (tmp_path / "secret").write_text("x" * 40)
    result = CliRunner().invoke(main, ["server", "start", "--port", "0", "--home", str(tmp_path)])
    assert result.exit_code == 3
    assert "apportion restore BACKUP --force" in result.stderr
    assert path.stat().st_size == 0
    path.unlink()
    with running_on(tmp_path) as server:
        assert server.client().get("/api/health/live").status_code == 200


def output_of(server: Running) -> str:
    """Return all that a server says up to its end: what it logs comes a little later than what it prints."""
    server.process.terminate()
    assert server.process.stdout is not None
    return "".join([*server.output, server.process.stdout.read()])


def test_files_that_others_may_read_are_warned_about_at_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with local_server(home) as local:
        furnish(local.client())
    (home / "secret").write_text("x" * 40)
    for path, mode in ((home, 0o777), (home / "apportion.db", 0o666), (home / "secret", 0o644)):
        path.chmod(mode)
    with running_on(home) as server:
        output = output_of(server)
    assert [mode in output for mode in ("mode 0777", "mode 0666", "mode 0644")] == [True] * 3
    for path, mode in ((home, 0o700), (home / "apportion.db", 0o600), (home / "secret", 0o600)):
        path.chmod(mode)
    with running_on(home) as server:
        assert "has mode" not in output_of(server)
