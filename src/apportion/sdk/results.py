"""Results of calls, besides records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from apportion.vocabulary import Task

if TYPE_CHECKING:
    from .records import Record

__all__ = [
    "DatasetInfo",
    "DeletedDataset",
    "LabelingRule",
    "LabelingRuleMetricsSummary",
    "MetricInfo",
    "MetricResults",
    "SearchPage",
    "read_dataset",
    "read_deleted",
    "read_rule",
    "read_rule_metrics",
]


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset as listed. Times are naive UTC."""

    name: str
    workspace: str
    task: Task
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    created_by: str | None = None
    created_at: datetime | None = None
    last_updated: datetime | None = None


@dataclass(frozen=True)
class DeletedDataset:
    """A dataset that was deleted and can be restored until ``purged_at``; ``id`` tells those of one name apart."""

    id: str
    name: str
    workspace: str
    task: Task
    records: int
    deleted_by: str | None
    deleted_at: datetime
    purged_at: datetime


@dataclass(frozen=True)
class SearchPage(Sequence["Record"]):
    """A page of the records that match; ``total`` is how many do in all, ``facets`` counts them."""

    records: list[Record]
    total: int
    facets: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        return self.records[index]

    def _repr_html_(self) -> str:
        from .records._html import page_html

        return page_html(self.records, self.total, self.facets)


@dataclass(frozen=True)
class MetricInfo:
    """A metric that the server computes."""

    id: str
    name: str
    description: str | None = None


@dataclass(frozen=True)
class MetricResults(MetricInfo):
    """A computed metric."""

    results: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelingRule:
    """A labeling rule: records that match the query are to get these labels."""

    query: str
    labels: Sequence[str] = ()
    description: str | None = None
    author: str | None = None
    created_at: datetime | None = None

    @property
    def label(self) -> str | None:
        """The label of a rule that has one."""
        return self.labels[0] if len(self.labels) == 1 else None


@dataclass(frozen=True)
class LabelingRuleMetricsSummary:
    """The coverage of a dataset by a rule, and its precision; shares lie between 0 and 1."""

    total_records: int
    annotated_records: int
    coverage: float | None = None
    coverage_annotated: float | None = None
    correct: float | None = None
    incorrect: float | None = None
    precision: float | None = None


def read_dataset(found: Mapping[str, Any]) -> DatasetInfo:
    """Read a dataset from the server's JSON."""
    return DatasetInfo(
        name=found["name"],
        workspace=found.get("workspace") or found.get("owner") or "",
        task=Task(found["task"]),
        tags=found.get("tags") or {},
        metadata=found.get("metadata") or {},
        id=found.get("id"),
        created_by=found.get("created_by"),
        created_at=_time(found.get("created_at")),
        last_updated=_time(found.get("last_updated")),
    )


def read_deleted(found: Mapping[str, Any]) -> DeletedDataset:
    """Read a deleted dataset from the server's JSON."""
    return DeletedDataset(
        id=found["id"],
        name=found["name"],
        workspace=found["workspace"],
        task=Task(found["task"]),
        records=found["records"],
        deleted_by=found["deleted_by"],
        deleted_at=_instant(found["deleted_at"]),
        purged_at=_instant(found["purged_at"]),
    )


def read_rule(found: Mapping[str, Any]) -> LabelingRule:
    """Read a labeling rule from the server's JSON."""
    labels = found.get("labels") or ([found["label"]] if found.get("label") else [])
    created_at = _time(found.get("created_at"))
    return LabelingRule(found["query"], labels, found.get("description"), found.get("author"), created_at)


def read_rule_metrics(found: Mapping[str, Any]) -> LabelingRuleMetricsSummary:
    """Read the figures of a rule from the server's JSON."""
    return LabelingRuleMetricsSummary(
        total_records=found["total_records"],
        annotated_records=found["annotated_records"],
        coverage=found.get("coverage"),
        coverage_annotated=found.get("coverage_annotated"),
        correct=found.get("correct"),
        incorrect=found.get("incorrect"),
        precision=found.get("precision"),
    )


def _instant(found: str) -> datetime:
    return datetime.fromisoformat(found.replace("Z", "+00:00"))  # Python 3.10 does not know the letter


def _time(found: str | None) -> datetime | None:
    return datetime.fromisoformat(found) if found else None
