"""The engine's SQL is what every database understands; the rest is said by a dialect."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "src" / "apportion" / "storage" / "sql"
OF_ONE_DATABASE = re.compile(
    r"\b(json_each|json_extract|group_concat|string_agg|unnest|sqlite_\w+|pg_\w+|rowid|PRAGMA|GLOB|ILIKE|NOT INDEXED|"
    r"CROSS JOIN|IS \?|INSERT OR \w+|ON CONFLICT DO UPDATE|UNINDEXED|MATCH \?|TRIGGER)|\b(instr|quote|total)\("
)


def sentences(source: str) -> Iterator[str]:
    """The texts of a module that are not documentation, the parts of f-strings put together."""
    tree = ast.parse(source)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    shown = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and not {id(node)} & (parts | shown)
        ):
            yield node.value


def broken(source: str) -> list[str]:
    return [found.group() for text in sentences(source) for found in OF_ONE_DATABASE.finditer(text)]


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: str(path.relative_to(ENGINE)))
def test_no_statement_is_written_for_one_database(path: Path) -> None:
    assert broken(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'run("SELECT 1 FROM t WHERE a IN (SELECT value FROM json_each(?))")',
        "run(f\"SELECT {n} FROM t WHERE name GLOB 'x*'\")",
        'run(f"INSERT OR IGNORE INTO {t} VALUES (?)")',
        'run("SELECT 1 FROM a CROSS JOIN b ON a.x = b.x")',
        'run("INSERT INTO t VALUES (?) ON CONFLICT DO UPDATE SET n = 1")',
    ],
)
def test_one_that_is_would_be_found(source: str) -> None:
    assert broken(source)
