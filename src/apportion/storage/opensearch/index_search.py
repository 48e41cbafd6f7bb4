"""Answer searches of large datasets by their indexes; whatever an index does not know is left to the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from pyroaring import BitMap

from apportion.ports.records import SearchHits, SortKey
from apportion.ports.upkeep import SearchCondition
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.query.accelerator import Neighbours, SearchQuestion
from apportion.storage.sql.query.facets import MOST_READ
from apportion.storage.sql.search_index import Reach

from .client import BadAnswerError, OpenSearchClient, UnavailableError
from .dsl import DslQuery
from .evaluation import QuestionTranslator
from .index import Indexes
from .index_facets import IndexFacetCounter, Matches, counts_of_content
from .index_query import Counted, IndexQuery, NotIndexedError
from .indexing_thread import IndexingThread
from .mapping import CONTENT_FIELDS, DEEPEST, field_name, vector_sizes

__all__ = ["IndexSearch"]

log = logging.getLogger("apportion.search")

WAITS = 5.0
"""Seconds that a search waits for the index to have what its caller has written."""
MOST_WAITED_FOR = 20_000
"""Records that can be indexed in that time; further behind nobody waits."""
MOST_SORTED = 100_000
"""Matches that are put in order here, where the index does not know what they are ordered by."""
FEW = 2_000
"""Matches whose numbers come sooner than counts by bitmaps."""
_CANDIDATES = 4
"""Candidates for each of the records nearest to a vector that are wanted; the index's own order is not exact."""
_LEAST_CANDIDATES = 200
MOST_CANDIDATES = 10_000
"""The most candidates that OpenSearch looks for."""
_FIELDS_AT_ONCE = 30
"""Fields counted by one request: all counts of one together may not be too many."""
# beyond the 64 bits of a ``long`` the index leaves a number out, and could not sort by it
_LARGE = 9e18
_EVERYTHING: DslQuery = {"match_all": {}}


class IndexSearch:
    """Search in the indexes of one store: ``storage.sql.query.accelerator.SearchAccelerator``.

    ``reach`` returns how far the index of a dataset is, as a snapshot sees it, for a person.
    """

    def __init__(
        self,
        client: OpenSearchClient,
        indexes: Indexes,
        thread: IndexingThread,
        reach: Callable[[SqlConnection, int, str], Reach | None],
    ) -> None:
        self.thread = thread
        self._client = client
        self._indexes = indexes
        self._reach = reach
        self._counting = threading.Lock()
        self._answered = self._left = 0
        self._problem = ""
        self._in_vain: dict[int, int] = {}
        """By dataset, what its index held when a search had waited for more in vain."""

    def indexes(self, dataset: int) -> bool:
        return dataset in self.thread.seen.holds

    def close(self) -> None:
        self.thread.close()
        self._client.close()

    def condition(self) -> SearchCondition:
        seen = self.thread.seen
        problem = self.thread.problem or (self._problem if self._client.circuit.is_open else "")
        return SearchCondition(
            indexed=len(seen.holds),
            building=seen.building,
            lag=sum(seen.lag.values()),
            answered=self._answered,
            left=self._left,
            problem=" ".join(filter(None, [problem, *seen.broken])),
        )

    def search(self, question: SearchQuestion) -> SearchHits | None:
        return self._answer(question, lambda search: search.hits())

    def nearest(self, question: SearchQuestion, near: Neighbours) -> SearchHits | None:
        return self._answer(question, lambda search: search.nearest(near))

    def _answer(
        self, question: SearchQuestion, ask: Callable[[_IndexedSearch], SearchHits]
    ) -> SearchHits | None:
        """Return what an index finds, with how far it is behind; None where the database has to answer."""
        reach = self._reach(question.connection, question.dataset.no, question.criteria.me or "")
        hits = None
        if reach is not None and self._knows(question.dataset.no, reach):
            name = self._indexes.name(question.dataset.no, reach.generation)
            try:
                index = IndexQuery(self._client, name, question.dataset.records)
                hits = ask(_IndexedSearch(question, index, self._indexes.has_vectors))
            except NotIndexedError:
                pass  # no failure: the database answers what an index cannot
            except (UnavailableError, BadAnswerError) as failure:
                self._note(failure)
        with self._counting:
            if hits is None:
                self._left += 1
            else:
                self._answered += 1
        if hits is None or reach is None:
            return None
        # the thread may have come further than the snapshot of this search shows
        held = max(reach.holds, self.thread.seen.holds.get(question.dataset.no, 0))
        return hits._replace(lag=max(0, reach.written - held))

    def _knows(self, dataset: int, reach: Reach) -> bool:
        """Return whether the index has all that the caller has to find, once it was waited for."""
        if reach.own <= reach.holds:
            return True
        if reach.written - reach.holds > MOST_WAITED_FOR or self._client.circuit.is_open:
            return False
        held = self.thread.seen.holds.get(dataset, 0)
        if held < reach.own and self._in_vain.get(dataset) == held:
            return False  # nothing has moved since then, so that waiting again would be in vain, too
        if self.thread.wait_for(dataset, reach.own, WAITS):
            return True
        self._in_vain[dataset] = self.thread.seen.holds.get(dataset, 0)
        return False

    def _note(self, failure: Exception) -> None:
        problem = f"OpenSearch does not answer searches: {failure}. The database does."
        if problem != self._problem:
            log.warning("%s", problem)
        self._problem = problem


