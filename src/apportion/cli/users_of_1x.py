"""Reading of users as 1.x stored them: in a YAML file before 1.5, in an SQLite database from then on."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import RefusedError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["read_users"]

_SQLITE = b"SQLite format 3\0"
_TABLES = {"users", "workspaces", "workspaces_users"}


def read_users(file: Path) -> tuple[Any, list[str]]:
    """Return the users of a file of 1.x, in the form of the YAML file, and the other workspaces in it."""
    try:
        with file.open("rb") as opened:
            is_database = opened.read(len(_SQLITE)) == _SQLITE
        return _database(file) if is_database else (_yaml(file), [])
    except (OSError, UnicodeDecodeError) as missing:
        raise RefusedError(f"{file} can't be read: {missing}.") from missing


def _yaml(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except yaml.YAMLError as broken:
        raise RefusedError(f"{file} is not YAML: {broken}") from broken


def _database(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    import sqlite3

    how = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)) as raw:
            raw.row_factory = sqlite3.Row
            there = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not there >= _TABLES or "key_hash" in _columns(raw, "users"):
                raise RefusedError(
                    f"{file} is no database of 1.x: it has not the tables {', '.join(sorted(_TABLES))}."
                )
            spaces = [
                name for (name,) in raw.execute("SELECT name FROM workspaces ORDER BY inserted_at, name")
            ]
            return _rows(raw), spaces
    except sqlite3.DatabaseError as damaged:
        raise RefusedError(f"{file} is no database of 1.x, or is damaged: {damaged}.") from damaged


def _columns(raw: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in raw.execute(f"PRAGMA table_info({table})")}


def _rows(raw: sqlite3.Connection) -> list[dict[str, Any]]:
    found = []
    for user in raw.execute("SELECT * FROM users ORDER BY inserted_at, username").fetchall():
        workspaces = raw.execute(
            "SELECT w.name FROM workspaces w JOIN workspaces_users m ON m.workspace_id = w.id "
            "WHERE m.user_id = ? ORDER BY m.inserted_at, w.name",
            (user["id"],),
        )
        found.append(
            {
                "username": user["username"],
                "first_name": user["first_name"],
                "last_name": user["last_name"],
                "role": user["role"],
                "api_key": user["api_key"],
                "hashed_password": user["password_hash"],
                "workspaces": [name for (name,) in workspaces],
            }
        )
    return found
