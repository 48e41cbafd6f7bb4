"""Datasets in SQL, the same on every database."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import msgspec
from sqlalchemy import bindparam, case, insert, select, update

from apportion.domain.datasets import Dataset, Guidelines, LabelOption, LabelSettings
from apportion.domain.ids import DatasetNo
from apportion.domain.rules import LabelingRule
from apportion.ports.datasets import DeletedDataset
from apportion.storage.checksums import with_checksum
from apportion.storage.tables import datasets, events, guidelines
from apportion.vocabulary import Task

from .connection import AskedRow, SqlConnection, owner_of
from .dialect import Dialect

__all__ = ["DATASET_COLUMNS", "PlanListing", "SqlDatasets", "dataset_from"]

PlanListing = tuple[int, int, str]
"""Number of a plan, when it was changed, and its phase: enough to find it in the cache."""

TO_BE_PURGED = 0
"""``deleted_at`` of datasets pending purge: deleted for good, or never finished."""

# What nearly every request reads, and every answer changes, goes without SQLAlchemy
DATASET_COLUMNS = _NAMES = [column.name for column in datasets.columns if column.name != "owner"]
_JSON = frozenset({"tags", "metadata", "settings", "policies", "rules"})
_NUMBERED = f"SELECT {', '.join(_NAMES)} FROM datasets WHERE no = ? AND deleted_at IS NULL"
_OFTEN_CHANGED = frozenset({"tags", "metadata", "last_updated"})

_UPDATE = update(datasets).where(
    # Not ``no``: SQLAlchemy keeps the names of columns for the values that are set
    datasets.c.no == bindparam("which")
)  # it sets the columns it is given values for


class SqlDatasets:
    """``ports.datasets.Datasets`` over one connection.

    ``created`` gets the number of a new dataset, so that the engine can set up what it keeps besides the common
    tables; ``purge`` gets a number and how many rows to remove, and returns whether nothing is left;
    ``release_disk_space`` gives unused pages back to the disk, and returns whether there are more.
    """

    def __init__(
        self,
        connection: SqlConnection,
        *,
        created: Callable[[int], None],
        purge: Callable[[int, int], bool],
        release_disk_space: Callable[[], bool],
        plans: dict[int, list[PlanListing]],
    ) -> None:
        """``plans`` gets the plans of the datasets that are found."""
        self._raw = connection.raw
        self._connection = connection.sql
        self._writing = connection
        self._created = created
        self._purge = purge
        self._release_disk_space = release_disk_space
        self._plans = plans
        self._expected: tuple[tuple[str, str, int] | None, AskedRow | None] = None, None

    def expect(self, workspace: str, name: str) -> None:
        asked = self._asked(workspace, name)
        self._expected = (workspace, name, self._raw.total_changes), asked

    def find(self, workspace: str, name: str) -> Dataset | None:
        expected, asked = self._expected
        self._expected = None, None  # its row is read once
        # Not if anything was changed meanwhile, which may be the dataset
        if asked is None or expected != (workspace, name, self._raw.total_changes):
            asked = self._asked(workspace, name)
        row = asked.fetchone()
        if row is None:
            return None
        found = _cached(row[1:])
        self._plans[found.no] = _listings(row[0])
        return found

    def _asked(self, workspace: str, name: str) -> AskedRow:
        # First: what is decided by the row must still hold when the transaction writes
        self._raw.locks.named(workspace, name)
        return self._raw.ask(_find(self._raw.dialect), (workspace, name))

    def by_number(self, no: int) -> Dataset | None:
        self._raw.locks.dataset(no)
        row = self._raw.execute(_NUMBERED, (no,)).fetchone()
        return None if row is None else _cached(row)

    def list(self, workspaces: Collection[str] | None = None) -> Sequence[Dataset]:
        query = select(datasets).where(datasets.c.deleted_at.is_(None)).order_by(datasets.c.no)
        if workspaces is not None:
            query = query.where(datasets.c.workspace.in_(workspaces))
        return [_dataset(dict(row._mapping)) for row in self._connection.execute(query)]

    def add(self, dataset: Dataset) -> Dataset:
        return self._add(dataset, deleted_at=None)

    def add_hidden(self, dataset: Dataset) -> Dataset:
        return self._add(dataset, deleted_at=TO_BE_PURGED, owner=owner_of(self._writing))

    def _add(self, dataset: Dataset, *, deleted_at: int | None, owner: int | None = None) -> Dataset:
        (no,) = self._connection.execute(
            insert(datasets)
            .values(
                uuid=dataset.uuid,
                workspace=dataset.workspace,
                name=dataset.name,
                task=dataset.task.value,
                tags=dict(dataset.tags),
                metadata=dict(dataset.metadata),
                settings=_settings_out(dataset.settings),
                policies=dict(dataset.policies),
                created_by=dataset.created_by,
                created_at=dataset.created_at,
                last_updated=dataset.last_updated,
                closed=dataset.closed,
                last_n=0,
                records=0,
                multi_label=dataset.multi_label,
                rules=_rules_out(dataset.rules),
                deleted_at=deleted_at,
                owner=owner,
            )
            .returning(datasets.c.no)
        ).one()
        self._raw.locks.dataset(no)
        self._created(no)
        return replace(dataset, no=DatasetNo(no), records=0)

    def update(self, dataset: Dataset, **changes: Any) -> Dataset:
        if changes and changes.keys() <= _OFTEN_CHANGED:
            # Without SQLAlchemy, since nearly every answer changes ``last_updated``
            columns = ", ".join(f"{name} = ?" for name in changes)
            # In the form in which SQLAlchemy's type writes it
            stored = [json.dumps(value) if name in _JSON else value for name, value in changes.items()]
            self._raw.leave("datasets", f"UPDATE datasets SET {columns} WHERE no = ?", (*stored, dataset.no))
            return replace(dataset, **changes)
        values = dict(changes)
        if values:
            # Under the shared lock others have read the row, and rely on it until they commit
            self._raw.locks.alone(dataset.no)
        if "settings" in values:
            values["settings"] = _settings_out(values["settings"])
        if "rules" in values:
            values["rules"] = _rules_out(values["rules"])
        if values:
            self._connection.execute(_UPDATE, {"which": dataset.no, **values})
        return replace(dataset, **changes)

    def guidelines(self, dataset: Dataset, version: int | None = None) -> Guidelines | None:
        query = select(guidelines).where(guidelines.c.dataset == dataset.no)
        if version is not None:
            query = query.where(guidelines.c.version == version)
        row = self._connection.execute(query.order_by(guidelines.c.version.desc()).limit(1)).first()
        return None if row is None else Guidelines(row.version, row.text, row.author, row.at)

    def add_guidelines(self, dataset: Dataset, found: Guidelines) -> None:
        row = {
            "dataset": dataset.no,
            "version": found.version,
            "text": found.text,
            "author": found.author,
            "at": found.at,
        }
        self._connection.execute(insert(guidelines).values(with_checksum("guidelines", row)))

    def delete(self, dataset: Dataset, *, at: int) -> None:
        self._raw.locks.alone(dataset.no)
        self._connection.execute(update(datasets).where(datasets.c.no == dataset.no).values(deleted_at=at))

    def deleted(self, workspaces: Collection[str] | None = None) -> Sequence[DeletedDataset]:
        # The last one: the dataset may have been deleted and restored before
        last = (
            select(events.c.no)
            .where(events.c.dataset == datasets.c.no, events.c.what == "deleted")
            .order_by(events.c.no.desc())
            .limit(1)
            .scalar_subquery()
        )
        event = events.alias("deletion")
        joined = datasets.outerjoin(event, event.c.no == last)
        query = select(datasets, event.c.who.label("by"), event.c.at.label("event_at")).select_from(joined)
        query = query.where(datasets.c.deleted_at > TO_BE_PURGED)
        if workspaces is not None:
            query = query.where(datasets.c.workspace.in_(workspaces))
        rows = self._connection.execute(query.order_by(datasets.c.deleted_at.desc(), datasets.c.no.desc()))
        return [
            # Its event may have been pruned since
            DeletedDataset(
                _dataset(found), found["deleted_at"], found["by"], found["event_at"] or found["deleted_at"]
            )
            for found in (dict(row._mapping) for row in rows)
        ]

    def postpone_purge(self, dataset: Dataset, by: int) -> None:
        at = datasets.c.deleted_at
        # Never TO_BE_PURGED itself: that would purge the dataset now instead of later
        later = case((at + by > TO_BE_PURGED, at + by), else_=TO_BE_PURGED + 1)
        self._connection.execute(
            update(datasets).where(datasets.c.no == dataset.no, at > TO_BE_PURGED).values(deleted_at=later)
        )

    def restore(self, dataset: Dataset, *, name: str) -> Dataset:
        self._connection.execute(
            _UPDATE, {"which": dataset.no, "deleted_at": None, "name": name, "owner": None}
        )
        return replace(dataset, name=name)

    def mark_for_purge(self, dataset: Dataset) -> None:
        self._connection.execute(_UPDATE, {"which": dataset.no, "deleted_at": TO_BE_PURGED, "owner": None})

    def pending_purge(self, alive: Callable[[int], bool]) -> Sequence[int]:
        rows = self._connection.execute(
            select(datasets.c.no, datasets.c.owner).where(datasets.c.deleted_at == TO_BE_PURGED)
        )
        # A hidden dataset whose server is alive is still being filled
        return [no for no, owner in rows if owner is None or not alive(owner)]

    def purge(self, no: int, *, limit: int) -> bool:
        self._raw.locks.alone(no)
        return self._purge(no, limit)

    def release_disk_space(self) -> bool:
        return self._release_disk_space()


@cache
def _find(dialect: Dialect) -> str:
    # Nearly every request that finds a dataset asks for its plans next
    listed = dialect.joined("no || ' ' || changed_at || ' ' || state")
    plans = f"(SELECT {listed} FROM plans p WHERE p.dataset = d.no)"
    columns = ", ".join(_NAMES)
    return (
        f"SELECT {plans}, {columns} FROM datasets d WHERE workspace = ? AND name = ? AND deleted_at IS NULL"
    )


def _listings(joined: str | None) -> list[PlanListing]:
    if joined is None:
        return []
    parts = (each.split(" ") for each in joined.split(","))
    # The aggregate of a sub-query has no order that could be relied upon
    return sorted((int(no), int(changed_at), state) for no, changed_at, state in parts)


@lru_cache(200)
def _cached(row: tuple[Any, ...]) -> Dataset:
    """Build the dataset of a row; most requests find the one that others have just found."""
    return dataset_from(row)


def dataset_from(row: Sequence[Any]) -> Dataset:
    """Build a dataset from a row of ``DATASET_COLUMNS``, as the driver returns it."""
    found = dict(zip(_NAMES, row, strict=True))
    for member in _JSON:
        text = found[member]
        found[member] = None if text is None else msgspec.json.decode(text)
    found["closed"] = bool(found["closed"])  # some databases have numbers for it
    if found["multi_label"] is not None:
        found["multi_label"] = bool(found["multi_label"])
    return _dataset(found)


def _dataset(found: Mapping[str, Any]) -> Dataset:
    """Build a dataset from a row, given by column."""
    return Dataset(
        no=DatasetNo(found["no"]),
        uuid=found["uuid"],
        workspace=found["workspace"],
        name=found["name"],
        task=Task(found["task"]),
        tags=found["tags"],
        metadata=found["metadata"],
        settings=_settings_in(found["settings"]),
        policies=found["policies"],
        created_by=found["created_by"],
        created_at=found["created_at"],
        last_updated=found["last_updated"],
        closed=found["closed"],
        records=found["records"],
        multi_label=found["multi_label"],
        rules=tuple(
            LabelingRule(**{**each, "labels": tuple(each["labels"])}) for each in found["rules"] or ()
        ),
    )


def _rules_out(rules: Sequence[LabelingRule]) -> list[dict[str, Any]]:
    return [{name: getattr(rule, name) for name in LabelingRule.__slots__} for rule in rules]


def _settings_in(found: Mapping[str, Any] | None) -> LabelSettings | None:
    if found is None:
        return None
    labels = found.get("labels")
    return LabelSettings(
        labels=None if labels is None else tuple(LabelOption(**label) for label in labels),
        vectors=found.get("vectors"),
        allow_overlapping_spans=found.get("allow_overlapping_spans", False),
        allow_character_spans=found.get("allow_character_spans", False),
    )


def _settings_out(settings: LabelSettings | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    labels = None
    if settings.labels is not None:
        labels = [
            {name: value for name in LabelOption.__slots__ if (value := getattr(label, name)) is not None}
            for label in settings.labels
        ]
    return {
        "labels": labels,
        "vectors": None if settings.vectors is None else dict(settings.vectors),
        "allow_overlapping_spans": settings.allow_overlapping_spans,
        "allow_character_spans": settings.allow_character_spans,
    }
