"""The port for records: store, find and count them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED, Viewer
from apportion.domain.query import MatchAll, Query
from apportion.domain.records import AgentValues, Record, Vector
from apportion.vocabulary import Status, Task

__all__ = [
    "Criteria",
    "EncodedRecord",
    "MatchingIds",
    "Records",
    "SearchHits",
    "SortKey",
    "StoredRecord",
]


class EncodedRecord(Protocol):
    """A record encoded for writing by ``Store.encode_records``; only the store reads its content."""

    @property
    def id(self) -> str: ...


class SortKey(NamedTuple):
    """One sort key: a field of the search language and a direction."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Criteria:
    """A selection of records: by a query, or exactly these ids, as one viewer sees them.

    ``me`` is the user that the word means in a query; with ``alone`` the query sees nobody else's
    assignments. With ``assigned_to`` only records match that are assigned to, leased or annotated by that
    person.
    """

    query: Query = field(default_factory=MatchAll)
    ids: tuple[str, ...] | None = None
    viewer: Viewer = RESOLVED
    me: str | None = None
    assigned_to: str | None = None
    alone: bool = False


class MatchingIds(NamedTuple):
    """Matching records: ids, numbers (ascending in order of logging), and values of fields."""

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
    """One page of a search. ``facets`` is empty when none were asked for.

    ``lag``: how many records others have written that this search does not know of yet.
    """

    total: int
    rows: Sequence[StoredRecord]
    facets: Mapping[str, Any]
    lag: int = 0


class Records(Protocol):
    """The records of all datasets, within one transaction."""

    # Reading

    def get(
        self, dataset: Dataset, id: str, viewer: Viewer = ..., *, only: str | None = None
    ) -> StoredRecord | None:
        """Return one record; with ``only``, just that person's assignments are shown."""
        ...

    def rows(self, dataset: Dataset, criteria: Criteria) -> dict[str, StoredRecord]:
        """Return the records that the criteria name by id."""
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
        """Return a page of matches with their exact total; with ``facets`` None every facet is counted."""
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
        """Return the ``k`` matches whose vectors are nearest, nearest first; counts are over those ``k``."""
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
        """Return the next matches after a record id (``after``) in the order given, for paging."""
        ...

    def count(self, dataset: Dataset, criteria: Criteria) -> int:
        """Count the records that match."""
        ...

    def ids(self, dataset: Dataset, criteria: Criteria, keys: Sequence[str] = ()) -> MatchingIds:
        """Return all matches by id, in any order, with values of fields (``metadata.<key>``, ``id``, …)."""
        ...

    def packed_numbers(self, dataset: Dataset, criteria: Criteria) -> Sequence[int]:
        """Return the numbers of all matches, ascending, as an array of 32 bits each."""
        ...

    def numbers_by_id(self, dataset: Dataset, criteria: Criteria) -> Sequence[int]:
        """Return the numbers of all matches, in the order of their ids."""
        ...

    def numbered(self, dataset: Dataset, criteria: Criteria, numbers: Sequence[int]) -> list[StoredRecord]:
        """Return records by number, in that order, in the view of the criteria; deleted ones are left out."""
        ...

    def answers_of(self, row: StoredRecord, task: Task) -> tuple[AgentValues | None, AgentValues | None]:
        """Decode a row's prediction and annotation."""
        ...

    def labels(self, dataset: Dataset, viewer: Viewer = ...) -> list[str]:
        """Return every label of any prediction or annotation of the dataset, whatever its score."""
        ...

    def stored_answers(self, dataset: Dataset, ids: Iterable[str]) -> Mapping[str, AgentValues]:
        """Return the annotations by id of those of the records that have one."""
        ...

    def iterate(self, dataset: Dataset) -> Iterator[Record]:
        """Yield every record with its vectors."""
        ...

    def metadata_kinds(self, dataset: Dataset) -> Mapping[str, str]:
        """Return every metadata key with the kind of its values."""
        ...

    # Writing

    def log(
        self,
        dataset: Dataset,
        batch: Sequence[EncodedRecord],
        *,
        at: int,
        keep_answers: bool = False,
        by: str = "",
    ) -> None:
        """Store records by id, replacing existing ones; ``keep_answers`` keeps status and annotation.

        Searches of the person ``by`` find them at once; where it is empty, those of everybody do.
        """
        ...

    def viewer(self, username: str) -> Viewer:
        """Return the number of a user's own view; ``NOBODY`` while they have none."""
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
        """Merge metadata, set status and, if ``annotated``, the annotation; False without such a record.

        With ``keep_answers`` status and annotation stay exactly as they are.
        """
        ...

    def discard(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        """Mark matches as discarded; return how many matched and how many changed."""
        ...

    def delete(self, dataset: Dataset, criteria: Criteria, *, at: int) -> tuple[int, int]:
        """Delete matches permanently; return how many matched and how many were removed."""
        ...

    def numbers(self, dataset: Dataset, criteria: Criteria) -> list[int]:
        """Return the numbers of the matches, ascending."""
        ...

    def ids_of(self, dataset: Dataset, numbers: Sequence[int], *, logged_by: int) -> list[str]:
        """Return ids of records by number, without those deleted or logged again after that instant."""
        ...
