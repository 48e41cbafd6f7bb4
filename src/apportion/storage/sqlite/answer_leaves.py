"""Leaves of a query that ask who answered what: they are looked up in the annotations themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Sequence

from apportion.domain.agreement.measures import kind_of
from apportion.domain.consensus.answers import UNUSABLE, given
from apportion.domain.datasets import Dataset
from apportion.domain.query import field_regex
from apportion.ports.records import Criteria
from apportion.vocabulary import AnnotationState

from .annotating import STATES
from .encoding import decode_value
from .plans import Nothing, Plan, These

__all__ = ["AnsweredLeaves"]

_DISCARDED = STATES.index(AnnotationState.DISCARDED)
_SUBMITTED = STATES.index(AnnotationState.SUBMITTED)


class AnsweredLeaves:
    """Answers of one dataset as a query may ask for them. Who annotates blind knows of nobody's but their own."""

    def __init__(self, raw: sqlite3.Connection, dataset: Dataset, criteria: Criteria) -> None:
        self._raw = raw
        self._dataset = dataset
        self._criteria = criteria
        self._bounds = (dataset.no << 32, dataset.no + 1 << 32)

    def viewers(self, name: str) -> list[int]:
        """The numbers of the people meant by a name, by ``me``, or by a name with stars."""
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
        return [no for no, each in found if not self._criteria.alone or each == me]

    def disagree(self, names: Sequence[str]) -> Plan:
        """Records on which these people's answers are not all the same; of one person: theirs and anybody's."""
        if self._criteria.alone:
            return Nothing()
        people = sorted({no for name in names for no in self.viewers(name)})
        several = len(set(names)) > 1
        if not people or (several and len(people) < 2):
            return Nothing()
        whose = f"AND annotator IN ({', '.join('?' * len(people))})" if several else ""
        rows = self._raw.execute(
            "SELECT rid & 4294967295, annotator, state, value FROM annotations WHERE rid >= ? AND rid < ? "
            f"AND counted AND state IN ({_SUBMITTED}, {_DISCARDED}) {whose} ORDER BY rid",
            (*self._bounds, *(people if several else ())),
        )
        told: dict[tuple[int, bytes | None], Hashable] = {}
        said: dict[int, set[Hashable]] = {}
        theirs: set[int] = set()
        for n, annotator, state, value in rows:
            key = (state, value)
            if key not in told:
                told[key] = self._meaning(state, value)
            said.setdefault(n, set()).add(told[key])
            if annotator in people:
                theirs.add(n)
        found = frozenset(n for n, meanings in said.items() if len(meanings) > 1 and n in theirs)
        return These(found) if found else Nothing()

    def _meaning(self, state: int, value: bytes | None) -> Hashable:
        if state == _DISCARDED or value is None:
            return UNUSABLE
        kind = kind_of(self._dataset.task, multi_label=bool(self._dataset.multi_label))
        return given(decode_value(self._dataset.task, value), kind)

    def during(self, low: int, high: int) -> Plan:
        """Records whose last answer that counts was given in a time; both ends belong to it."""
        if self._criteria.alone:
            return Nothing()
        rows = self._raw.execute(
            "SELECT rid & 4294967295 FROM annotations WHERE rid >= ? AND rid < ? AND counted "
            f"AND state = {_SUBMITTED} GROUP BY rid HAVING max(updated) BETWEEN ? AND ?",
            (*self._bounds, low, high),
        ).fetchall()
        return These(frozenset(n for (n,) in rows)) if rows else Nothing()
