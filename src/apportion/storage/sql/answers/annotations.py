"""``ports.annotations.Annotations`` in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.events import TEAM_EVENTS
from apportion.domain.individual.case import Annotation, Case
from apportion.ports.annotations import (
    CaseChange,
    ChangedRecords,
    Comment,
    CommentFilter,
    CommentPage,
    Event,
    HistoryPage,
    PastAnnotation,
    SentComment,
    SharedAnswer,
)
from apportion.ports.events import About
from apportion.storage.checksums import add_row
from apportion.storage.sql.agents import OPEN, Agents
from apportion.storage.sql.assignments.plan_store import PlanStore
from apportion.storage.sql.cache_delta import CacheDelta
from apportion.storage.sql.cases.case_writer import StoredCases
from apportion.storage.sql.cases.time_spent import add_time, spent_between, times_of
from apportion.storage.sql.codec.fragments import decode_value
from apportion.storage.sql.codec.history_reasons import read_reason
from apportion.storage.sql.codec.states import ANSWERS, STATES
from apportion.storage.sql.connection import RawConnection, SqlConnection
from apportion.storage.sql.feed import Feed
from apportion.storage.sql.index.terms import TermRegistry
from apportion.storage.sql.operations.events import SqlEvents
from apportion.vocabulary import UNBOUNDED, EventCode

from . import inbox
from .case_reader import CaseReader

__all__ = ["SqlAnnotations"]

PAGE_BYTES = 2_000_000
"""Size of the values of a page of history with more than one entry."""
_READ_AT_ONCE = 5_000
_PAST = "no, annotator, state, value, version, at, why"
_SEEN = ", ".join(f"'{each}'" for each in sorted(TEAM_EVENTS))


class SqlAnnotations:
    """Annotations of all people, within one transaction."""

    def __init__(
        self,
        connection: SqlConnection,
        *,
        registry: TermRegistry,
        agents: Agents,
        assignments: PlanStore,
        publish: Callable[[CacheDelta], None],
        feed: Feed,
        events: SqlEvents,
    ) -> None:
        self._events = events
        self._feed = feed
        self._connection = connection
        self._raw = connection.raw
        self._registry = registry
        self._agents = agents
        self._assignments = assignments
        self._read: tuple[int, StoredCases] = (0, {})
        self._times: dict[int, dict[int, dict[int, int]]] = {}
        """Times by record and annotator, which nothing but ``spend`` changes."""
        self._publish = publish

    # Reading

    def case(self, dataset: Dataset, id: str, *, who: str | None = None) -> Case | None:
        locks = self._raw.locks
        if who is not None and locks.shared:
            # The person before the record, as in a claim: in another order two tabs would wait for each other
            locks.person(dataset.no, self._agents.number(who))
        locks.records_by_id(dataset.no, [id])
        # Counters decide about caps only; without any they need not be read
        if who is None or not self._assignments.has_caps(dataset):
            found = self._cases(dataset, [id])
            return found[0] if found else None
        me, rules = self._agents.find(who) or -1, self._assignments.rules(dataset)
        reader = self._reader(dataset)
        case, counts = reader.read_with_counts(id, me, rules)
        self._assignments.keep_counts(dataset, me, counts)
        self._keep(reader)
        return case

    def cases(self, dataset: Dataset, ids: Sequence[str]) -> list[Case]:
        self._raw.locks.records_by_id(dataset.no, ids)
        return self._cases(dataset, ids)

    def _cases(self, dataset: Dataset, ids: Sequence[str]) -> list[Case]:
        reader = self._reader(dataset)
        found = reader.read(ids)
        self._keep(reader)
        return found

    def _reader(self, dataset: Dataset) -> CaseReader:
        return CaseReader(self._raw, dataset, self._agents, self._assignments.reader(dataset))

    def _keep(self, reader: CaseReader) -> None:
        """Keep what cases were read from, for whoever changes them next."""
        self._read = self._raw.total_changes, reader.stored
        self._times.update((rid, each.times) for rid, each in reader.stored.items())

    def _stored(self) -> StoredCases:
        """Return what the last cases were stored as, unless this connection has changed anything since."""
        changes, stored = self._read
        return stored if changes == self._raw.total_changes else {}

    def answered(self, dataset: Dataset, plan: int | None = None) -> list[str]:
        sql, bounds = self._raw.dialect, (dataset.no << 32, dataset.no + 1 << 32)
        # One by one: of all of them together a planner expects so many that it reads every record
        sources = (
            (
                f"SELECT {sql.packed('f.key & 4294967295')} FROM fields d "
                f"JOIN vals v ON v.field = d.no AND v.viewer = 0 {sql.then_facets} "
                "WHERE d.dataset = ? AND d.name = 'status' AND v.value != 'Default' AND v.n > 0",
                (dataset.no,),
            ),
            *(
                (f"SELECT {sql.packed('rid & 4294967295')} FROM {table} WHERE rid > ? AND rid < ?", bounds)
                for table in ("annotations", "gold")
            ),
        )
        ns = set[int]()
        for statement, values in sources:
            ns.update(sql.unpacked(self._raw.packed(statement, values)[0], "int64").tolist())
        allocated = (
            "" if plan is None else "AND EXISTS (SELECT 1 FROM slots WHERE rid = records.rid AND plan = ?)"
        )
        ids: list[str] = []
        rids = [bounds[0] | n for n in sorted(ns)]
        for start in range(0, len(rids), _READ_AT_ONCE):
            rows = self._raw.execute(
                f"SELECT id FROM records WHERE {sql.in_numbers('rid')} {allocated} ORDER BY rid",
                (sql.numbers(rids[start : start + _READ_AT_ONCE]), *(() if plan is None else (plan,))),
            )
            ids += [id for (id,) in rows]
        return ids

    def history(
        self, dataset: Dataset, id: str, annotator: str | None = None, *, limit: int | None = None
    ) -> list[PastAnnotation]:
        rows = self._past(_PAST, dataset, id, annotator, limit)
        return [self._decoded(dataset, *row) for _, *row in rows]

    def history_page(
        self, dataset: Dataset, id: str, page: HistoryPage
    ) -> tuple[list[tuple[int, PastAnnotation]], bool]:
        before = UNBOUNDED if page.before is None else page.before
        wanted = f"no < ? AND state IN ({ANSWERS})"
        rows = self._past(
            "coalesce(length(value), 0)", dataset, id, page.annotator, page.limit + 1, wanted, before
        )
        # Sizes first: a page of large values would take long to decode
        sizes = accumulate(size for (size,) in rows)
        fit = max(1, min(page.limit, sum(total <= PAGE_BYTES for total in sizes)))
        found = self._past(_PAST, dataset, id, page.annotator, fit, wanted, before)
        return [(no, self._decoded(dataset, *row)) for no, *row in found], len(rows) > fit

    def _past(
        self,
        columns: str,
        dataset: Dataset,
        id: str,
        annotator: str | None,
        limit: int | None,
        condition: str = "true",
        *values: Any,
    ) -> list[Any]:
        """Return columns of earlier annotations, newest first; no value of anybody else is read."""
        if annotator is not None:
            condition += " AND annotator = ?"
            values += (self._agents.find(annotator) or -1,)
        return self._raw.execute(
            f"SELECT {columns} FROM history WHERE rid = (SELECT rid FROM records WHERE dataset = ? AND id = ?) "
            f"AND {condition} ORDER BY no DESC LIMIT ?",
            (dataset.no, id, *values, UNBOUNDED if limit is None else limit),
        ).fetchall()

    def _decoded(
        self, dataset: Dataset, agent: int, state: int, value: bytes | None, version: int, at: int, why: str
    ) -> PastAnnotation:
        name = "" if agent == OPEN else self._agents.name(agent)
        decoded = None if value is None else decode_value(dataset.task, value)
        return PastAnnotation(name, STATES[state], decoded, version, at, *read_reason(why))

    def versions(self, dataset: Dataset, ids: Sequence[str], annotator: str) -> dict[str, int]:
        if not ids:
            return {}
        marks = ", ".join("?" * len(ids))
        rows = self._raw.execute(
            # Not a join: before PostgreSQL knows how many answers there are, it would read all of the annotator's
            "SELECT r.id, (SELECT a.version FROM annotations a WHERE a.rid = r.rid AND a.annotator = ?) "
            f"FROM records r WHERE r.dataset = ? AND r.id IN ({marks})",
            (self._agents.find(annotator), dataset.no, *ids),
        )
        return {id: version for id, version in rows.fetchall() if version is not None}

    def sizes(self, dataset: Dataset, ids: Sequence[str]) -> dict[str, int]:
        if not ids:
            return {}
        marks = ", ".join("?" * len(ids))
        rows = self._raw.execute(
            "SELECT r.id, CAST(length(r.content) + coalesce(length(r.prediction), 0) + coalesce(length(r.answer), 0) "
            "+ (SELECT coalesce(sum(length(a.value)), 0) FROM annotations a WHERE a.rid = r.rid) AS BIGINT) "
            f"FROM records r WHERE r.dataset = ? AND r.id IN ({marks})",
            (dataset.no, *ids),
        )
        return dict(rows.fetchall())

    # Writing

    def save_cases(self, dataset: Dataset, changes: Sequence[CaseChange], *, at: int) -> None:
        writer = self._assignments.writer(dataset, self._stored())
        for change in changes:
            writer.save(change, at)
        writer.finish()

    def save_shared(self, dataset: Dataset, answer: SharedAnswer, *, at: int) -> Annotation | None:
        writer = self._assignments.writer(dataset, self._stored())
        saved = writer.save_shared(answer, at)
        writer.finish()
        return saved

    # Time

    def spend(
        self, dataset: Dataset, case: Case, annotator: str, seconds: float | None, *, answered: bool, at: int
    ) -> None:
        rid, me = dataset.no << 32 | case.number, self._agents.number(annotator)
        more = (seconds or 0.0) - (case.seconds_of(annotator) or 0.0)
        if answered or more > 0:
            read = self._times.get(rid)
            known = times_of(self._raw, rid, me) if read is None else read.setdefault(me, {})
            # A tab may send less than is known already: time only grows
            add_time(self._raw, rid, me, max(more, 0.0), answered=answered, at=at, known=known)

    def spent(self, dataset: Dataset, since: int, until: int) -> list[tuple[str, int, int, int]]:
        rows = spent_between(self._raw, dataset.no, since, until)
        return [(self._agents.name(no), at, answers, ms) for no, at, answers, ms in rows]

    # Migration of a shared dataset to individual annotations

    def stage(self, dataset: Dataset, changes: Sequence[tuple[Case, Case]]) -> None:
        writer = self._assignments.writer(dataset)
        for before, after in changes:
            writer.stage(before, after)
        writer.finish()

    def begin_staging(self, dataset: Dataset) -> int:
        # A number, not a flag: a migration recognises by it that another has begun meanwhile
        (number,) = self._raw.execute(
            "UPDATE datasets SET staging = staging + 1 WHERE no = ? RETURNING staging", (dataset.no,)
        ).fetchone()
        return int(number)

    def staging(self, dataset: Dataset) -> int:
        row = self._raw.execute("SELECT staging FROM datasets WHERE no = ?", (dataset.no,)).fetchone()
        return 0 if row is None else int(row[0])

    def last_change(self, dataset: Dataset) -> int:
        return self._feed.seen(self._connection, dataset.no)

    def changed_since(self, dataset: Dataset, number: int, limit: int) -> ChangedRecords | None:
        last = self.last_change(dataset)
        found = self._feed.written_since(self._connection, dataset.no, number, limit)
        if found is None:
            return None
        ns, upto = found
        if upto >= last:  # what this transaction itself has written comes last
            ns = ns.union(
                *(each.written() for each in self._connection.changes if each.dataset == dataset.no)
            )
        return ChangedRecords(_with_answers(self._raw, dataset.no, ns), upto, upto < last)

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
            # The sum of integers is a decimal in PostgreSQL
            "SELECT CAST(coalesce(sum(v.n), 0) AS BIGINT) FROM fields f JOIN vals v ON v.field = f.no AND v.viewer = 0 "
            "WHERE f.dataset = ? AND f.name = 'conflict'",
            (dataset.no,),
        ).fetchone()
        return int(n)

    def paces(self, dataset: Dataset, since: int, who: str | None = None) -> dict[str, tuple[int, int]]:
        only = "" if who is None else " AND who = ?"
        rows = self._raw.execute(
            f"SELECT who, count(*), min(at) FROM events WHERE dataset = ?{only} AND at >= ? "
            "AND what IN ('submitted', 'discarded') GROUP BY who",
            (dataset.no, since) if who is None else (dataset.no, who, since),
        )
        return {who: (n, first) for who, n, first in rows}

    def comments(self, dataset: Dataset, case: Case, page: CommentPage) -> list[tuple[int, Comment]]:
        return inbox.comments_on(self._raw, dataset.no << 32 | case.number, page)

    def comments_to(self, wanted: CommentFilter) -> list[SentComment]:
        return inbox.comments_to(self._raw, wanted)

    def comment_numbered(self, no: int) -> SentComment | None:
        return inbox.comment_numbered(self._raw, no)

    def mark_comment(self, no: int, by: str | None, at: int | None) -> None:
        self._raw.execute("UPDATE comments SET done_by = ?, done_at = ? WHERE no = ?", (by, at, no))

    def decided(self, dataset: Dataset, annotator: str, limit: int) -> list[str]:
        return inbox.decided(self._raw, dataset.no, self._agents.find(annotator) or -1, limit)

    def add_comment(self, dataset: Dataset, case: Case, comment: Comment) -> None:
        add_row(self._raw, "comments", (dataset.no << 32 | case.number, *comment))


def _with_answers(raw: RawConnection, dataset: int, ns: Collection[int]) -> list[str]:
    """Return the ids of those of the records that have answers, in the order of logging."""
    if not ns:
        return []
    found = raw.execute(
        f"SELECT r.id FROM records r WHERE {raw.dialect.in_numbers('r.rid')} AND "
        # A record may be discarded without anybody's annotation: its status alone is an answer, too
        "(r.status != 0 OR r.answer IS NOT NULL OR EXISTS (SELECT 1 FROM annotations a WHERE a.rid = r.rid) "
        "OR EXISTS (SELECT 1 FROM gold g WHERE g.rid = r.rid)) ORDER BY r.rid",
        (raw.dialect.numbers(dataset << 32 | n for n in ns),),
    ).fetchall()
    return [id for (id,) in found]
