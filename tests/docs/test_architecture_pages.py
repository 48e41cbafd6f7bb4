"""The pages about the code name modules, classes and functions that there are."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "apportion"
PAGES = [ROOT / "docs" / "architecture.md", ROOT / "docs" / "code-names.md", ROOT / "CONTRIBUTING.md"]
MODULE = re.compile(r"[\w/]+\.py\b")
PARTICIPANT = re.compile(r"participant \w+ as (\w+(?:/\w+)+)")
MEMBER = re.compile(r"`(?:[A-Z]\w+\.)?(\w+)\(?\)?` (?:in|of) `([\w/]+\.py)`")


@lru_cache
def definitions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def all_definitions() -> frozenset[str]:
    return frozenset().union(*(definitions(file) for file in SOURCE.rglob("*.py")))


def missing_modules(text: str) -> list[str]:
    """Names of modules that are neither at that path nor, where the page gives a bare name, anywhere in the source."""
    bare = {file.name for file in SOURCE.rglob("*.py")}
    known = {
        module for module in MODULE.findall(text) if (SOURCE / module).exists() or (ROOT / module).exists()
    }
    wanted = {module for module in MODULE.findall(text) if "/" in module or module not in bare}
    folders = {path for path in PARTICIPANT.findall(text) if not (SOURCE / path).exists()}
    return sorted({*(wanted - known), *(path for path in folders if not (SOURCE / f"{path}.py").exists())})


def names_in_first_column(text: str) -> list[str]:
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_page_names_exists(page: Path) -> None:
    assert missing_modules(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_finds_in_a_module_is_there(page: Path) -> None:
    found = MEMBER.findall(page.read_text(encoding="utf-8"))
    assert [name for name, module in found if name not in definitions(SOURCE / module)] == []


def test_every_code_name_is_a_class_or_function() -> None:
    names = names_in_first_column((ROOT / "docs" / "code-names.md").read_text(encoding="utf-8"))

    assert len(names) > 50
    aliases = {"tx"}  # what a transaction is called wherever one is at hand
    assert sorted(set(names) - all_definitions() - aliases) == []


def test_a_module_or_a_member_that_is_gone_is_found() -> None:
    assert missing_modules("see `domain/gone.py` and `domain/records.py`, `gone.py`, `records.py`") == [
        "domain/gone.py",
        "gone.py",
    ]
    assert missing_modules("  participant X as services/gone/module") == ["services/gone/module"]
