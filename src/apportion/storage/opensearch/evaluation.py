"""Evaluate what an index does not know: records are tested one by one, and answers are looked up in the caches."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import islice

from pyroaring import BitMap

from apportion.storage.sql.query.accelerator import SearchQuestion
from apportion.storage.sql.query.evaluation import MOST_CHECKS, Evaluation
from apportion.storage.sql.query.selection import (
    Both,
    Check,
    Either,
    Found,
    Having,
    Plan,
    Text,
    These,
    Without,
    too_costly,
)

from .dsl import MOST_EXPANSIONS, DslQuery, IndexedField, QueryTranslator
from .index_query import IndexQuery
from .mapping import indexed_fields

__all__ = ["QuestionTranslator"]


class QuestionTranslator:
    """Translator of the selection of one search into a query of an index."""

    def __init__(self, question: SearchQuestion, index: IndexQuery) -> None:
        self._question = question
        self._raw = question.connection.raw
        self._index = index
        rows = self._raw.execute(
            "SELECT no, name, kind FROM fields WHERE dataset = ?", (question.dataset.no,)
        ).fetchall()
        kinds = indexed_fields({name: kind for _, name, kind in rows})
        self.kinds = {name: kind for _, name, kind in rows}
        self.numbers_of_fields = {name: no for no, name, _ in rows}
        self._fields = {no: IndexedField(name, self._values) for no, name, _ in rows if name in kinds}
        self._translator = QueryTranslator(self._fields.get, self._select, self._expands)
        documents = question.searcher.records.documents
        # in the caches all of a selection is evaluated; for the index, texts are left to it
        self._plain = Evaluation(question.connection, question.cache, documents)
        self._evaluation = _IndexEvaluation(question.connection, question.cache, documents)
        self._evaluation.matches = self._matches

    def query(self) -> DslQuery:
        """Return the query whose matches are what is searched for."""
        with self._question.connection.deadline.query():
            return self._translator.query(self._evaluation.prepared(self._plan))

    def numbers(self) -> BitMap | None:
        """Return the matches where all of the selection follows from answers and assignments, else None."""
        with self._question.connection.deadline.query():
            return self._select(self._plan) if self._is_of_answers(self._plan) else None

    @cached_property
    def _plan(self) -> Plan:
        return self._question.searcher.selection(self._question.criteria)

    def _is_of_answers(self, plan: Plan) -> bool:
        match plan:
            case Having(field, viewer):
                return bool(viewer) or field not in self._fields
            case Both(plans) | Either(plans):
                return all(map(self._is_of_answers, plans))
            case Without(inner):
                return self._is_of_answers(inner)
        return False

    def _values(self, term_ids: Iterable[int]) -> list[str]:
        sql = self._raw.dialect
        rows = self._raw.execute(
            f"SELECT value FROM vals WHERE {sql.in_numbers('vid')}", (sql.numbers(term_ids),)
        )
        return [value for (value,) in rows]

    def _select(self, plan: Plan) -> BitMap:
        question = self._question
        prepared = self._plain.prepared(plan)
        with question.cache.held(question.connection, question.connection.deadline):
            return BitMap(self._plain.select(prepared))

    def _expands(self, prefix: str) -> bool:
        texts = self._raw.dialect.texts(self._raw, self._question.dataset.no)
        found = texts.words_between(prefix, prefix + "\U0010ffff")
        # no further: of a single letter there may be all the words of a large dataset
        return sum(1 for _ in islice(found, MOST_EXPANSIONS + 1)) <= MOST_EXPANSIONS

    def _matches(self, plan: Plan) -> BitMap | int:
        query = self._translator.query(plan)
        found = self._index.numbers(query, MOST_CHECKS)
        # more than can be tested: how many they are is for the message
        return self._index.total(query) if found is None else found


class _IndexEvaluation(Evaluation):
    """Evaluation of those parts of a selection that are tests of single records; texts are left to the index."""

    matches: object = None

    def prepared(self, plan: Plan) -> Plan:
        return plan if isinstance(plan, Text | These) else super().prepared(plan)

    def _checked(self, among: Plan, check: Check) -> Found:
        assert callable(self.matches)
        ns = self.matches(Both((among, self.prepared(check.candidates))))
        if isinstance(ns, int):
            raise too_costly(
                f"one part of it can only be answered by reading {ns:,} records one by one, more than "
                f"{MOST_CHECKS:,}; add a word or a filter that narrows the search"
            )
        return Found(BitMap(doc.n for doc in self._deadline.those(self._read(ns), check.test)))
