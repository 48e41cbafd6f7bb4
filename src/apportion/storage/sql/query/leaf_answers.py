"""Leaves of a query about people's answers, looked up in the annotations themselves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from pyroaring import BitMap

from apportion.domain.agreement.measures import kind_of
from apportion.domain.assignment.states import RowState
from apportion.domain.consensus.answers import UNUSABLE, given, labels_of
from apportion.domain.datasets import Dataset
from apportion.domain.query import Phrase, Term, field_regex
from apportion.ports.deadline import Deadline
from apportion.ports.records import Criteria
from apportion.storage.sql.codec.fragments import decode_value
from apportion.storage.sql.codec.states import DEPENDS, STATE_NO, STATES
from apportion.storage.sql.connection import RawConnection
from apportion.vocabulary import AnnotationState

from .bounds import time_bounds
from .predicates import Leaf, word_test
from .selection import Nothing, Plan, These

__all__ = ["AnsweredLeaves"]

_DISCARDED = STATES.index(AnnotationState.DISCARDED)
_SUBMITTED = STATES.index(AnnotationState.SUBMITTED)
_COMPARED = (
    f"rid >= ?1 AND rid < ?2 AND counted AND state = {_SUBMITTED} AND (rid, annotator) NOT IN "
    f"(SELECT rid, annotator FROM slots WHERE dataset = ?3 AND {DEPENDS} "
    f"AND state = {STATE_NO[RowState.DONE]})"
)
"""Condition for annotations that agreement compares, with places for the least ``rid``, the one after the largest, and
the dataset. The same as in ``SqlAnswerReader.columns``."""


class AnsweredLeaves:
    """Compiler of leaves on the answers of one dataset. Who annotates blind finds nobody's but their own."""

    def __init__(self, raw: RawConnection, dataset: Dataset, criteria: Criteria, deadline: Deadline) -> None:
        self._raw = raw
        self._dataset = dataset
        self._criteria = criteria
        self._deadline = deadline
        self._bounds = (dataset.no << 32, dataset.no + 1 << 32)

    def viewers(self, name: str) -> list[int]:
        """Return the numbers of the people meant by a name, by ``me``, or by a name with stars."""
        me = self._criteria.me
        if name == "me" and me is not None:
            name = me
        if "*" in name:
            fits = field_regex(name).fullmatch
            rows = self._raw.execute(
                "SELECT no, name FROM agents WHERE no IN (SELECT v.viewer FROM fields f JOIN vals v ON v.field = f.no "
                "WHERE f.dataset = ? AND f.name = 'annotated_as')",
                (self._dataset.no,),
            ).fetchall()
            found = [(no, each) for no, each in rows if fits(each)]
        else:
            found = self._raw.execute("SELECT no, name FROM agents WHERE name = ?", (name,)).fetchall()
        # Who annotates blind must not find out what others answered
        return [no for no, each in found if not self._criteria.alone or each == me]

    def disagree(self, names: Sequence[str]) -> Plan:
        """Find records on which these people's answers differ; for one person: where theirs and any other differ."""
        if self._criteria.alone:
            return Nothing()
        people = sorted({no for name in names for no in self.viewers(name)})
        several = len(set(names)) > 1
        if not people or (several and len(people) < 2):
            return Nothing()
        sql = self._raw.dialect
        # Of one person everybody's answers are needed, to compare theirs with
        whose = f"AND {sql.in_numbers('annotator')}" if several else ""
        rows = self._raw.execute(
            "SELECT rid & 4294967295, annotator, state, value FROM annotations WHERE rid >= ? AND rid < ? "
            f"AND counted AND state IN ({_SUBMITTED}, {_DISCARDED}) {whose} ORDER BY rid",
            (*self._bounds, *([sql.numbers(people)] if several else ())),
        )
        decoded: dict[tuple[int, bytes | None], Hashable] = {}  # equal fragments are decoded once
        answers: dict[int, set[Hashable]] = {}
        answered: set[int] = set()
        for n, annotator, state, value in self._deadline.each(rows):
            key = (state, value)
            if key not in decoded:
                decoded[key] = self._meaning(state, value)
            answers.setdefault(n, set()).add(decoded[key])
            if annotator in people:
                answered.add(n)
        found = BitMap(n for n, meanings in answers.items() if len(meanings) > 1 and n in answered)
        return These(found) if found else Nothing()

    def _meaning(self, state: int, value: bytes | None) -> Hashable:
        if state == _DISCARDED or value is None:
            return UNUSABLE
        # Compared by what they mean, as agreement compares them, not by how they were sent
        kind = kind_of(self._dataset.task, multi_label=bool(self._dataset.multi_label))
        return given(decode_value(self._dataset.task, value), kind)

    def during(self, low: int, high: int) -> Plan:
        """Find records whose last answer that counts was given in a period; both ends belong to it."""
        if self._criteria.alone:
            return Nothing()
        rows = self._raw.execute(
            "SELECT rid & 4294967295 FROM annotations WHERE rid >= ? AND rid < ? AND counted "
            f"AND state = {_SUBMITTED} GROUP BY rid HAVING max(updated) BETWEEN ? AND ?",
            (*self._bounds, low, high),
        ).fetchall()
        return These(BitMap(n for (n,) in rows)) if rows else Nothing()

    # What agreement compares: answers that count and were not asked for because of others, where there are two

    def on_compared(self, name: str, leaf: Leaf) -> Plan:
        """Find records on which agreement compares answers, by person, by label, or by the time of the last one."""
        if name == "compared.at":
            return self.compared_during(*time_bounds(name, leaf))
        if name == "compared.label":
            return self.compared_as(word_test(leaf, exact=True))
        return self.compared(leaf.text) if isinstance(leaf, Term | Phrase) else Nothing()

    def compared(self, name: str | None = None) -> Plan:
        """Find records on which agreement compares answers; with a name, those with an answer of that person."""
        if name is None:
            return self._found(f"SELECT rid & 4294967295 FROM ({self._shared()}) AS found")
        sql = self._raw.dialect
        return self._found(
            f"SELECT rid & 4294967295 FROM annotations WHERE {_COMPARED} AND rid IN ({self._shared()}) "
            f"AND {sql.in_numbers('annotator', '?4')}",
            sql.numbers(self.viewers(name)),
        )

    def compared_during(self, low: int, high: int) -> Plan:
        """Find records whose last answer that agreement compares was given in a period; both ends belong to it."""
        last = self._shared("AND max(updated) BETWEEN ?4 AND ?5")
        return self._found(f"SELECT rid & 4294967295 FROM ({last}) AS found", low, high)

    def compared_as(self, fits: Callable[[str], bool]) -> Plan:
        """Find records on which one of the answers that agreement compares has such a label."""
        if self._criteria.alone:
            return Nothing()
        kind = kind_of(self._dataset.task, multi_label=bool(self._dataset.multi_label))
        meant: dict[bytes, bool] = {}
        found = BitMap()
        rows = self._raw.execute(
            f"SELECT rid & 4294967295, value FROM annotations WHERE {_COMPARED} AND rid IN ({self._shared()})",
            (*self._bounds, self._dataset.no),
        )
        for n, value in self._deadline.each(rows):
            if value not in meant:
                answer = given(None if value is None else decode_value(self._dataset.task, value), kind)
                meant[value] = any(map(fits, labels_of(answer, kind)))
            if meant[value]:
                found.add(n)
        return These(found) if found else Nothing()

    def _shared(self, having: str = "") -> str:
        return f"SELECT rid FROM annotations WHERE {_COMPARED} GROUP BY rid HAVING count(*) > 1 {having}"

    def _found(self, select: str, *values: object) -> Plan:
        if self._criteria.alone:
            return Nothing()
        rows = self._raw.execute(select, (*self._bounds, self._dataset.no, *values)).fetchall()
        return These(BitMap(n for (n,) in rows)) if rows else Nothing()
