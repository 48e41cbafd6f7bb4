"""Exchange with the Hugging Face hub, through the `datasets` library, which has to be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from apportion.vocabulary import Task

from .errors import InputValueError
from .loading import Dataset

__all__ = ["from_hub", "to_hub"]


def to_hub(dataset: Dataset | str, repo_id: str, *, workspace: str | None = None, **options: Any) -> Any:
    """Push a dataset to the hub: one you hold, or the name of one on the server, which is then loaded.

    ``options`` go to ``datasets.Dataset.push_to_hub``: ``private``, ``token``, ``split``, ``config_name`` and
    so on. Returns what that returns.

    >>> rg.to_hub("reviews", "ana/reviews", workspace="recognai", private=True)  # doctest: +SKIP

    Raises ``ModuleNotFoundError`` without the `datasets` library, else what it raises.
    """
    _library()
    if isinstance(dataset, str):
        from .session import active_client

        dataset = active_client().load(dataset, workspace)
    return dataset.to_datasets().push_to_hub(repo_id, **options)


def from_hub(
    repo_id: str,
    task: Task | str,
    *,
    split: str = "train",
    options: dict[str, Any] | None = None,
    **columns: Any,
) -> Dataset:
    """Load a dataset from the hub as records.

    ``columns`` say which column is what, as in ``DatasetForTokenClassification.from_datasets``; ``options`` go
    to ``datasets.load_dataset``: ``name``, ``revision``, ``token`` and so on.

    >>> dataset = rg.from_hub("my-team/sentences", "TokenClassification", tags="ner_tags")  # doctest: +SKIP

    Raises ``ModuleNotFoundError`` without the `datasets` library, else what it raises.
    """
    from .datasets import read_datasets

    found = _library().load_dataset(repo_id, split=split, **(options or {}))
    if not hasattr(found, "column_names") or isinstance(found, dict):
        raise InputValueError(f"split={split!r} of {repo_id!r} is more than one dataset. Name one split.")
    return cast("Dataset", read_datasets(found, task=task, **columns))


def _library() -> Any:
    try:
        return import_module("datasets")
    except ModuleNotFoundError as problem:
        raise ModuleNotFoundError(
            "The hub is reached with the `datasets` library. Install it: pip install datasets",
            name=problem.name,
        ) from problem
