"""A class name means one thing within a layer, so that a reader who searches for it finds one class."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "apportion"
LAYERS = ("cli", "server", "services", "storage", "ports", "domain", "sdk", "wire")

PER_DATABASE = {"Database", "DatabaseError"}
"""Classes that each database has, in its own package."""


def _classes(folder: Path) -> dict[str, list[str]]:
    """Return the modules that define each class, a leading underscore set aside."""
    found = defaultdict(list)
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].append(path.relative_to(folder).as_posix())
    return found


def _ambiguous(folder: Path) -> dict[str, list[str]]:
    return {name: modules for name, modules in _classes(folder).items() if len(modules) > 1}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_class_name_is_defined_once_per_layer(layer: str) -> None:
    assert {
        name: found for name, found in _ambiguous(PACKAGE / layer).items() if name not in PER_DATABASE
    } == {}


def test_a_name_per_database_is_one_class_in_each_package() -> None:
    found = _ambiguous(PACKAGE / "storage")
    for name in PER_DATABASE:
        packages = [module.partition("/")[0] for module in found[name]]
        assert len(packages) == len(set(packages)), name


def test_a_private_class_of_the_same_name_counts(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("class Gold: ...")
    (tmp_path / "two.py").write_text("def f():\n    class _Gold: ...")
    assert _ambiguous(tmp_path) == {"Gold": ["one.py", "two.py"]}