class _IndexedSearch:
    """One search, answered by an index."""

    def __init__(
        self, question: SearchQuestion, index: IndexQuery, has_vectors: Callable[[str], bool]
    ) -> None:
        self._question = question
        self._index = index
        self._has_vectors = has_vectors
        self._raw = question.connection.raw
        self._translator = QuestionTranslator(question, index)
        self._kinds = self._translator.kinds

    def hits(self) -> SearchHits:
        """Return a page, the total and the counts."""
        question = self._question
        query = self._translator.query()
        everything = query == _EVERYTHING
        wanted = question.facets is None or bool(question.facets)
        content = (
            counts_of_content(question.dataset.task, self._kinds, question.facets, everything=everything)
            if wanted
            else {}
        )
        # what follows from answers alone is known here
        numbers = None if everything else self._translator.numbers()
        counted = Counted(0, {})
        if content or not (everything or numbers is not None):
            counted = self._counted(query, content)
        if everything:
            total = self._records()  # the counter is exact, and of this snapshot; the index may be behind it
        else:
            total = counted.total if numbers is None else len(numbers)
        if not wanted:
            return SearchHits(total, question.searcher.records.rows(self._page(query, total, numbers)[0]), {})
        if numbers is None and not everything and total <= self._most_numbers():
            numbers = self._index.numbers(query, MOST_READ)
        matches = Matches(query, total, numbers, everything, dict(counted.counts))
        counter = IndexFacetCounter(question, self._index, matches)
        values = counter.values(question.facets)
        # the first ones along with the page, for which the index looks at the same matches
        first = next(values, {})
        ns, found = self._page(query, total, numbers, first)
        if found is None:
            values = chain([first] if first else [], values)
        else:
            counter.add(found)
        counter.ask(values, question.facets)
        with question.cache.held(question.connection, question.connection.deadline):
            counts = counter.count(question.facets)
        counts = counter.count_texts(question.facets, dict(counts))
        return SearchHits(total, question.searcher.records.rows(ns), counts)

    def nearest(self, near: Neighbours) -> SearchHits:
        """Return the matches whose vectors lie nearest: the index finds candidates, whose distances are exact."""
        question, searcher = self._question, self._question.searcher
        field = searcher.vector_field(near.name, near.value)
        most = max(_LEAST_CANDIDATES, _CANDIDATES * near.k)
        if (
            near.name_of_field not in vector_sizes(self._kinds)
            or most > MOST_CANDIDATES
            or not self._has_vectors(self._index.name)
        ):
            raise NotIndexedError
        query = self._translator.query()
        candidates = self._index.nearest(field_name(near.name_of_field), near.value, query, most)
        found = searcher.nearest_of(field, candidates, near.value, near.k)
        return searcher.some(found, question.criteria, question.limit, question.facets)

    def _page(
        self, query: DslQuery, total: int, numbers: BitMap | None, counts: Mapping[str, Any] | None = None
    ) -> tuple[list[int], Mapping[str, Any] | None]:
        """Return the numbers of the records on the page that is wanted, and what was counted along with it.

        That is None where the index was not asked for a page. ``numbers``: those of all matches, where they are known.
        """
        question = self._question
        if not question.limit:  # a start beyond the window of results would be refused all the same
            return [], None
        order = self._order() if question.start + question.limit <= DEEPEST else None
        if order is None:
            return self._sorted_here(query, total, numbers), None
        return self._index.page_with_counts(
            query, counts or {}, sort=order, start=question.start, limit=question.limit
        )

    def _counted(self, query: DslQuery, content: Mapping[str, Any]) -> Counted:
        """Return the total with all counts of the content, which may take several requests."""
        names = list(content)
        parts = [names[i : i + _FIELDS_AT_ONCE] for i in range(0, len(names), _FIELDS_AT_ONCE)] or [[]]
        found, *more = (self._index.counted(query, {name: content[name] for name in part}) for part in parts)
        return Counted(
            found.total, {name: each for part in (found, *more) for name, each in part.counts.items()}
        )

    def _most_numbers(self) -> int:
        """Return up to how many matches their numbers are worth having: of more, answers are counted by bitmaps."""
        facets = self._question.facets
        return MOST_READ if facets is None or "words" in facets else FEW

    def _records(self) -> int:
        row = self._raw.execute(
            "SELECT records FROM datasets WHERE no = ?", (self._question.dataset.no,)
        ).fetchone()
        return int(row[0])

    def _sorted_here(self, query: DslQuery, total: int, numbers: BitMap | None) -> list[int]:
        """Return the numbers of a page whose order follows from what the index does not know."""
        question = self._question
        if total > MOST_SORTED:
            raise NotIndexedError
        if numbers is None:
            numbers = self._index.numbers(query, MOST_SORTED)
        if numbers is None:  # more were indexed meanwhile
            raise NotIndexedError
        with question.cache.held(question.connection, question.connection.deadline):
            selection: BitMap = numbers & question.cache.everything
            return question.searcher.ordering.page(selection, question.sort, question.start, question.limit)

    # Order

    def _order(self) -> list[dict[str, Any]] | None:
        """Return the order in terms of the index; None where it does not know what it follows from."""
        found: list[dict[str, Any]] = []
        for key in self._question.sort:
            field = self._order_field(key)
            if field is None:
                return None
            found.append({field: {"order": "desc" if key.descending else "asc", "missing": "_last"}})
        # without a last key that is unique, pages of equal records would overlap
        return [*found, {"id": {"order": "asc"}}]

    def _order_field(self, key: SortKey) -> str | None:
        match key.field:
            case "id" | "score":
                return key.field
            case "event_timestamp":
                return "event"
        kind = self._kinds.get(key.field)
        if kind is None or not (key.field in CONTENT_FIELDS or key.field.startswith("metadata.")):
            return None
        if kind == "long":
            return None if self._has_large_numbers(key.field) else field_name(key.field) + ".number"
        return field_name(key.field) if kind in ("keyword", "boolean", "float", "date") else None

    def _has_large_numbers(self, name: str) -> bool:
        """Return whether a field has numbers that the index cannot put in order."""
        field = self._translator.numbers_of_fields[name]
        found = self._raw.execute(
            "SELECT 1 FROM vals WHERE field = ? AND viewer = 0 AND n > 0 AND (num > ? OR num < ?) LIMIT 1",
            (field, _LARGE, -_LARGE),
        ).fetchone()
        return found is not None
