"""Each public name keeps its signature, and is described: shapes, units and errors."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import python_client

import apportion as rg
from apportion.sdk import operations

RENEW = "if this is meant: python tools/python_client.py, and a line in CHANGELOG.md"
MINE = [
    (module, name)
    for module in operations.__all__
    for name, value in vars(getattr(operations, module)).items()
    if python_client.offered(getattr(operations, module), name, value)
]


def test_public_signatures_are_those_of_the_stored_list() -> None:
    stored = python_client.SIGNATURES.read_text(encoding="utf-8").splitlines()

    assert list(python_client.lines()) == stored, RENEW


def test_the_reference_page_is_up_to_date() -> None:
    page = python_client.PAGE.read_text(encoding="utf-8")

    assert python_client.renewed(page) == page, RENEW


def test_every_public_member_is_described() -> None:
    kinds = {name: kind for name, kind in python_client.classes().items() if not hasattr(kind, "__members__")}
    assert [
        f"{name}.{member.name}"
        for name, kind in kinds.items()
        for member in python_client.members(kind)
        if not python_client.described(kind, member)
    ] == []


def test_every_function_and_operation_says_what_it_raises() -> None:
    silent = [name for module, name in MINE if "aises" not in _doc(getattr(operations, module), name)]
    silent += [name for name in python_client.functions() if "aises" not in _doc(rg, name)]

    assert silent == []


def _doc(home: object, name: str) -> str:
    return inspect.getdoc(getattr(home, name)) or ""


def test_methods_and_functions_have_the_parameters_and_docstrings_of_their_operation() -> None:
    for module, name in MINE:
        operation = getattr(getattr(operations, module), name)
        _, *parameters = inspect.signature(operation).parameters.values()
        made = [getattr(rg.AsyncClient, name)]
        made += [getattr(rg.Client, name)] if name not in ("log", "search") else []
        for method in made:
            assert list(inspect.signature(method).parameters.values())[1:] == parameters, name
            assert inspect.getdoc(method) == inspect.getdoc(operation)
            assert inspect.getsource(method) == inspect.getsource(operation)
        if name in rg.__all__ and name not in ("log", "load"):
            assert list(inspect.signature(getattr(rg, name)).parameters.values()) == parameters, name
        if name in rg.__all__:
            assert inspect.getdoc(getattr(rg, name)) == inspect.getdoc(operation)
