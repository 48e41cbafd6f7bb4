"""Read cases: records with their slots, annotations, gold, past assignees and time spent, by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from apportion.domain.assignment.queue import Slot
from apportion.domain.assignment.rule_id import RuleId
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin, Posterior
from apportion.domain.policies import Policies
from apportion.ports.answers import THE_QUESTION
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.assignments.person_counts import CountRow, counts_of_person
from apportion.storage.sql.cases.annotation_rows import AnnotationRow
from apportion.storage.sql.cases.case_writer import StoredCase
from apportion.storage.sql.cases.slots import SLOT_COLUMNS, SlotReader
from apportion.storage.sql.codec.fragments import decode_record, decode_value
from apportion.storage.sql.codec.rule_keys import rule_keys
from apportion.storage.sql.codec.states import STATES, STATUSES
from apportion.storage.sql.connection import RawConnection
from apportion.storage.sql.dialect import Dialect

__all__ = ["CaseReader"]

_AT_ONCE = 500
_NUMBERS, _TEXTS, _BYTES = 13, 3, 3
"""Numbers of columns of each kind in every row, beside the number of its record, its table and the seconds."""

_RECORD, _SLOT, _ANNOTATION, _GOLD, _PAST, _TIME, _POSTERIOR, _COUNT = range(8)


def _part(
    table: int,
    source: str,
    numbers: str = "",
    texts: str = "",
    values: str = "",
    *,
    # With its type: the first two parts have no seconds, and two NULLs become a text in PostgreSQL
    seconds: str = "CAST(NULL AS DOUBLE PRECISION)",
    rid: str = "x.rid",
) -> str:
    """Write the statement that reads one table, with as many columns as those of the others."""
    columns = [str(table), rid, *_filled(numbers, _NUMBERS), *_filled(texts, _TEXTS)]
    return f"SELECT {', '.join([*columns, *_filled(values, _BYTES), seconds])} FROM {source}"


def _number(truth: str) -> str:
    # All parts share the columns, and in PostgreSQL a truth value is no number
    return f"CASE WHEN {truth} THEN 1 ELSE 0 END"


def _filled(columns: str, count: int) -> list[str]:
    given = columns.split(", ") if columns else []
    return given + ["NULL"] * (count - len(given))


class CaseReader:
    """Reader of the cases of one dataset, within one transaction."""

    def __init__(self, raw: RawConnection, dataset: Dataset, agents: Agents, slots: SlotReader) -> None:
        self._raw = raw
        self._dataset = dataset
        self._agents = agents
        self._slots = slots
        self.stored: dict[int, StoredCase] = {}
        """Stored form of the cases that were read, by record."""

    def read_with_counts(
        self, id: str, me: int, rules: Sequence[RuleId]
    ) -> tuple[Case | None, list[CountRow]]:
        """Return a record, and with it a person's counters and leases under these rules."""
        listed = rule_keys(self._raw.dialect, rules)
        tables = self._tables(
            _statement(*self._kind(several=False), True), (id, self._dataset.no, me, listed)
        )
        counts = [(plan, rule, no, state, n) for plan, rule, no, state, n, *_ in tables[_COUNT].get(0, ())]
        return self._from(tables).get(id), counts

    def read(self, ids: Sequence[str]) -> list[Case]:
        """Return these records in that order; those that are not there are left out."""
        whole = [id for id in ids if "\0" not in id]  # which no list of strings can hold
        found: dict[str, Case] = {}
        if len(whole) > 1:
            for start in range(0, len(whole), _AT_ONCE):
                listed = self._raw.dialect.strings(whole[start : start + _AT_ONCE])
                found |= self._cases(listed, several=True)
        # A single id is looked up by =; so is every one that a list cannot hold
        for id in ids if len(whole) <= 1 else set(ids).difference(whole):
            found |= self._cases(id, several=False)
        return [found[id] for id in ids if id in found]

    def _cases(self, wanted: Any, *, several: bool) -> dict[str, Case]:
        return self._from(self._tables(_statement(*self._kind(several)), (wanted, self._dataset.no)))

    def _kind(self, several: bool) -> tuple[Dialect, bool, bool, bool]:
        modelled = Policies.of(self._dataset.policies).modelled
        # A shared dataset has no gold: what may be there is prepared for a switch, or left over from one that failed
        return self._raw.dialect, several, self._dataset.individual, modelled

    def _tables(self, statement: str, parameters: tuple[Any, ...]) -> list[dict[int, list[Any]]]:
        """Return the rows of each table by record."""
        tables: list[dict[int, list[Any]]] = [{} for _ in range(_COUNT + 1)]
        for table, rid, *row in self._raw.execute(statement, parameters).fetchall():
            tables[table].setdefault(rid, []).append(row)
        return tables

    def _from(self, tables: Sequence[dict[int, list[Any]]]) -> dict[str, Case]:
        cases = (self._case(rid, row, tables) for rid, (row,) in tables[_RECORD].items())
        return {case.id: case for case in cases}

    def _case(self, rid: int, row: Sequence[Any], tables: Sequence[dict[int, list[Any]]]) -> Case:
        task, id = self._dataset.task, row[_NUMBERS]
        content, prediction, answer_terms = row[-4:-1]
        annotations, kept = self._annotations(tables[_ANNOTATION].get(rid, ()))
        time = [each[:3] for each in tables[_TIME].get(rid, ())]
        times: dict[int, dict[int, int]] = {}
        for no, at, ms in time:
            times.setdefault(no, {})[at] = ms
        # Whoever changes the case next needs the stored form too, and need not read it again
        self.stored[rid] = StoredCase(answer_terms, kept, times)
        return Case(
            decode_record(task, id, STATUSES[row[0]], content, prediction, None),
            rid & 0xFFFFFFFF,
            annotations,
            self._slots_of(id, tables[_SLOT].get(rid, ())),
            next(map(self._gold, tables[_GOLD].get(rid, ())), None),
            frozenset(self._agents.name(each[0]) for each in tables[_PAST].get(rid, ())),
            next(map(_posterior, tables[_POSTERIOR].get(rid, ())), None),
            self._spent(times),
        )

    def _slots_of(self, id: str, rows: Sequence[Any]) -> tuple[Slot, ...]:
        return tuple(self._slots.slots([(id, *row[: _NUMBERS + 2]) for row in rows]))

    def _annotations(self, rows: Sequence[Any]) -> tuple[dict[str, Annotation], dict[int, AnnotationRow]]:
        found: dict[str, Annotation] = {}
        kept: dict[int, AnnotationRow] = {}
        for row in rows:
            no, state, version, updated, counted = row[:5]
            value, terms, _, seconds = row[-4:]
            name = self._agents.name(no)
            decoded = None if value is None else decode_value(self._dataset.task, value)
            counts = bool(counted) and self._dataset.individual
            found[name] = Annotation(name, STATES[state], decoded, version, updated, seconds, counts)
            kept[no] = AnnotationRow(state, value, version, terms, seconds, counted)
        return found, kept

    def _gold(self, row: Sequence[Any]) -> GoldValue:
        (version, at), (origin, author, reason), value = row[:2], row[_NUMBERS : _NUMBERS + 3], row[-4]
        decoded = None if value is None else decode_value(self._dataset.task, value)
        return GoldValue(decoded, Origin(origin), author, reason, version, at)

    def _spent(self, times: dict[int, dict[int, int]]) -> dict[str, float]:
        """Return the seconds that each person has spent on the record so far, drafts included."""
        total = {no: sum(those.values()) for no, those in times.items()}
        return {self._agents.name(no): ms / 1000 for no, ms in total.items() if ms > 0}


