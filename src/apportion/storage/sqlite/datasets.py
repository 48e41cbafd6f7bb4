"""Datasets on SQLite: what nearly every request reads, and every answer changes, without SQLAlchemy."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.storage.sql.assignments.plan_store import PlanListing
from apportion.storage.sql.datasets import SqlDatasets, dataset_of
from apportion.storage.tables import datasets

from .connection import SqliteConnection

__all__ = ["DATASET_COLUMNS", "SqliteDatasets", "dataset_from"]

DATASET_COLUMNS = _NAMES = [column.name for column in datasets.columns]
_JSON = frozenset({"tags", "metadata", "settings", "policies", "rules"})
# Nearly every request that finds a dataset asks for its plans next
_PLANS = "(SELECT group_concat(no || ' ' || changed_at || ' ' || state) FROM plans p WHERE p.dataset = d.no)"
_FIND = (
    f"SELECT {_PLANS}, {', '.join(_NAMES)} FROM datasets d "
    "WHERE workspace = ? AND name = ? AND deleted_at IS NULL"
)

_OFTEN_CHANGED = frozenset({"tags", "metadata", "last_updated"})

_NUMBERED = f"SELECT {', '.join(_NAMES)} FROM datasets WHERE no = ? AND deleted_at IS NULL"


class SqliteDatasets(SqlDatasets):
    """``ports.datasets.Datasets`` over one connection."""

    def __init__(
        self,
        connection: SqliteConnection,
        *,
        created: Callable[[int], None],
        purge: Callable[[int, int], bool],
        give_back: Callable[[], bool],
        plans: dict[int, list[PlanListing]],
    ) -> None:
        """``plans`` gets the plans of the datasets that are found."""
        super().__init__(connection.sql, created=created, purge=purge, give_back=give_back)
        self._raw = connection.raw
        self._plans = plans

    def find(self, workspace: str, name: str) -> Dataset | None:
        row = self._raw.execute(_FIND, (workspace, name)).fetchone()
        if row is None:
            return None
        found = _cached(row[1:])
        self._plans[found.no] = _listings(row[0])
        return found

    def by_number(self, no: int) -> Dataset | None:
        row = self._raw.execute(_NUMBERED, (no,)).fetchone()
        return None if row is None else _cached(row)

    def update(self, dataset: Dataset, **changes: Any) -> Dataset:
        if not changes or not changes.keys() <= _OFTEN_CHANGED:
            return super().update(dataset, **changes)
        columns = ", ".join(f"{name} = ?" for name in changes)
        values = [json.dumps(value) if name in _JSON else value for name, value in changes.items()]
        self._raw.execute(f"UPDATE datasets SET {columns} WHERE no = ?", (*values, dataset.no))
        return replace(dataset, **changes)


@lru_cache(200)
def _cached(row: tuple[Any, ...]) -> Dataset:
    """Build the dataset of a row; most requests find the one that others have just found."""
    return dataset_from(row)


def _listings(packed: str | None) -> list[PlanListing]:
    if packed is None:
        return []
    parts = (each.split(" ") for each in packed.split(","))
    return sorted((int(no), int(changed_at), state) for no, changed_at, state in parts)


def dataset_from(row: Sequence[Any]) -> Dataset:
    """Build a dataset from a row of ``DATASET_COLUMNS``."""
    found = dict(zip(_NAMES, row, strict=True))
    for member in _JSON:
        text = found[member]
        found[member] = None if text is None else msgspec.json.decode(text)
    # The raw connection returns SQLite's integers, which SQLAlchemy would have converted
    found["closed"] = bool(found["closed"])
    if found["multi_label"] is not None:
        found["multi_label"] = bool(found["multi_label"])
    return dataset_of(found)
