"""``ports.annotations.Annotations`` in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.events import TEAM_EVENTS
from apportion.domain.individual.case import Annotation, Case, GoldValue, Origin, Posterior
from apportion.domain.policies import Policies
from apportion.ports.annotations import CaseChange, Comment, Event, PastAnnotation, SentComment
from apportion.ports.answers import THE_QUESTION
from apportion.ports.events import About
from apportion.storage.checksums import add_row
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.cases.annotation_rows import set_seconds
from apportion.storage.sql.cases.case_writer import CaseWriter
from apportion.storage.sql.cases.slots import SlotReader
from apportion.storage.sql.codec.fragments import decode_record, decode_value
from apportion.storage.sql.codec.history_reasons import read_reason
from apportion.storage.sql.codec.states import STATES, STATUSES
from apportion.storage.sql.connection import SqlConnection
from apportion.storage.sql.index.cache_delta import CacheDelta
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.operations.events import SqlEvents
from apportion.storage.sql.rows import rows_by_id
from apportion.vocabulary import EventCode

from . import change_log, inbox
from .time_spent import add_time, spent_between

__all__ = ["SqlAnnotations"]

_SEEN = ", ".join(f"'{each}'" for each in sorted(TEAM_EVENTS))


class SqlAnnotations:
    """Annotations of all people, within one transaction. ``slots_of`` returns the reader of a dataset's slots."""

    def __init__(
        self,
        connection: SqlConnection,
        *,
        registry: TermRegistry,
        agents: Agents,
        slots_of: Callable[[Dataset], SlotReader],
        publish: Callable[[CacheDelta], None],
        events: SqlEvents,
    ) -> None:
        self._events = events
        self._connection = connection
        self._raw = connection.raw
        self._registry = registry
        self._agents = agents
        self._slots_of = slots_of
        self._publish = publish

    # Reading

    def case(self, dataset: Dataset, id: str) -> Case | None:
        found = self.cases(dataset, [id])
        return found[0] if found else None

    def cases(self, dataset: Dataset, ids: Sequence[str]) -> list[Case]:
        rows = rows_by_id(self._raw, "id, rid, content, prediction, status", dataset.no, ids)
        if not rows:
            return []
        rids = [row[1] for row in rows]
        slots = self._slots_of(dataset).on(rids)
        annotations = self._annotations(dataset, rids)
        # A shared dataset has no gold: what may be there is prepared for a switch, or left over from one that failed
        gold = self._gold(dataset, rids) if dataset.individual else {}
        past = self._past(rids)
        spent = self._spent(rids)
        posteriors = self._posteriors(rids) if Policies.of(dataset.policies).modelled else {}
        return [
            Case(
                decode_record(dataset.task, id, STATUSES[status], content, prediction, None),
                rid & 0xFFFFFFFF,
                annotations.get(rid, {}),
                tuple(slots.get(rid, ())),
                gold.get(rid),
                frozenset(past.get(rid, ())),
                posteriors.get(rid),
                spent.get(rid, {}),
            )
            for id, rid, content, prediction, status in rows
        ]

    def _of(self, columns: str, table: str, rids: Sequence[int]) -> Iterator[Any]:
        """Yield rows about records, read for 500 records with one statement."""
        for part in (rids[start : start + 500] for start in range(0, len(rids), 500)):
            marks = ", ".join("?" * len(part))
            yield from self._raw.execute(
                f"SELECT {columns} FROM {table} WHERE rid IN ({marks})", part
            ).fetchall()

    def _annotations(self, dataset: Dataset, rids: Sequence[int]) -> dict[int, dict[str, Annotation]]:
        found: dict[int, dict[str, Annotation]] = {}
        columns = "rid, annotator, state, value, version, updated, seconds, counted"
        for rid, no, state, value, version, updated, seconds, counted in self._of(
            columns, "annotations", rids
        ):
            name = self._agents.name(no)
            decoded = None if value is None else decode_value(dataset.task, value)
            counts = bool(counted) and dataset.individual
            found.setdefault(rid, {})[name] = Annotation(
                name, STATES[state], decoded, version, updated, seconds, counts
            )
        return found

    def _past(self, rids: Sequence[int]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for rid, no in self._of("rid, annotator", "past_assignees", rids):
            found.setdefault(rid, set()).add(self._agents.name(no))
        return found

    def _spent(self, rids: Sequence[int]) -> dict[int, dict[str, float]]:
        """Return by record the seconds that each person has spent on it so far, drafts included."""
        ms: dict[tuple[int, int], int] = {}
        for rid, no, more in self._of("rid, annotator, ms", "time_spent", rids):
            ms[rid, no] = ms.get((rid, no), 0) + more
        found: dict[int, dict[str, float]] = {}
        for (rid, no), total in ms.items():
            if total > 0:
                found.setdefault(rid, {})[self._agents.name(no)] = total / 1000
        return found

    def _posteriors(self, rids: Sequence[int]) -> dict[int, Posterior]:
        rows = self._of("rid, question, model, answers, labels", "posteriors", rids)
        return {
            rid: Posterior(model, msgspec.json.decode(answers), msgspec.json.decode(labels))
            for rid, question, model, answers, labels in rows
            if question == THE_QUESTION
        }

    def _gold(self, dataset: Dataset, rids: Sequence[int]) -> dict[int, GoldValue]:
        found = {}
        columns = "rid, value, origin, author, reason, version, at"
        for rid, value, origin, author, reason, version, at in self._of(columns, "gold", rids):
            decoded = None if value is None else decode_value(dataset.task, value)
            found[rid] = GoldValue(decoded, Origin(origin), author, reason, version, at)
        return found

    def answered(self, dataset: Dataset, plan: int | None = None) -> list[str]:
        # CROSS JOIN fixes the join order: values first, then their range of facet keys. Otherwise
        # SQLite may read the whole facet table first
        rows = self._raw.execute(
            "SELECT id FROM records WHERE rid IN ("
            "SELECT ?1 << 32 | f.key & 4294967295 FROM fields d JOIN vals v ON v.field = d.no AND v.viewer = 0 "
            "CROSS JOIN facet f ON f.key >= v.vid << 32 AND f.key < (v.vid + 1) << 32 "
            "WHERE d.dataset = ?1 AND d.name = 'status' AND v.value != 'Default' AND v.n > 0 "
            "UNION SELECT rid FROM annotations WHERE rid > ?1 << 32 AND rid < (?1 + 1) << 32 "
            "UNION SELECT rid FROM gold WHERE rid > ?1 << 32 AND rid < (?1 + 1) << 32) "
            "AND (?2 IS NULL OR rid IN (SELECT rid FROM slots WHERE plan = ?2)) ORDER BY rid",
            (dataset.no, plan),
        )
        return [id for (id,) in rows]

    def history(self, dataset: Dataset, id: str, annotator: str | None = None) -> list[PastAnnotation]:
        row = self._raw.execute(
            "SELECT rid FROM records WHERE dataset = ? AND id = ?", (dataset.no, id)
        ).fetchone()
        if row is None:
            return []
        found = []
        for no, state, value, version, at, why in self._raw.execute(
            "SELECT annotator, state, value, version, at, why FROM history WHERE rid = ? ORDER BY no DESC",
            row,
        ).fetchall():
            name = "" if no == OPEN else self._agents.name(no)
            if annotator is None or name == annotator:
                decoded = None if value is None else decode_value(dataset.task, value)
                found.append(PastAnnotation(name, STATES[state], decoded, version, at, *read_reason(why)))
        return found

    def versions(self, dataset: Dataset, ids: Sequence[str], annotator: str) -> dict[str, int]:
        marks = ", ".join("?" * len(ids))
        rows = self._raw.execute(
            "SELECT r.id, a.version FROM records r JOIN annotations a ON a.rid = r.rid AND a.annotator = ? "
            f"WHERE r.dataset = ? AND r.id IN ({marks})",
            (self._agents.find(annotator), dataset.no, *ids),
        )
        return dict(rows.fetchall())

    # Writing

    def save_cases(self, dataset: Dataset, changes: Sequence[CaseChange], *, at: int) -> None:
        writer = CaseWriter(self._connection, dataset, self._registry, self._agents, self._publish)
        for change in changes:
            writer.save(change, at)
        writer.finish()

    # Time

    def spend(
        self, dataset: Dataset, case: Case, annotator: str, seconds: float | None, *, answered: bool, at: int
    ) -> None:
        rid, me = dataset.no << 32 | case.number, self._agents.number(annotator)
        more = (seconds or 0.0) - (case.seconds_of(annotator) or 0.0)
        if answered or more > 0:
            add_time(self._raw, rid, me, max(more, 0.0), answered=answered, at=at)
        if not dataset.individual:  # else it is stored with the annotation
            set_seconds(self._raw, rid, me, seconds)

    def spent(self, dataset: Dataset, since: int, until: int) -> list[tuple[str, int, int, int]]:
        rows = spent_between(self._raw, dataset.no, since, until)
        return [(self._agents.name(no), at, answers, ms) for no, at, answers, ms in rows]

    # Migration of a shared dataset to individual annotations

    def stage(self, dataset: Dataset, changes: Sequence[tuple[Case, Case]]) -> None:
        writer = CaseWriter(self._connection, dataset, self._registry, self._agents, self._publish)
        for before, after in changes:
            writer.stage(before, after)
        writer.finish()

    def track_changes(self, dataset: Dataset) -> bool:
        return change_log.watch(self._raw, dataset.no)

    def take_changed(self, dataset: Dataset, limit: int) -> tuple[list[str], bool]:
        return change_log.rewritten(self._raw, dataset.no, limit)

    def stop_tracking(self, dataset: Dataset) -> None:
        change_log.unwatch(self._raw, dataset.no)

    # What happened

    def log_event(
        self,
        dataset: Dataset,
        who: str,
        what: EventCode,
        *,
        at: int,
        record: Case | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        about = About(dataset, record=None if record is None else record.number)
        self._events.add(what, about, who=who, at=at, detail=detail)

    def events(
        self,
        dataset: Dataset,
        *,
        after: int = 0,
        before: int | None = None,
        who: str | None = None,
        limit: int = 50,
    ) -> list[Event]:
        conditions, values = ["e.dataset = ?", "e.no > ?", f"e.what IN ({_SEEN})"], [dataset.no, after]
        if before is not None:
            conditions.append("e.no < ?")
            values.append(before)
        if who is not None:
            conditions.append("e.who = ?")
            values.append(who)  # type: ignore[arg-type]
        rows = self._raw.execute(
            "SELECT e.no, e.at, e.who, e.what, r.id, e.detail FROM events e LEFT JOIN records r ON r.rid = e.rid "
            f"WHERE {' AND '.join(conditions)} ORDER BY e.no {'ASC' if before is None else 'DESC'} LIMIT ?",
            [*values, limit],
        ).fetchall()
        return [
            Event(no, at, by, EventCode(what), id, None if detail is None else msgspec.json.decode(detail))
            for no, at, by, what, id, detail in rows
        ]

    def conflicts(self, dataset: Dataset) -> int:
        (n,) = self._raw.execute(
            "SELECT coalesce(sum(v.n), 0) FROM fields f JOIN vals v ON v.field = f.no AND v.viewer = 0 "
            "WHERE f.dataset = ? AND f.name = 'conflict'",
            (dataset.no,),
        ).fetchone()
        return int(n)

    def paces(self, dataset: Dataset, since: int) -> dict[str, tuple[int, int]]:
        rows = self._raw.execute(
            "SELECT who, count(*), min(at) FROM events WHERE dataset = ? AND at >= ? "
            "AND what IN ('submitted', 'discarded') GROUP BY who",
            (dataset.no, since),
        )
        return {who: (n, first) for who, n, first in rows}

    def comments(self, dataset: Dataset, case: Case) -> list[Comment]:
        rows = self._raw.execute(
            'SELECT author, "to", text, at FROM comments WHERE rid = ? ORDER BY no',
            (dataset.no << 32 | case.number,),
        ).fetchall()
        return [Comment(*row) for row in rows]

    def comments_to(
        self,
        name: str,
        datasets: Sequence[int],
        led: Sequence[int],
        *,
        done: bool,
        before: int | None,
        limit: int,
    ) -> list[SentComment]:
        return inbox.comments_to(self._raw, name, datasets, led, done=done, before=before, limit=limit)

    def comment_numbered(self, no: int) -> SentComment | None:
        return inbox.comment_numbered(self._raw, no)

    def mark_comment(self, no: int, by: str | None, at: int | None) -> None:
        self._raw.execute("UPDATE comments SET done_by = ?, done_at = ? WHERE no = ?", (by, at, no))

    def decided(self, dataset: Dataset, annotator: str, limit: int) -> list[str]:
        return inbox.decided(self._raw, dataset.no, self._agents.find(annotator) or -1, limit)

    def add_comment(self, dataset: Dataset, case: Case, comment: Comment) -> None:
        add_row(self._raw, "comments", (dataset.no << 32 | case.number, *comment))
