"""Translate a selection into a query of OpenSearch.

What follows from answers or assignments is not in the index. It is looked up in the database's caches, and sent along
as a bitmap of record numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pyroaring import BitMap

from apportion.storage.sql.query.selection import (
    All,
    Between,
    Both,
    During,
    Either,
    Found,
    Having,
    Nothing,
    Plan,
    Text,
    These,
    Without,
)
from apportion.storage.sql.texts import AllTexts, AnyText, AnyWord, Near, TextNode, Words

from .mapping import LONGEST_WORD, field_name, indexed_value, indexed_word

__all__ = ["IndexedField", "QueryTranslator", "numbers_query", "text_query"]

DslQuery: TypeAlias = "dict[str, Any]"
MOST_EXPANSIONS = 10_000
"""Words that the last word of a phrase may stand for."""
MOST_VALUES = 60_000
"""Values of a field that a query may name; of more the records are looked up in the database."""
_EVERYTHING: DslQuery = {"match_all": {}}
_NOTHING: DslQuery = {"match_none": {}}


class IndexedField:
    """A field of the dataset that the index has, and the values that numbers of the counters stand for."""

    def __init__(self, name: str, values: Callable[[Sequence[int]], Sequence[str]]) -> None:
        self.name = field_name(name)
        self.values = values


class QueryTranslator:
    """Translator of selections on one dataset.

    ``indexed`` returns the field of a number, or None where the index has none; ``select`` evaluates a selection in
    the database's caches; ``expands`` says whether at most ``MOST_EXPANSIONS`` words begin like that.
    """

    def __init__(
        self,
        indexed: Callable[[int], IndexedField | None],
        select: Callable[[Plan], BitMap],
        expands: Callable[[str], bool] = lambda prefix: True,  # noqa: ARG005
    ) -> None:
        self._indexed = indexed
        self._select = select
        self._expands = expands

    def query(self, plan: Plan) -> DslQuery:
        """Return the query whose matches are those of the selection."""
        match plan:
            case All():
                return _EVERYTHING
            case Nothing():
                return _NOTHING
            # beyond the most expansions OpenSearch drops words silently, and would find too few texts
            case Text(node) if all(map(self._expands, _phrase_prefixes(node))):
                return text_query(node)
            # values that one viewer sees follow from answers, which the index does not have
            case Having(field, viewer, term_ids):
                return self._having(plan, None if viewer else self._indexed(field), term_ids)
            case Between(field):
                return self._between(plan, self._indexed(field))
            case During("event", low, high):
                return {"range": {"event": {"gte": low, "lte": high}}}
            case These(ns):
                return numbers_query(ns)
            case Found(ns):
                return numbers_query(ns)
            case Both(plans):
                return {"bool": {"filter": [self.query(each) for each in plans]}}
            case Either(plans):
                return _any_of([self.query(each) for each in plans])
            case Without(inner):
                return {"bool": {"must_not": [self.query(inner)]}}
        return numbers_query(self._select(plan))

    def _having(self, plan: Having, field: IndexedField | None, term_ids: tuple[int, ...] | None) -> DslQuery:
        if field is None or len(term_ids or ()) > MOST_VALUES:
            return numbers_query(self._select(plan))
        if term_ids is None:
            return {"exists": {"field": field.name}}
        return {"terms": {field.name: list(map(indexed_value, field.values(term_ids)))}}

    def _between(self, plan: Between, field: IndexedField | None) -> DslQuery:
        if field is None:
            return numbers_query(self._select(plan))
        low = "gte" if plan.include_low else "gt"
        high = "lte" if plan.include_high else "lt"
        limits = {low: plan.low, high: plan.high}
        # JSON has no infinity; without any limit every number matches
        known = {name: limit for name, limit in limits.items() if abs(limit) != float("inf")}
        return {"range": {field.name: known}} if known else {"exists": {"field": field.name}}


def numbers_query(ns: BitMap) -> DslQuery:
    """Return the query for records by number."""
    if not ns:
        return _NOTHING
    # a bitmap is small, and the limit on the number of terms does not apply to it
    packed = base64.b64encode(ns.serialize()).decode()
    return {"terms": {"n": [packed], "value_type": "bitmap"}}


def text_query(node: TextNode) -> DslQuery:
    """Return the query that finds the texts a node finds."""
    match node:
        case AllTexts(parts):
            return {"bool": {"filter": [text_query(part) for part in parts]}} if parts else _NOTHING
        case AnyText(parts):
            return _any_of([text_query(part) for part in parts])
        case AnyWord(found):
            return {"terms": {"words": [indexed_word(word) for word in found]}} if found else _NOTHING
        case Words(found, prefix):
            return _words(found, prefix=prefix)
        case Near(found, slop):
            return _near([indexed_word(word) for word in found], slop)


def _phrase_prefixes(node: TextNode) -> list[str]:
    """Return the beginnings of words that stand at the ends of phrases."""
    match node:
        case AllTexts(parts) | AnyText(parts):
            return [prefix for part in parts for prefix in _phrase_prefixes(part)]
        case Words(found, True) if len(found) > 1:
            return [found[-1]]
    return []


def _words(found: Sequence[str], *, prefix: bool) -> DslQuery:
    *before, last = found
    # a digest would be part of the beginning, which then no word has
    last = last[:LONGEST_WORD] if prefix else indexed_word(last)
    phrase = " ".join([*map(indexed_word, before), last])
    match bool(before), prefix:
        case False, False:
            return {"term": {"words": {"value": phrase}}}
        case False, True:
            return {"prefix": {"words": {"value": phrase}}}
        case True, False:
            return {"match_phrase": {"words": {"query": phrase, "analyzer": "at_blanks"}}}
    asked = {"query": phrase, "analyzer": "at_blanks", "max_expansions": MOST_EXPANSIONS}
    return {"match_phrase_prefix": {"words": asked}}


def _near(found: list[str], slop: int) -> DslQuery:
    """Words in any order; a word asked for twice may be the same one in the text, and then leaves more room."""
    different = list(dict.fromkeys(found))
    gaps = slop + len(found) - len(different)
    each = [{"match": {"query": word, "analyzer": "at_blanks"}} for word in different]
    if len(each) == 1:
        return {"term": {"words": {"value": different[0]}}}
    return {"intervals": {"words": {"all_of": {"intervals": each, "ordered": False, "max_gaps": gaps}}}}


def _any_of(queries: list[DslQuery]) -> DslQuery:
    # said outright, as the default depends on what stands beside ``should``
    return {"bool": {"should": queries, "minimum_should_match": 1}} if queries else _NOTHING
