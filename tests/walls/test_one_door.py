"""Use cases reach a dataset through one door, ask once how it keeps answers, and do long things one way."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "apportion"
DOOR = "services/datasets/access.py"
ABOVE_STORAGE = ("services", "server", "cli", "bootstrap.py")

UNCHECKED = {
    "cli/quickstart.py",  # whether the demo is there already
    # Who finds a dataset without a check of rights, and why that is right
    "server/routers/bulk.py",  # whether spans may overlap, before the body is read; logging checks
    "server/routers/export.py",  # what an import has to fit, after the right to import was checked
    "services/answers/reresolve.py",  # the server's own job
    "services/assignments/apply_change.py",  # a later step; the first has checked
    "services/assignments/apply_plan.py",  # a later step; the first has checked
    "services/assignments/recover.py",  # the server itself, at start
    "services/assignments/queue.py",  # the server itself, releasing leases that have expired
    "services/background/job_context.py",  # checks the rights of the job's owner itself
    "services/background/job_operations.py",  # the server's own job
    "services/background/jobs.py",  # checks the rights to the job itself
    "services/background/worker.py",  # the server itself, queueing models that policies ask for
    "services/datasets/trash.py",  # whether there is one to delete, after the right to it was checked
    "services/insight/inbox.py",  # checks the right to the comment itself
    "services/records/export.py",  # checks again that the actor may still export
    "services/records/import_gold.py",  # finishes what was checked when it was accepted
    "services/records/import_into.py",  # the same
    "services/records/log_in_parts.py",  # the same
    "services/assignments/standing_plans.py",  # a later step of logging, which has checked
}
MODE = {
    # Who may ask whether a dataset is individual: the choice itself, and what switches between the two
    "services/answers/answer_mode.py",
    "services/assignments/apply_plan.py",
    "services/assignments/compute_plan.py",
    "services/assignments/policies.py",
    "services/datasets/access.py",  # which view a person has, below the answers
    "services/records/copy.py",  # what of a record is copied
    "services/records/import_rows.py",  # whether a file with several answers fits
    "services/records/log_in_parts.py",  # whether a record may be refused as it is stored
    "services/insight/rule_figures.py",  # whether there are several answers to compare with
}


@functools.cache
def modules() -> list[tuple[str, ast.Module]]:
    places = [PACKAGE / name for name in ABOVE_STORAGE]
    files = [
        file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    ]
    return [(file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text("utf-8"))) for file in files]


def looks_up(tree: ast.AST) -> bool:
    """Return True if the code calls ``….datasets.find(…)`` or ``….datasets.by_number(…)``."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("find", "by_number")
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "datasets"
        for node in ast.walk(tree)
    )


def names(tree: ast.AST, *wanted: str) -> bool:
    return any(
        isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in wanted
        for node in ast.walk(tree)
    )


def test_only_the_door_looks_a_dataset_up() -> None:
    assert [name for name, tree in modules() if looks_up(tree)] == [DOOR]


@pytest.mark.parametrize(
    "code", ["tx.datasets.find(a, b)", "find = tx.datasets.find", "lambda tx: tx.datasets.by_number(1)"]
)
def test_a_lookup_past_the_door_is_seen(code: str) -> None:
    assert looks_up(ast.parse(code))


def test_whoever_finds_a_dataset_unchecked_is_known() -> None:
    found = {name for name, tree in modules() if names(tree, "find_unchecked", "dataset_by_number")}
    assert found - {DOOR} == UNCHECKED


def test_how_a_dataset_keeps_answers_is_asked_in_one_place() -> None:
    found = {name for name, tree in modules() if names(tree, "individual")}
    assert {name for name in found if not name.startswith("cli/")} == MODE


def operations() -> Iterator[tuple[str, ast.ClassDef]]:
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and "steps" in methods(node):
                yield name, node


def methods(node: ast.ClassDef) -> set[str]:
    return {each.name for each in node.body if isinstance(each, ast.FunctionDef)}


def test_whatever_has_steps_can_be_given_up_and_has_a_name() -> None:
    found = list(operations())
    assert len(found) > 10
    for name, node in found:
        inherits = any(not isinstance(base, ast.Name) or base.id != "Protocol" for base in node.bases)
        assert inherits or "give_up" in methods(node), f"{name}: {node.name}"


def test_steps_are_run_by_the_one_runner() -> None:
    """A plan that standing plans extend within the transaction of logging is no operation of its own; one that is
    begun under the key of a request is wrapped in another.
    """
    found = {name for name, tree in modules() if any(calls_steps(node) for node in ast.walk(tree))}
    assert found == {
        "services/operations.py",
        "services/assignments/standing_plans.py",
        "server/sent_again.py",
    }


def calls_steps(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.For)
        and isinstance(node.iter, ast.Call)
        and isinstance(node.iter.func, ast.Attribute)
        and node.iter.func.attr in ("steps", "give_up")
    )
