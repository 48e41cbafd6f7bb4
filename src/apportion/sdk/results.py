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
    """The name, unique in its workspace."""
    workspace: str
    """The workspace."""
    task: Task
    """The task of its records."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Texts by name."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Values by name."""
    id: str | None = None
    """The id, which stays when the name changes."""
    created_by: str | None = None
    """The user who created it."""
    created_at: datetime | None = None
    """Time of its creation (UTC, without an offset)."""
    last_updated: datetime | None = None
    """Time of its last change (UTC, without an offset)."""


@dataclass(frozen=True)
class DeletedDataset:
    """A dataset that was deleted and can be restored until ``purged_at``; ``id`` tells those of one name apart."""

    id: str
    """The id."""
    name: str
    """The name it had."""
    workspace: str
    """The workspace it was in."""
    task: Task
    """The task of its records."""
    records: int
    """The number of its records."""
    deleted_by: str | None
    """The user who deleted it."""
    deleted_at: datetime
    """Time of its deletion (UTC)."""
    purged_at: datetime
    """Time after which it cannot be restored (UTC)."""


@dataclass(frozen=True)
class SearchPage(Sequence["Record"]):
    """A page of the records that match; ``total`` is how many do in all, ``facets`` counts them."""

    records: list[Record]
    """The records of this page, in order."""
    total: int
    """The number of records that match."""
    facets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The counts over all that match, by facet and value."""

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
    """The id, such as ``text_length``."""
    name: str
    """The name to show."""
    description: str | None = None
    """Description of what it counts."""


@dataclass(frozen=True)
class MetricResults(MetricInfo):
    """A computed metric."""

    results: Mapping[str, Any] = field(default_factory=dict)
    """The figures by value or interval, as the metric has them."""


@dataclass(frozen=True)
class LabelingRule:
    """A labeling rule: records that match the query are to get these labels."""

    query: str
    """The query of the records it is about."""
    labels: Sequence[str] = ()
    """The labels they are to get."""
    description: str | None = None
    """A description for people."""
    author: str | None = None
    """The user who stored it."""
    created_at: datetime | None = None
    """Time when it was stored (UTC, without an offset)."""

    @property
    def label(self) -> str | None:
        """The label of a rule that has one."""
        return self.labels[0] if len(self.labels) == 1 else None


@dataclass(frozen=True)
class LabelingRuleMetricsSummary:
    """The coverage of a dataset by a rule, and its precision; shares lie between 0 and 1."""

    total_records: int
    """The number of records of the dataset."""
    annotated_records: int
    """The number of those that are annotated."""
    coverage: float | None = None
    """The share of records that the rule finds."""
    coverage_annotated: float | None = None
    """The share of annotated records that it finds."""
    correct: float | None = None
    """The number of annotated records on which it is right."""
    incorrect: float | None = None
    """The number of annotated records on which it is wrong."""
    precision: float | None = None
    """The share of annotated records found on which it is right; None if there are none."""


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