def _posterior(row: Sequence[Any]) -> Posterior:
    model, answers, labels = row[_NUMBERS : _NUMBERS + 3]
    return Posterior(model, msgspec.json.decode(answers), msgspec.json.decode(labels))


@cache
def _statement(dialect: Dialect, several: bool, gold: bool, posteriors: bool, counts: bool = False) -> str:
    """Write the statement for one id, or for a list of ids, as its first parameter; the second is the dataset.

    With ``counts`` the third is a person, and the fourth the rules whose counters are read.
    """
    given = f"{dialect.listed_strings('given', '?1')} {dialect.then_join} records r ON r.id = given.value"
    source = f"{given} WHERE r.dataset = ?2" if several else "records r WHERE r.dataset = ?2 AND r.id = ?1"
    mine = "x.rid IN (SELECT rid FROM wanted)" if several else "x.rid = (SELECT rid FROM wanted)"
    numbers, texts = SLOT_COLUMNS
    # One statement instead of eight, for the round trips. Records and slots first: between them they have a
    # value in nearly every column, which gives it the type that PostgreSQL wants in all other parts
    parts = [
        _part(
            _RECORD, f"records x WHERE {mine}", "x.status", "x.id", "x.content, x.prediction, x.answer_terms"
        ),
        _part(
            _SLOT,
            f"slots x LEFT JOIN declined d ON d.slot = x.no WHERE {mine}",
            ", ".join(
                (*(_number("x.pull") if name == "pull" else f"x.{name}" for name in numbers), "d.annotator")
            ),
            ", ".join(f"x.{name}" for name in texts),
        ),
        _part(
            _ANNOTATION,
            f"annotations x WHERE {mine}",
            f"x.annotator, x.state, x.version, x.updated, {_number('x.counted')}",
            values="x.value, x.terms",
            seconds="x.seconds",
        ),
        _part(_PAST, f"past_assignees x WHERE {mine}", "x.annotator"),
        _part(_TIME, f"time_spent x WHERE {mine}", "x.annotator, x.at, x.ms"),
    ]
    if gold:
        gold_texts = "x.origin, x.author, x.reason"
        parts.append(_part(_GOLD, f"gold x WHERE {mine}", "x.version, x.at", gold_texts, "x.value"))
    if posteriors:
        asked = f"posteriors x WHERE {mine} AND x.question = '{THE_QUESTION}'"
        parts.append(_part(_POSTERIOR, asked, texts="x.model, x.answers, x.labels"))
    if counts:
        read = f"({counts_of_person(dialect, '?2', '?3', '?4')}) AS x"
        parts.append(_part(_COUNT, read, "x.plan, x.rule, x.annotator, x.state, x.n", rid="0"))
    # Materialized: each of the parts would look the id up again
    found = f"WITH wanted (rid) AS MATERIALIZED (SELECT r.rid FROM {source}) "
    return found + " UNION ALL ".join(parts)
