"""``apportion db``, ``backup`` and ``verify``."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from command_line import ANA, Run


def test_a_backup_is_a_home_again(run: Run, home: Path, tmp_path: Path) -> None:
    run("users", "create", *ANA)
    copy = tmp_path / "restored" / "apportion.db"
    copy.parent.mkdir()

    assert run("backup", copy).exit_code == 0

    assert "ana" in run("users", "list", "--home", copy.parent).stdout
    assert run("verify", "--home", copy.parent).exit_code == 0


def test_only_its_owner_reads_a_backup(run: Run, tmp_path: Path) -> None:
    run("backup", tmp_path / "copy.db")

    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0


def test_a_backup_replaces_a_file_only_when_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")

    assert run("backup", tmp_path / "copy.db").exit_code == 1
    assert (tmp_path / "copy.db").read_text() == "precious"
    assert run("backup", "--force", tmp_path / "copy.db").exit_code == 0


def test_a_backup_never_goes_over_the_database_or_beside_another(
    run: Run, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy.db-wal").touch()

    assert run("backup", "--force", home / "apportion.db").exit_code == 1
    assert run("backup", tmp_path / "copy.db").exit_code == 1
    assert run("backup", tmp_path / "no" / "such" / "folder.db").exit_code == 1
    assert run("verify").exit_code == 0


def test_verify_says_what_is_wrong_and_fails(run: Run, home: Path) -> None:
    with closing(sqlite3.connect(home / "apportion.db")) as raw, raw:
        raw.execute("INSERT INTO numbers VALUES (7, 1.0, 1)")

    found = run("verify", "--json")

    assert found.exit_code == 1
    assert json.loads(found.stdout) == [
        {"check": "file", "dataset": None, "message": "1 numbers belong to nothing that exists."}
    ]
    assert "1 numbers belong to nothing" in run("verify").stdout


def test_migrate_says_that_there_is_nothing_to_do(run: Run) -> None:
    assert "is up to date" in run("db", "migrate").stdout


def test_a_file_of_a_newer_version_is_told_in_one_line(run: Run, home: Path) -> None:
    with closing(sqlite3.connect(home / "apportion.db")) as raw:
        raw.execute("PRAGMA user_version=99")

    for command in (("db", "migrate"), ("verify",), ("users", "list"), ("server", "start", "--port", "0")):
        result = run(*command)
        assert result.exit_code == 3, command
        assert result.stderr.count("\n") == 1
        assert "version" in result.stderr


def test_a_damaged_file_is_told_in_one_line(run: Run, home: Path) -> None:
    (home / "apportion.db").write_bytes(b"no database at all, but long enough to look" * 100)

    for command in (
        ("verify",),
        ("backup", home / "copy.db"),
        ("users", "list"),
        ("server", "start", "--port", "0"),
    ):
        result = run(*command)
        assert result.exit_code == 3, command
        assert "is damaged" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_setting_that_makes_no_sense_is_told_in_one_line(run: Run) -> None:
    result = run("server", "start", APPORTION_PORT="many")

    assert result.exit_code == 3
    assert "APPORTION_PORT must be a whole number" in result.stderr


def test_a_restored_backup_brings_no_session_back_and_says_what_it_does(
    run: Run, home: Path, tmp_path: Path
) -> None:
    run("users", "create", *ANA)
    with closing(sqlite3.connect(home / "apportion.db")) as raw, raw:
        raw.execute("INSERT INTO sessions SELECT 'x', id, 1, 1 << 60 FROM users")
    run("backup", tmp_path / "copy.db")

    restored = run("restore", tmp_path / "copy.db", "--home", tmp_path / "again")

    assert restored.exit_code == 0
    assert "sign in again" in restored.stdout
    assert "API keys" in restored.stdout
    with closing(sqlite3.connect(tmp_path / "again" / "apportion.db")) as raw:
        assert raw.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    assert run("verify", "--home", tmp_path / "again").exit_code == 0
