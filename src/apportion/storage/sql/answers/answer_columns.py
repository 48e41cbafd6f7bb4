"""``ports.answers.AnswerReader`` in SQL: answers of all people as columns."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

import numpy as np

from apportion.domain.agreement.measures import AnswerKind, kind_of
from apportion.domain.assignment.states import Phase, RowState
from apportion.domain.consensus.answers import Given, given
from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Origin
from apportion.domain.policies import Policies
from apportion.ports.answers import (
    THE_QUESTION,
    AnswerColumns,
    AnswerTable,
    CheckResult,
    ColumnNames,
    DisputedRecord,
    RecordAnswers,
    SavedPosterior,
    StoredGold,
)
from apportion.spans import SpanError, token_offsets
from apportion.storage.sql.agents import Agents
from apportion.storage.sql.codec.fragments import decode_content, decode_value
from apportion.storage.sql.codec.states import DEPENDS, STATE_NO, STATES
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.fields import Numbers
from apportion.vocabulary import AnnotationState, HistoryReason

__all__ = ["SqlAnswerReader"]

_DISCARDED = STATES.index(AnnotationState.DISCARDED)
_SUBMITTED = STATES.index(AnnotationState.SUBMITTED)
_CHECK = tuple(Phase).index(Phase.CHECK)
_WORDS = tuple(state.value for state in STATES)
_FEW = 20_000
"""Up to so many records are looked up one by one; for more it is faster to read the answers of all."""
_COUNTED = "rid >= ? AND rid < ? AND counted AND state = ?"


class SqlAnswerReader:
    """Answers as columns, within one snapshot."""

    def __init__(self, connection: SqlConnection, agents: Agents) -> None:
        self._raw = connection.raw
        self._sql = connection.raw.dialect
        self._agents = agents

    def columns(
        self, dataset: Dataset, *, within: Collection[int] | None = None, times: bool = False
    ) -> AnswerColumns:
        kind = kind_of(dataset.task, multi_label=bool(dataset.multi_label))
        few = within if within is not None and len(within) <= _FEW else None
        # The index has one row a label: neither times nor which labels were one answer
        quick = kind is AnswerKind.LABEL and not times and few is None
        record, who, value, values, at = self._labels(dataset) if quick else self._any(dataset, kind, few)
        if within is not None:
            inside = np.isin(record, np.fromiter(within, dtype=np.int64, count=len(within)))
            record, who, value = record[inside], who[inside], value[inside]
            at = None if at is None else at[inside]
            given, value = np.unique(value, return_inverse=True)
            values = [values[code] for code in given.tolist()]  # no others come up in these records
        people, codes = np.unique(who, return_inverse=True)
        names = [self._agents.name(no) for no in people.tolist()]
        # By name: numbers of people differ from store to store, and what is computed must not depend on them
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names), dtype=np.int64)
        place[order] = np.arange(len(names))
        return AnswerColumns(
            record,
            place[codes] if len(names) else codes,
            value,
            sorted(names),
            values,
            at if times else None,
            self._independent(dataset, record, who, few),
        )

    def _labels(self, dataset: Dataset) -> tuple[Numbers, Numbers, Numbers, list[Given], None]:
        """Read single labels from the index of each person's own view: many times faster than reading values."""
        bounds, sql = (dataset.no << 32, dataset.no + 1 << 32), self._sql
        # One row per label instead of one per answer: each step of a statement waits for the interpreter lock. It
        # starts at the values, of which there are few, not at the facet rows
        rows = self._raw.execute(
            f"SELECT v.viewer, v.value, {sql.packed('f.key & 4294967295')} FROM fields d JOIN vals v "
            f"ON v.field = d.no {sql.then_facets} "
            # Viewer 0 is the resolved view, which is nobody's answer
            "WHERE d.dataset = ? AND d.name = 'annotated_as' AND v.viewer > 0 AND v.n > 0 GROUP BY v.vid",
            (dataset.no,),
        ).fetchall()
        values: list[Given] = list(dict.fromkeys(sorted(label for _, label, _ in rows)))
        place = {label: code for code, label in enumerate(values)}
        parts = [sql.unpacked(packed, np.int64) for _, _, packed in rows]
        sizes = [len(part) for part in parts]
        record = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        who = np.repeat(np.array([viewer for viewer, _, _ in rows], dtype=np.int64), sizes)
        value = np.repeat(np.array([place[label] for _, label, _ in rows], dtype=np.int64), sizes)
        # The index has drafts and answers that do not count, too; record and annotator packed into one number are
        # compared in one pass
        (packed,) = self._raw.execute(
            f"SELECT {self._pairs()} FROM annotations "
            f"WHERE rid >= ? AND rid < ? AND NOT (counted AND state = {_SUBMITTED})",
            bounds,
        ).fetchone()
        others = sql.unpacked(packed, np.int64)
        if others.size:
            keep = ~np.isin(record << 24 | who, others)
            record, who, value = record[keep], who[keep], value[keep]
        return record, who, value, values, None

    def _pairs(self) -> str:
        return self._sql.packed("(rid & 4294967295) << 24 | annotator")

    def _any(
        self, dataset: Dataset, kind: AnswerKind, few: Collection[int] | None
    ) -> tuple[Numbers, Numbers, Numbers, list[Given], Numbers]:
        columns = "rid & 4294967295, annotator, annotations.value, updated"
        if few is None:
            bounds = (dataset.no << 32, dataset.no + 1 << 32, _SUBMITTED)
            cursor = self._raw.execute(f"SELECT {columns} FROM annotations WHERE {_COUNTED}", bounds)
        else:
            cursor = self._raw.execute(
                f"SELECT {columns} FROM {self._wanted()} annotations ON rid = wanted.value "
                "WHERE counted AND state = ?",
                (self._rids(dataset, few), _SUBMITTED),
            )
        numbers: list[tuple[int, int, int, int]] = []
        # Equal fragments are decoded once; different ones may still mean the same answer, hence two tables
        code_of: dict[bytes | None, int] = {}
        values: dict[Given, int] = {}
        for record, annotator, stored, updated in cursor:
            code = code_of.get(stored)
            if code is None:
                found = given(None if stored is None else decode_value(dataset.task, stored), kind)
                code = code_of[stored] = values.setdefault(found, len(values))
            numbers.append((record, annotator, code, updated))
        table = np.array(numbers, dtype=np.int64).reshape(-1, 4)
        return table[:, 0], table[:, 1], table[:, 2], list(values), table[:, 3]

    def _independent(
        self, dataset: Dataset, record: Numbers, who: Numbers, few: Collection[int] | None
    ) -> Numbers | None:
        packing = f"SELECT {self._pairs()} FROM"
        # Answers given in the light of others' answers would bias agreement
        done = f"{DEPENDS} AND slots.state = {STATE_NO[RowState.DONE]}"
        if few is None:
            found = self._raw.execute(f"{packing} slots WHERE dataset = ? AND {done}", (dataset.no,))
        else:
            wanted = f"{packing} {self._wanted()} slots ON rid = wanted.value WHERE {done}"
            found = self._raw.execute(wanted, (self._rids(dataset, few),))
        (packed,) = found.fetchone()
        dependent = self._sql.unpacked(packed, np.int64)
        return ~np.isin(record << 24 | who, dependent) if dependent.size else None

    def _wanted(self) -> str:
        """Write the wanted records first in a join: their answers are looked up one by one."""
        return f"{self._sql.listed_numbers('wanted')} {self._sql.then_join}"

    def _rids(self, dataset: Dataset, numbers: Iterable[int]) -> Any:
        return self._sql.numbers(dataset.no << 32 | n for n in numbers)

    def ids(self, dataset: Dataset, numbers: Iterable[int]) -> list[str]:
        wanted = list(numbers)
        found: dict[int, str] = {}
        for start in range(0, len(wanted), 5_000):
            rows = self._raw.execute(
                f"SELECT rid & 4294967295, id FROM records WHERE {self._sql.in_numbers('rid')}",
                (self._rids(dataset, wanted[start : start + 5_000]),),
            )
            found.update(rows.fetchall())
        return [found[n] for n in wanted if n in found]

    def texts(
        self, dataset: Dataset, numbers: Iterable[int]
    ) -> dict[int, tuple[int, list[tuple[int, int]] | None]]:
        found: dict[int, tuple[int, list[tuple[int, int]] | None]] = {}
        remaining = iter(numbers)
        while part := list(islice(remaining, 1_000)):
            for n, content in self._raw.execute(
                f"SELECT rid & 4294967295, content FROM records WHERE {self._sql.in_numbers('rid')}",
                (self._rids(dataset, part),),
            ).fetchall():
                found[n] = _extent(decode_content(content))
        return found

    def disputed(
        self,
        dataset: Dataset,
        *,
        within: Collection[int] | None,
        after: tuple[float, int] | None,
        limit: int,
    ) -> tuple[int, list[DisputedRecord]]:
        rows = self._raw.execute(
            "SELECT v.value, f.key & 4294967295 FROM fields d JOIN vals v ON v.field = d.no AND v.viewer = 0 "
            f"{self._sql.then_facets} "
            # Values have three digits each, so as texts they are in order, and 1.000 is not below '1'
            "WHERE d.dataset = ? AND d.name = 'agreement' AND v.n > 0 AND v.value < '1' ORDER BY v.value, f.key",
            (dataset.no,),
        ).fetchall()
        meant = None if within is None else frozenset(within)
        found = [(float(value), n) for value, n in rows if meant is None or n in meant]
        page = [each for each in found if after is None or each > after][:limit]
        ids = dict(zip((n for _, n in page), self.ids(dataset, [n for _, n in page]), strict=True))
        return len(found), [DisputedRecord(ids[n], n, value) for value, n in page]

    def answers_for(self, dataset: Dataset, numbers: Sequence[int]) -> RecordAnswers:
        base = dataset.no << 32
        # The index within the list comes back as ``wanted.key``: callers align answers by it without another look-up
        rids = (self._rids(dataset, numbers),)
        wanted = f"FROM {self._wanted()}"
        # In a shared dataset nothing counts yet; what may be staged for a migration must not be seen
        counted = "CASE WHEN x.counted THEN 1 ELSE 0 END" if dataset.individual else "0"
        rows = self._raw.execute(
            f"SELECT wanted.key << 32 | x.annotator << 8 | x.state << 1 | {counted}, x.value, x.version, x.seconds, "
            f"x.updated {wanted} annotations x ON x.rid = wanted.value "
            f"WHERE x.state IN ({_SUBMITTED}, {_DISCARDED})",
            rids,
        ).fetchall()
        rows.sort(key=itemgetter(0))  # which they mostly are, as the list is run through in its order
        gold: dict[int, StoredGold] = {}
        some_gold = "SELECT 1 FROM gold WHERE rid >= ? AND rid < ? LIMIT 1"
        if dataset.individual and self._raw.execute(some_gold, (base, base + (1 << 32))).fetchone():
            for place, *kept in self._raw.execute(
                "SELECT wanted.key, x.value, x.origin, x.author, x.reason, x.version, x.at "
                f"{wanted} gold x ON x.rid = wanted.value",
                rids,
            ):
                gold[place] = StoredGold(*kept)
        posteriors: dict[int, SavedPosterior] = {}
        policies = Policies.of(dataset.policies)
        if policies.modelled:
            model = str(policies.resolution)
            for place, answers, labels in self._raw.execute(
                f"SELECT wanted.key, x.answers, x.labels {wanted} posteriors x ON x.rid = wanted.value "
                "AND x.question = ? AND x.model = ?",
                (*rids, THE_QUESTION, model),
            ):
                given_labels, chances = json.loads(answers), json.loads(labels)
                posteriors[place] = SavedPosterior(numbers[place], model, given_labels, chances)
        return RecordAnswers(self._answer_table(rows), gold, posteriors)

    def _answer_table(self, rows: Sequence[tuple[Any, ...]]) -> AnswerTable:
        if not rows:
            return AnswerTable()
        # One number instead of four: the cost of reading is the number of values. Databases evaluate << and | from left
        # to right, so that from the right they are: counted, a bit; state, 8; annotator, 32; then the index
        numbers, value, version, seconds, at = zip(*rows, strict=True)
        packed = np.array(numbers, dtype=np.int64)
        annotators = (packed >> 9 & 0xFFFFFFFF).tolist()
        names = {no: self._agents.name(no) for no in set(annotators)}
        return AnswerTable(
            (packed >> 41).tolist(),
            [names[no] for no in annotators],
            [_WORDS[no] for no in (packed >> 1 & 0xFF).tolist()],
            value,
            version,
            seconds,
            at,
            (packed & 1).tolist(),
        )

    def names(self, dataset: Dataset) -> ColumnNames:
        fields = [
            name
            for (name,) in self._raw.execute(
                "SELECT name FROM fields WHERE dataset = ? ORDER BY no", (dataset.no,)
            )
        ]
        values = self._raw.execute(
            "SELECT d.name, v.viewer, v.value FROM fields d JOIN vals v ON v.field = d.no "
            "WHERE d.dataset = ? AND d.name IN ('annotated_as', 'status') AND v.n > 0",
            (dataset.no,),
        ).fetchall()
        people = {viewer for _, viewer, _ in values if viewer}
        if not dataset.individual:  # others only sent the record's one annotation
            rows = self._raw.execute(
                "SELECT DISTINCT annotator FROM annotations WHERE rid >= ? AND rid < ? AND seconds > 0",
                (dataset.no << 32, dataset.no + 1 << 32),
            )
            people = {no for (no,) in rows}
        return ColumnNames(
            [name.removeprefix("inputs.") for name in fields if name.startswith("inputs.")],
            [name.removeprefix("metadata.") for name in fields if name.startswith("metadata.")],
            sorted(map(self._agents.name, people)),
            sorted({value for name, _, value in values if name == "annotated_as"}),
        )

    def known(self, dataset: Dataset) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for id, author, annotator in self._raw.execute(
            "SELECT r.id, g.author, a.annotator FROM gold g JOIN records r ON r.rid = g.rid LEFT JOIN annotations a "
            f"ON a.rid = g.rid AND a.state IN ({_SUBMITTED}, {_DISCARDED}) "
            f"WHERE g.rid >= ? AND g.rid < ? AND g.value IS NOT NULL AND g.origin != '{Origin.EARLIER}'",
            (dataset.no << 32, dataset.no + 1 << 32),
        ):
            names = found.setdefault(id, {author})
            if annotator is not None:
                names.add(self._agents.name(annotator))
        return found

    def checked(self, dataset: Dataset) -> list[CheckResult]:
        kind = kind_of(dataset.task, multi_label=bool(dataset.multi_label))
        # Once the gold value was shown, an answer may be changed to it; the first one is what the annotator knew
        rows = self._raw.execute(
            "SELECT s.annotator, g.value, a.state, a.value, h.state, h.value FROM slots s "
            "JOIN gold g ON g.rid = s.rid JOIN annotations a ON a.rid = s.rid AND a.annotator = s.annotator "
            "LEFT JOIN history h ON h.no = (SELECT min(o.no) FROM history o WHERE o.rid = s.rid "
            f"AND o.annotator = s.annotator AND o.state IN ({_SUBMITTED}, {_DISCARDED}) "
            # What was answered about another content is not a first answer to this one
            f"AND o.why != '{HistoryReason.OUTDATED}') "
            f"WHERE s.dataset = ? AND s.phase = {_CHECK} AND s.state = {STATE_NO[RowState.DONE]} "
            "AND g.value IS NOT NULL",
            (dataset.no,),
        )
        found = []
        for annotator, gold, state, value, first_state, first_value in rows:
            if first_state is not None:
                state, value = first_state, first_value
            answer = None if state == _DISCARDED else self._given(dataset, value, kind)
            found.append(CheckResult(self._agents.name(annotator), answer, self._given(dataset, gold, kind)))
        return found

    def _given(self, dataset: Dataset, value: bytes | None, kind: AnswerKind) -> Given:
        return given(None if value is None else decode_value(dataset.task, value), kind)

    def save_posteriors(self, dataset: Dataset, found: Iterable[SavedPosterior]) -> None:
        self._raw.executemany(
            "INSERT INTO posteriors (rid, question, model, answers, labels) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (rid, question) DO UPDATE SET model = excluded.model, answers = excluded.answers, "
            "labels = excluded.labels",
            (
                (
                    dataset.no << 32 | each.number,
                    each.question,
                    each.model,
                    json.dumps(each.answers),
                    json.dumps(each.labels),
                )
                for each in found
            ),
        )


def _extent(content: dict[str, Any]) -> tuple[int, list[tuple[int, int]] | None]:
    text = content.get("text") or ""
    try:
        return len(text), token_offsets(text, content.get("tokens") or [])
    except SpanError:
        return len(text), None
