"""Derive from a dataset's rows the terms of each record and its resolved view.

The write path keeps all this up to date with each change; here it is computed from the beginning, to check the one
against the other and to rebuild it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from apportion.domain.datasets import Dataset
from apportion.domain.individual.record_view import ResolvedView, build_view
from apportion.domain.policies import Policies
from apportion.domain.records import AgentValues, Record
from apportion.domain.terms import Term, answer_terms, view_terms
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.answers.annotations import SqlAnnotations
from apportion.storage.sql.assignments.assignments import SqlAssignments
from apportion.storage.sql.codec.encode_records import EncodedRow, encode_records
from apportion.storage.sql.codec.fragments import decode_record, encode_view
from apportion.storage.sql.codec.states import STATE_NO, STATUS_OF, STATUSES
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.feed import OwnWorld
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.operations.events import SqlEvents
from apportion.vocabulary import Status

__all__ = ["COUNTS", "WAITING", "Derivation", "Derived"]

AT_ONCE = 1_000

_UNANSWERED = ResolvedView(Status.DEFAULT)
"""The view of a record about which nobody has said anything, whatever the policies and the slots."""

WAITING = (
    "SELECT dataset, annotator, behind, due, priority, no FROM slots WHERE state IN "
    f"({', '.join(str(no) for state, no in STATE_NO.items() if state.value in ('pending', 'leased'))})"
)
"""The rows of ``waiting`` as they follow from the slots."""

COUNTS = "SELECT dataset, plan, rule, annotator, state, count(*) FROM slots {} GROUP BY 1, 2, 3, 4, 5"
"""The rows of ``slot_counts`` as they follow from the slots; with a place for a condition."""


@dataclass(slots=True)
class Derived:
    """All that follows from one record and its annotations."""

    rid: int
    ready: EncodedRow
    status: Status
    answer: bytes | None
    terms: list[Term]
    """Terms of the status and the annotation in the resolved view."""
    own: dict[int, list[Term]]
    """Terms in the view of each annotator, by number."""

    @property
    def n(self) -> int:
        """The record's number within its dataset."""
        return self.rid & 0xFFFFFFFF


class Derivation:
    """Derivation of a dataset, some records at a time, within one transaction."""

    def __init__(self, connection: SqlConnection, dataset: Dataset) -> None:
        agents, registry = Agents(connection.raw), TermRegistry()

        def nobody(*_: Any) -> None:
            """Ignore changes: nothing is written, so no cache has to follow."""

        assignments = SqlAssignments(
            connection, registry=registry, agents=agents, publish=nobody, plan_cache={}
        )
        self._raw = connection.raw
        self._agents = agents
        self._dataset = dataset
        self._policies = Policies.of(dataset.policies)
        self._annotations = SqlAnnotations(
            connection,
            registry=registry,
            agents=agents,
            assignments=assignments,
            publish=nobody,
            feed=OwnWorld(),
            events=SqlEvents(connection),
        )

    def records(
        self, failed: Callable[[int, Exception], None], *, at_once: int = AT_ONCE
    ) -> Iterator[list[Derived]]:
        """Yield every record in the order of numbers, ``at_once`` of them at a time.

        ``failed`` is called for those that cannot be read.
        """
        after, end = self._dataset.no << 32, (self._dataset.no + 1) << 32
        # Part by part, not by one cursor: whoever derives again writes to the table meanwhile
        while rows := self._raw.execute(
            "SELECT rid, id, status, content, prediction, answer FROM records "
            "WHERE rid >= ? AND rid < ? ORDER BY rid LIMIT ?",
            (after, end, at_once),
        ).fetchall():
            yield self._some(rows, failed)
            after = rows[-1][0] + 1

    def _some(
        self, rows: Sequence[tuple[Any, ...]], failed: Callable[[int, Exception], None]
    ) -> list[Derived]:
        try:
            return self._derive(rows)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as failure:
            if len(rows) == 1:
                failed(rows[0][0], failure)
                return []
        # One of many cannot be read: one by one, so that only that one is reported
        return [each for row in rows for each in self._some([row], failed)]

    def _derive(self, rows: Sequence[tuple[Any, ...]]) -> list[Derived]:
        dataset = self._dataset
        individual = dataset.individual
        # In an individual dataset the row's answer follows from annotations: it is computed below, never read
        records = [
            decode_record(
                dataset.task, id, STATUSES[status], content, prediction, None if individual else answer
            )
            for _, id, status, content, prediction, answer in rows
        ]
        ready = encode_records(dataset.task, records)
        if not individual:
            return [
                Derived(row[0], each, each.status, row[5], each.answer_terms, {})
                for row, each in zip(rows, ready, strict=True)
            ]
        answered = self._answered(rows[0][0], rows[-1][0])
        case_of = {
            case.id: case
            for case in self._annotations.cases(dataset, [row[1] for row in rows if row[0] in answered])
        }
        found = []
        for row, each, record in zip(rows, ready, records, strict=True):
            if row[0] not in answered:
                terms = view_terms(record, _UNANSWERED)
                found.append(Derived(row[0], each, _UNANSWERED.status, None, terms, {}))
                continue
            case = case_of[row[1]]
            view = build_view(case, rule=self._policies.resolution, required=self._policies.required)
            of = partial(self._own_terms, record)
            own = {self._agents.number(name): of(name, answer) for name, answer in case.annotations.items()}
            terms = view_terms(case.record, view)
            found.append(Derived(row[0], each, view.status, encode_view(dataset.task, view), terms, own))
        return found

    def _answered(self, first: int, last: int) -> set[int]:
        """Return those records of a range about which anybody has said anything."""
        between = "rid BETWEEN ? AND ?"
        rows = self._raw.execute(
            f"SELECT rid FROM annotations WHERE {between} UNION SELECT rid FROM gold WHERE {between}",
            (first, last, first, last),
        )
        return {rid for (rid,) in rows.fetchall()}

    @staticmethod
    def _own_terms(record: Record, name: str, answer: Any) -> list[Term]:
        answers = None if answer.value is None else AgentValues(name, {name: answer.value})
        return answer_terms(record, STATUS_OF[answer.state], answers)
