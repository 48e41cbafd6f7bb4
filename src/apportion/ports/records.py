"""Where records are kept, found and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED, Viewer
from apportion.domain.query import MatchAll, Query
from apportion.domain.records import AgentValues, Record, Value, Vector
from apportion.vocabulary import AnnotationState, Status, Task

__all__ = [
    "Criteria",
    "EncodedRecord",
    "MatchingIds",
    "Records",
    "SearchHits",
    "SortKey",
    "StoredAnnotation",
    "StoredRecord",
]


class EncodedRecord(Protocol):
    """A record made ready for writing by ``Store.prepare``; only the store looks inside."""

    @property
    def id(self) -> str: ...


class SortKey(NamedTuple):
    """One sort key: a field of the search language and a direction."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which records are meant: a query, or exactly these ids, as one viewer sees them.

    ``me`` is whom the word stands for in a query; with ``alone`` the query knows nobody else's assignments. With
    ``assigned_to`` only records are meant that are before that person or annotated by them.
    """

    query: Query = field(default_factory=MatchAll)
    ids: tuple[str, ...] | None = None
    viewer: Viewer = RESOLVED
    me: str | None = None
    assigned_to: str | None = None
    alone: bool = False


class MatchingIds(NamedTuple):
    """Matching records: their ids, their numbers (growing in the order of logging), and the values of fields."""

    ids: list[str]
    logged: list[int]
    values: Mapping[str, list[Any]]


class StoredRecord(NamedTuple):
    """A stored record as one viewer sees it, still as JSON fragments (see ``storage``'s encoding).

    ``prediction`` and ``answer`` hold lines of agent and value by turns, the agent that counts first. ``number`` is the
    record's among those of its dataset.
    """

    id: str
    status: Status
    updated: int
    content: bytes
    prediction: bytes | None
    answer: bytes | None
    vectors: Mapping[str, Vector] | None
    number: int


class SearchHits(NamedTuple):
    """One page of a search. ``facets`` is empty when none were asked for."""

    total: int
    rows: Sequence[StoredRecord]
    facets: Mapping[str, Any]


class StoredAnnotation(NamedTuple):
    """One annotator's annotation of one record."""

    annotator: str
    state: AnnotationState
    value: Value | None
    version: int
    updated: int


class Records(Protocol):
    """The records of all datasets, within one transaction."""

    # Reading

    def get(
        self, dataset: Dataset, id: str, viewer: Viewer = ..., *, only: str | None = None
    ) -> StoredRecord | None:
        """One record; with ``only``, nobody's assignments but that person's are shown."""
        ...

    def rows(self, dataset: Dataset, criteria: Criteria) -> dict[str, StoredRecord]:
        """The records that the criteria name by id."""
        ...

    def search(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        sort: Sequence[SortKey] = (),
        start: int = 0,
        limit: int = 50,
        facets: frozenset[str] | None = frozenset(),
    ) -> SearchHits:
        """A page of matches with their exact total; ``facets`` None counts everything there is to count."""
        ...

    def nearest(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        vector: str,
        value: Sequence[float],
        k: int,
        limit: int,
        facets: frozenset[str] | None = frozenset(),
    ) -> SearchHits:
        """The ``k`` matches whose vector lies nearest, nearest first; counts are over those ``k``."""
        ...

    def scan(
        self,
        dataset: Dataset,
        criteria: Criteria,
        *,
        after: str | None = None,
        sort: Sequence[SortKey] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> list[StoredRecord]:
        """The next matches after a record id (``after``) in the order given, for paging through everything."""
        ...

    def count(self, dataset: Dataset, criteria: Criteria) -> int:
        """How many records match."""
        ...

    def ids(self, dataset: Dataset, criteria: Criteria, keys: Sequence[str] = ()) -> MatchingIds:
        """All matches by id, in any order, with the values of fields (``metadata.<key>``, ``id``, …)."""
        ...

    def numbers_by_id(self, dataset: Dataset, criteria: Criteria) -> Sequence[int]:
        """Return the numbers of all matches, in the order of their ids."""
        ...

    def numbered(self, dataset: Dataset, criteria: Criteria, numbers: Sequence[int]) -> list[StoredRecord]:
        """Return records by number, in that order, in the view that the criteria name; those gone are left out."""
        ...

    def answers_of(self, row: StoredRecord, task: Task) -> tuple[AgentValues | None, AgentValues | None]:
        """A row's prediction and annotation as values."""
        ...

    def labels(self, dataset: Dataset, viewer: Viewer = ...) -> list[str]:
        """Every label some prediction or annotation of the dataset has, of any score."""
        ...

    def annotations(self, dataset: Dataset, id: str) -> list[StoredAnnotation]:
        """Everybody's annotation of one record."""
        ...

    def stored_answers(self, dataset: Dataset, ids: Iterable[str]) -> Mapping[str, AgentValues]:
        """The annotations of those of the records that have one, by id."""
        ...

    def iterate(self, dataset: Dataset) -> Iterator[Record]:
        """Every record with its vectors."""
        ...

    def metadata_kinds(self, dataset: Dataset) -> Mapping[str, str]:
        """Every metadata key with the kind of its values."""
        ...

    # Writing

    def log(
        self, dataset: Dataset, batch: Sequence[EncodedRecord], *, at: int, keep_answers: bool = False
    ) -> None:
        """Store records by id, replacing what was there; with ``keep_answers`` but for status and annotation."""
        ...

    def annotate(
        self,
        dataset: Dataset,
        id: str,
        annotator: str,
        state: AnnotationState,
        value: Value | None,
        *,
        at: int,
    ) -> int | None:
        """Set one annotator's own annotation, in their view only; its version, None without such a record."""
        ...

    def viewer(self, username: str) -> Viewer:
        """The number under which somebody's own view is kept; ``NOBODY`` when they have none yet."""
        ...

    def patch(
        self,
        dataset: Dataset,
        id: str,
        *,
        metadata: dict[str, Any] | None,
        status: Status | None,
        at: int,
        annotation: AgentValues | None = None,
        annotated: bool = False,
        keep_answers: bool = False,
    ) -> bool:
        """Merge metadata, set the status, and if ``annotated`` the annotation; False without such a record.

        With ``keep_answers`` status and annotation stay exactly as they are.
        """
        ...

    def discard(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        """Mark matches as discarded: how many matched, how many that changed."""
        ...

    def delete(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        """Remove matches for good: how many matched, how many were removed."""
        ...

    def numbers(self, dataset: Dataset, criteria: Criteria) -> list[int]:
        """The numbers of the matches, ascending."""
        ...

    def ids_of(self, dataset: Dataset, numbers: Sequence[int], *, logged_by: int) -> list[str]:
        """The ids of records by number, but for those that are gone or were logged again after an instant."""
        ...
