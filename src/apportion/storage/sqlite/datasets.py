"""Datasets on SQLite: what nearly every request reads, and every answer changes, without SQLAlchemy."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.storage.sql.datasets import SqlDatasets, dataset_of
from apportion.storage.tables import datasets

from .connection import SqliteConnection

__all__ = ["DATASET_COLUMNS", "SqliteDatasets", "dataset_from"]

DATASET_COLUMNS = _NAMES = [column.name for column in datasets.columns]
_JSON = frozenset({"tags", "metadata", "settings", "policies", "rules"})
_FIND = f"SELECT {', '.join(_NAMES)} FROM datasets WHERE workspace = ? AND name = ? AND deleted_at IS NULL"

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
    ) -> None:
        super().__init__(connection.sql, created=created, purge=purge, give_back=give_back)
        self._raw = connection.raw

    def find(self, workspace: str, name: str) -> Dataset | None:
        row = self._raw.execute(_FIND, (workspace, name)).fetchone()
        return None if row is None else dataset_from(row)

    def by_number(self, no: int) -> Dataset | None:
        row = self._raw.execute(_NUMBERED, (no,)).fetchone()
        return None if row is None else dataset_from(row)

    def update(self, dataset: Dataset, **changes: Any) -> Dataset:
        if not changes or not changes.keys() <= _OFTEN_CHANGED:
            return super().update(dataset, **changes)
        columns = ", ".join(f"{name} = ?" for name in changes)
        values = [json.dumps(value) if name in _JSON else value for name, value in changes.items()]
        self._raw.execute(f"UPDATE datasets SET {columns} WHERE no = ?", (*values, dataset.no))
        return replace(dataset, **changes)


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
