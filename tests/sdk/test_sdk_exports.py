"""Names that `import apportion as rg` brings, and how little it costs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

import apportion as rg
from apportion.sdk.compat_1x import Search
from unmeasured import environment_unmeasured

HEAVY = {
    "IPython",
    "asyncio",
    "datasets",
    "fastapi",
    "httpx",
    "msgspec",
    "numpy",
    "pandas",
    "pydantic",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "uvicorn",
}
LIBRARIES = {
    "cleanlab",
    "datasets",
    "flair",
    "numpy",
    "pandas",
    "setfit",
    "sklearn",
    "snorkel",
    "spacy",
    "torch",
    "transformers",
}
"""Libraries that monitors, the trainer, rules and label models work with."""
SIGNATURES = {
    "init": "(api_url=None, api_key=None, workspace=None, timeout=60, extra_headers=None)",
    "active_client": "()",
    "get_workspace": "()",
    "set_workspace": "(workspace)",
    "log": "(records, name, workspace=None, tags=None, metadata=None, batch_size=500, verbose=True, "
    "background=False, chunk_size=None)",
    "log_async": "(records, name, workspace=None, tags=None, metadata=None, batch_size=500, verbose=True, "
    "chunk_size=None)",
    "load": "(name, workspace=None, query=None, vector=None, ids=None, limit=None, sort=None, id_from=None, "
    "batch_size=250, as_pandas=None, include_vectors=True, include_metrics=False, "
    "*, annotations='resolved')",
    "copy": "(dataset, name_of_copy, workspace=None)",
    "delete": "(name, workspace=None)",
    "delete_records": "(name, workspace=None, query=None, ids=None, discard_only=False, "
    "discard_when_forbidden=True)",
    "configure_dataset": "(name, settings, workspace=None)",
}


def run(code: str) -> Any:
    command, env = [sys.executable, "-c", code], environment_unmeasured()
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def modules_after(statement: str) -> set[str]:
    code = (
        f"import sys, json; {statement}; print(json.dumps([each.partition('.')[0] for each in sys.modules]))"
    )
    return set(run(code))


def test_names_are_sorted_and_each_is_there() -> None:
    assert rg.__all__ == sorted(rg.__all__)
    for name in rg.__all__:
        assert getattr(rg, name) is not None
    assert set(rg.__all__) <= set(dir(rg))


def test_every_public_thing_is_described() -> None:
    for name in rg.__all__:
        thing = getattr(rg, name)
        if name != "__version__":
            assert inspect.getdoc(thing), name


def test_importing_loads_nothing_heavy() -> None:
    assert modules_after("import apportion as rg").isdisjoint(HEAVY)


@pytest.mark.parametrize("part", ["monitoring", "listeners", "training", "labeling"])
def test_parts_of_1x_import_no_library_before_it_is_used(part: str) -> None:
    found = modules_after(f"import apportion.{part} as part; [getattr(part, name) for name in part.__all__]")

    assert "apportion" in found
    assert found.isdisjoint(LIBRARIES)


def test_a_model_is_recognised_without_importing_any_library() -> None:
    code = (
        "import warnings; warnings.simplefilter('ignore'); import apportion as rg; rg.monitor(object(), 'x')"
    )

    assert modules_after(code).isdisjoint(LIBRARIES)


def test_records_need_no_network_and_calls_need_no_server() -> None:
    assert "httpx" not in modules_after("import apportion as rg; rg.TextClassificationRecord")
    assert modules_after("import apportion as rg; rg.log").isdisjoint(HEAVY - {"asyncio", "httpx", "msgspec"})


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_those_of_1x(name: str) -> None:
    found = inspect.signature(getattr(rg, name))
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in found.parameters.values()]

    shown = str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    assert shown == SIGNATURES[name]


def test_sync_and_async_clients_have_the_same_methods_with_the_same_parameters() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(each).parameters)
            for name, each in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    one, other = methods(rg.Client), methods(rg.AsyncClient)
    one["search"] = list(inspect.signature(Search.__call__).parameters)
    assert set(one) - set(other) == {"log_async"}
    assert set(other) <= set(one)
    assert [each for each in other if other[each] != one[each]] == ["log"]
    assert set(one["log"]) - set(other["log"]) == {"background", "chunk_size"}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("app", "apportion server start"),
    ],
)
def test_what_is_not_here_says_what_is(name: str, instead: str) -> None:
    with pytest.raises(AttributeError, match=instead):
        getattr(rg, name)


def test_other_names_are_plainly_unknown() -> None:
    with pytest.raises(AttributeError, match="module 'apportion' has no attribute 'nonsense'"):
        _ = rg.nonsense
    assert not hasattr(rg, "nonsense")


# The hub, with a stand-in for the `datasets` library


class Library:
    """As much of `datasets` as is used."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.asked: Any = None

    def load_dataset(self, *args: Any, **kwargs: Any) -> Any:
        self.asked = args, kwargs
        return self.found


def test_the_hub_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(ModuleNotFoundError, match="pip install datasets"):
        rg.from_hub("ana/reviews", "TextClassification")
    with pytest.raises(ModuleNotFoundError, match="pip install datasets"):
        rg.to_hub("reviews", "ana/reviews")


def test_one_split_is_taken_from_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library({"train": 1})
    monkeypatch.setitem(sys.modules, "datasets", library)

    with pytest.raises(ValueError, match="Name one split"):
        rg.from_hub("ana/reviews", "TextClassification", options={"revision": "main"})
    assert library.asked == (("ana/reviews",), {"split": "train", "revision": "main"})


def test_a_dataset_on_the_server_goes_to_the_hub_by_name(
    active: rg.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = []

    class Pushed:
        def push_to_hub(self, *args: Any, **kwargs: Any) -> None:
            pushed.append((args, kwargs))

    monkeypatch.setitem(sys.modules, "datasets", Library(None))
    monkeypatch.setattr(rg.DatasetForTextClassification, "to_datasets", lambda self: Pushed())
    active.log(rg.TextClassificationRecord(text="a"), "reviews", verbose=False)

    rg.to_hub("reviews", "ana/reviews", private=True)
    assert pushed == [(("ana/reviews",), {"private": True})]
