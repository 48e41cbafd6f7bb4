"""The tutorial's notebook runs from the first to the last cell against a live server, and does what it says."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import apportion as rg
from apportion.sdk import session

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorials" / "assign-records.ipynb"
TEAM = ["ana", "ben", "cy"]

pytestmark = pytest.mark.timeout(300)


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; returns the value of its last line, if that is an expression."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        body.append(last)
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    return (
        eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        if isinstance(last, ast.Expr)
        else None
    )


@pytest.fixture(scope="module")
def cells() -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    code = [each for each in notebook["cells"] if each["cell_type"] == "code"]
    assert not any(each["outputs"] for each in code)
    return ["".join(each["source"]) for each in code]


@pytest.fixture
def ran(
    cells: list[str], live_server: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], list[Any]]:
    """Return the values of the notebook's names in the end, and what each cell showed."""
    monkeypatch.setenv("APPORTION_API_URL", live_server)
    monkeypatch.setattr(session, "_active", None)
    names: dict[str, Any] = {}
    return names, [run(cell, names) for cell in cells]


def test_the_tutorial_assigns_every_record_in_all_three_ways(
    ran: tuple[dict[str, Any], list[Any]],
) -> None:
    names, shown = ran
    records, parts = names["records"], names["parts"]

    assert names["annotators"] == TEAM
    assert sorted(record.id for part in parts.values() for record in part) == sorted(
        each.id for each in records
    )
    assert max(map(len, parts.values())) - min(map(len, parts.values())) <= 1
    counted = names["page"].facets["metadata"]["user"]
    assert counted == {name: len(part) for name, part in parts.items()}
    assert [(record.metadata["user"], record.annotation_agent) for record in names["done"]] == [
        ("ana", "ana")
    ] * 10
    for name, part in names["portions"].items():
        assert rg.search("python-docs-mine", workspace=name, limit=0).total == len(part)
    assert "ana/python-docs-mine" in names["seen"]
    assert not [each for each in names["seen"] if each.startswith(("ben/", "cy/", "admin/"))]
    assert (len(names["shared"]), rg.get_workspace()) == (50, "admin")
    assert 0 <= names["alike"] < 50
    assert "<table" in shown[1]._repr_html_()

    plan, answered = names["plan"], names["answered"]
    assert plan.made
    assert max(plan.loads.values()) - min(plan.loads.values()) <= 1
    assert plan.records == len(names["fresh"])
    assert names["work"][0].done == 5
    assert [set(record.annotations) for record in answered] == [{"ana", "ben"}] * 20
    assert {record.status for record in rg.load("python-docs-together", workspace="recognai", limit=5)}
    assert "has" in repr(shown[-1])
