"""Queries on one index: pages, totals, counts, and the numbers of all matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyroaring import BitMap

from .client import WRITES_WITHIN, OpenSearchClient
from .dsl import DslQuery

__all__ = ["Counted", "IndexQuery", "NotIndexedError", "terms_count"]

_AT_ONCE = 10_000
_COMPARED = 10_000
"""Vectors that are compared one by one; of more the graph of the index finds candidates."""
SECONDS_A_RECORD = 0.4e-6
"""Added to the time in which a search has to be answered: two cores take two seconds to count half of ten million."""
_NEEDED = "hits.total,hits.hits.fields,aggregations"
"""Parts of an answer that are read here."""
_NO_SOURCE = {"_source": False, "stored_fields": "_none_"}
"""Of each match only what is asked for: else its ``_id`` is read, which takes much longer than its number."""
_ORDER = [{"_count": "desc"}, {"_key": "asc"}]
_MOST_SHARD_VALUES = 1_000_000
MANY_VALUES = 20_000
"""Values beyond those that are shown from which on not all of them are counted to find the most frequent."""


class NotIndexedError(Exception):
    """The database has to answer this search."""


class Counted(NamedTuple):
    """The number of all records that match, and what was counted over these."""

    total: int
    counts: Mapping[str, Any]


class IndexQuery:
    """The index of a name, as searches use it. ``records`` of the dataset: more of them may take longer."""

    def __init__(self, client: OpenSearchClient, name: str, records: int = 0) -> None:
        self._client = client
        self._seconds = client.answers_within + records * SECONDS_A_RECORD
        self.name = name

    def _search(self, body: Mapping[str, Any], seconds: float | None = None) -> Any:
        # else what a failed shard has would be missing from the answer, unseen
        whole = {"allow_partial_search_results": "false", "filter_path": _NEEDED}
        return self._client.request(
            "POST", f"/{self.name}/_search", body, params=whole, seconds=seconds or self._seconds
        )

    def page(
        self,
        query: DslQuery,
        *,
        sort: Sequence[Mapping[str, Any]] = (),
        start: int = 0,
        limit: int,
    ) -> list[int]:
        """Return the numbers of the records on a page of matches.

        Without a total, which ``counted`` returns: to show the first of many the index then reads only these.
        """
        return self.page_with_counts(query, {}, sort=sort, start=start, limit=limit)[0]

    def page_with_counts(
        self,
        query: DslQuery,
        counts: Mapping[str, Any],
        *,
        sort: Sequence[Mapping[str, Any]] = (),
        start: int = 0,
        limit: int,
    ) -> tuple[list[int], Mapping[str, Any]]:
        """Return a page as ``page`` does, and exact aggregations by name over all matches."""
        body: dict[str, Any] = {
            "query": query, "from": start, "size": limit, "track_total_hits": False, **_NO_SOURCE,
            "docvalue_fields": ["n"],
        }  # fmt: skip
        if sort:
            body["sort"] = list(sort)
        if counts:
            body["aggs"] = counts
        answer = self._search(body)
        return [hit["fields"]["n"][0] for hit in _hits(answer)], answer.get("aggregations", {})

    def counted(self, query: DslQuery, counts: Mapping[str, Any] | None = None) -> Counted:
        """Return how many records match, with aggregations by name over them.

        A node caches the reply as long as nothing is logged, since it has no records in it.
        """
        found = self._counted(query, counts or {})
        # a shard did not say how often it has a value that others count
        inexact = {
            name: _exactly(counts[name], each)
            for name, each in found.counts.items()
            if counts and each.get("doc_count_error_upper_bound")
        }
        if inexact:
            found = found._replace(counts={**found.counts, **self._counted(query, inexact).counts})
        return found

    def _counted(self, query: DslQuery, counts: Mapping[str, Any]) -> Counted:
        body: dict[str, Any] = {"query": query, "size": 0, "track_total_hits": True}
        if counts:
            body["aggs"] = counts
        answer = self._search(body)
        return Counted(answer["hits"]["total"]["value"], answer.get("aggregations", {}))

    def total(self, query: DslQuery) -> int:
        """Return how many records match."""
        return self.counted(query).total

    def numbers(self, query: DslQuery, most: int) -> BitMap | None:
        """Return the numbers of all matches, or None where there are more than ``most``."""
        found, after = BitMap(), 0
        while True:
            body = {
                # more than ``most`` is all there is to know, and that once: a full count costs more than a page
                "query": query, "size": _AT_ONCE, "track_total_hits": not after and most + 1, **_NO_SOURCE,
                "docvalue_fields": ["n"], "sort": [{"n": "asc"}], "search_after": [after],
            }  # fmt: skip
            answer = self._search(body)
            if not after and answer["hits"]["total"]["value"] > most:
                return None
            ns = [hit["fields"]["n"][0] for hit in _hits(answer)]
            found.update(ns)
            if len(ns) < _AT_ONCE:
                return found
            after = ns[-1]

    def nearest(self, field: str, value: Sequence[float], query: DslQuery, many: int) -> list[int]:
        """Return the numbers of some matches whose vectors lie near, ``many`` at most.

        Of few matches they are the nearest. Of many they are those that the graph of the index finds, nearly all of
        which are.
        """
        inside: DslQuery = {"bool": {"filter": [query, {"exists": {"field": field}}]}}
        if self.total(inside) <= _COMPARED:
            script = {
                "source": "knn_score", "lang": "knn",
                "params": {"field": field, "query_value": list(value), "space_type": "l2"},
            }  # fmt: skip
            return self.page({"script_score": {"query": inside, "script": script}}, limit=many)
        near = {"vector": list(value), "k": many, "filter": query}
        return self.page({"knn": {field: near}}, limit=many)

    def digests(self, after: int, last: int) -> dict[int, str]:
        """Return the digests of the records whose numbers are after one and up to another."""
        found: dict[int, str] = {}
        while True:
            body = {
                "query": {"range": {"n": {"gt": after, "lte": last}}}, "size": _AT_ONCE, **_NO_SOURCE,
                "docvalue_fields": ["n", "digest"], "sort": [{"n": "asc"}],
            }  # fmt: skip
            hits = _hits(self._search(body, WRITES_WITHIN))
            found.update((hit["fields"]["n"][0], hit["fields"]["digest"][0]) for hit in hits)
            if len(hits) < _AT_ONCE:
                return found
            after = hits[-1]["fields"]["n"][0]

    def some_numbers(self, query: DslQuery, many: int) -> list[int]:
        """Return the numbers of some matches, ascending, spread over all: the same each time."""
        chosen = {
            "function_score": {
                "query": query,
                "random_score": {"seed": 1, "field": "n"},
                # the random number alone is the score
                "boost_mode": "replace",
            }
        }
        return sorted(self.page(chosen, limit=many))


def _hits(answer: Any) -> list[Any]:
    """Return the matches in an answer, which leaves out what is empty."""
    found: list[Any] = answer.get("hits", {}).get("hits", [])
    return found


def terms_count(field: str, most: int) -> dict[str, Any]:
    """Return the aggregation that counts the values of a field, most first."""
    return {"terms": {"field": field, "size": most, "order": _ORDER}}


def _exactly(count: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the aggregation that counts exactly what one over several shards has counted roughly.

    Each shard names all values it has. Where these would be very many it counts those that were found: the numbers are
    exact then, but a value that is as frequent as the last one of them may be missing.
    """
    terms, buckets = count["terms"], found["buckets"]
    # of no other value there are more
    most = buckets[-1]["doc_count"] + found["doc_count_error_upper_bound"]
    if found["sum_other_doc_count"] > MANY_VALUES * most:
        chosen = [bucket["key"] for bucket in buckets]
        return {"terms": {**terms, "include": chosen, "shard_size": len(chosen)}}
    return {"terms": {**terms, "shard_size": _MOST_SHARD_VALUES}}
