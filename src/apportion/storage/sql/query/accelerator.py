"""Protocol of what may answer searches instead of the database: an index beside it, which is never needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from apportion.domain.datasets import Dataset
from apportion.ports.records import Criteria, SearchHits, SortKey
from apportion.ports.upkeep import SearchCondition
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache import DatasetCache

from .search import Searcher

__all__ = ["Neighbours", "SearchAccelerator", "SearchQuestion"]


@dataclass(frozen=True, slots=True)
class SearchQuestion:
    """A search of one dataset, and what answers the parts of it that are not in the index."""

    searcher: Searcher
    connection: SqlConnection
    cache: DatasetCache
    dataset: Dataset
    criteria: Criteria
    sort: Sequence[SortKey]
    start: int
    limit: int
    facets: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A vector of a name, and how many records nearest to it are wanted."""

    name: str
    value: Sequence[float]
    k: int

    @property
    def name_of_field(self) -> str:
        return f"vectors.{self.name}"


class SearchAccelerator(Protocol):
    """An index beside the database."""

    def indexes(self, dataset: int) -> bool:
        """Return whether a dataset has an index that searches may use; costs nothing."""

    def search(self, question: SearchQuestion) -> SearchHits | None:
        """Return what a search finds, or None where the database has to answer it."""

    def nearest(self, question: SearchQuestion, near: Neighbours) -> SearchHits | None:
        """Return the matches whose vectors lie nearest, or None where the database has to answer it."""

    def condition(self) -> SearchCondition:
        """Return the state it is in."""

    def close(self) -> None:
        """End what it does beside searches."""
