"""What calls give back besides records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from apportion.vocabulary import Task

if TYPE_CHECKING:
    from .records import Record

__all__ = ["DatasetInfo", "SearchPage", "read_dataset"]


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset as lists show it. Times are naive UTC."""

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
class SearchPage(Sequence["Record"]):
    """One page of the records that match; ``total`` is how many do in all, ``facets`` counts them."""

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


def read_dataset(found: Mapping[str, Any]) -> DatasetInfo:
    """A dataset as the server tells of it."""
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


def _time(found: str | None) -> datetime | None:
    return datetime.fromisoformat(found) if found else None
