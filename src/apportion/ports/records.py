"""The port for records: store, find and count them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from apportion.domain.datasets import Dataset
from apportion.domain.ids import RESOLVED, Viewer
from apportion.domain.query import MatchAll, Query
from apportion.domain.records import AgentValues, Record, Vector
from apportion.spans import Entity
from apportion.vocabulary import Status, Task

__all__ = [
    "AgentFragments",
    "Criteria",
    "EncodedRecord",
    "MatchingIds",
    "RecordTexts",
    "Records",
    "SearchHits",
    "SortKey",
    "StoredRecord",
    "decoded",
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


class AgentFragments(NamedTuple):
    """The answers of agents as JSON: of each the agent, and the members of its value without their braces.

    ``first`` is the one that counts, None while nothing is resolved; ``own`` are those that agents gave themselves, or
    None if ``first`` is the only one.
    """

    first: tuple[bytes, bytes] | None
    own: Sequence[tuple[bytes, bytes]] | None = None


def decoded(members: bytes) -> dict[str, Any]:
    """Return JSON members that stand without their braces as an object."""
    found: dict[str, Any] = json.loads(b"{%b}" % members)
    return found


class RecordTexts(Protocol):
    """The texts of a record, by task."""

    @property
    def inputs(self) -> dict[str, str | list[str]] | None: ...

    @property
    def text(self) -> str: ...

    @property
    def tokens(self) -> list[str]: ...


class StoredRecord(Protocol):
    """A stored record as one viewer sees it, still as JSON, which replies are concatenated from.

    ``content`` has the members of its own fields without their braces. ``number`` is the record's among those of its
    dataset.
    """

    @property
    def id(self) -> str: ...

    @property
    def status(self) -> Status: ...

    @property
    def updated(self) -> int: ...

    @property
    def content(self) -> bytes: ...

    @property
    def vectors(self) -> Mapping[str, Vector] | None: ...

    @property
    def number(self) -> int: ...

    def fields(self) -> dict[str, Any]:
        """Return the record's own fields, decoded."""
        ...

    def texts(self) -> RecordTexts:
        """Return the texts of the record, decoded; the rest of it is skipped."""
        ...

    def content_without_nulls(self) -> bytes:
        """Return ``content`` without members that are null."""
        ...

    def predictions(self, *, nulls: bool = True) -> AgentFragments | None:
        """Return the predictions; without ``nulls`` a value leaves out a score that it does not have."""
        ...

    def annotations(self, *, nulls: bool = True) -> AgentFragments | None:
        """Return the annotations, as ``predictions`` does."""
        ...

    def with_first_answer(self) -> StoredRecord:
        """Return the record with the one annotation that counts, and nobody's own beside it."""
        ...

    def record(self, task: Task) -> Record:
        """Return the record, decoded."""
        ...

    def values(self, task: Task) -> tuple[AgentValues | None, AgentValues | None]:
        """Return prediction and annotation, decoded."""
        ...

    def spans(self) -> tuple[list[Entity] | None, list[Entity] | None]:
        """Return the spans of prediction and annotation that count, of a token classification record."""
        ...


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

    def prepare(self, dataset: Dataset, batch: Sequence[EncodedRecord]) -> None:
        """Check records that are stored later, in parts: refuse now what ``log`` would refuse."""
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
