"""``ports.jobs.Jobs`` in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from apportion.domain.datasets import Dataset
from apportion.domain.individual.case import Annotation, GoldValue, Origin
from apportion.domain.jobs import FINISHED_LATER, Job, JobKind, JobState
from apportion.ports.jobs import JobChange
from apportion.storage.sql.codec.fragments import decode_value, encode_value
from apportion.storage.sql.connection import SqlConnection, owner_of
from apportion.vocabulary import AnnotationState

__all__ = ["SqlJobs"]

_COLUMNS = "no, id, dataset, kind, state, spec, by, created_at, changed_at, done, total, message, result"
_encode, _decode = msgspec.json.encode, msgspec.json.decode
_GOLD = "gold"
_LATER = ", ".join(f"'{kind}'" for kind in sorted(FINISHED_LATER))


class SqlJobs:
    """Jobs, and what they changed, within one transaction."""

    def __init__(self, connection: SqlConnection) -> None:
        self._raw = connection.raw
        self._connection = connection

    def add(
        self, dataset: Dataset, id: str, kind: JobKind, spec: Mapping[str, Any], *, by: str, at: int
    ) -> Job:
        self._raw.execute(
            "INSERT INTO jobs (id, dataset, kind, state, spec, by, created_at, changed_at, done) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (id, dataset.no, str(kind), str(JobState.WAITING), _encode(dict(spec)).decode(), by, at, at),
        )
        found = self.find(id)
        assert found is not None
        return found

    def find(self, id: str) -> Job | None:
        return self._one("WHERE id = ?", id)

    def any_waiting(self) -> bool:
        found = self._raw.execute("SELECT 1 FROM jobs WHERE state = ? LIMIT 1", (str(JobState.WAITING),))
        return found.fetchone() is not None

    def take(self, *, at: int) -> Job | None:
        row = self._raw.execute(
            # Found and taken by one statement: no two servers run the same job
            "UPDATE jobs SET state = ?, owner = ?, changed_at = ? WHERE no = (SELECT no FROM jobs WHERE state = ? "
            f"ORDER BY no LIMIT 1 {self._raw.dialect.skip_locked}) RETURNING {_COLUMNS}",
            (str(JobState.RUNNING), owner_of(self._connection), at, str(JobState.WAITING)),
        ).fetchone()
        return None if row is None else _job(row)

    def unfinished(self, dataset: Dataset, kind: JobKind) -> bool:
        row = self._raw.execute(
            "SELECT 1 FROM jobs WHERE dataset = ? AND kind = ? AND state IN (?, ?) AND total IS NOT NULL",
            (dataset.no, str(kind), str(JobState.WAITING), str(JobState.RUNNING)),
        ).fetchone()
        return row is not None

    def keep_input(self, job: Job, part: int, items: Sequence[Sequence[Any]]) -> None:
        self._raw.execute(
            # Again, where the transaction that it shared was lost
            "INSERT INTO job_inputs (job, part, body) VALUES (?, ?, ?) ON CONFLICT (job, part) DO UPDATE SET "
            "body = excluded.body",
            (job.no, part, msgspec.msgpack.encode(items)),
        )

    def input(self, job: Job, part: int, kinds: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        row = self._raw.execute(
            "SELECT body FROM job_inputs WHERE job = ? AND part = ?", (job.no, part)
        ).fetchone()
        if row is None:
            return None
        return [tuple(map(msgspec.convert, item, kinds)) for item in msgspec.msgpack.decode(row[0])]

    def drop_input(self, job: Job, part: int) -> None:
        self._raw.execute("DELETE FROM job_inputs WHERE job = ? AND part = ?", (job.no, part))

    def latest(self, dataset: Dataset, kind: JobKind) -> Job | None:
        return self._one("WHERE dataset = ? AND kind = ? ORDER BY no DESC LIMIT 1", dataset.no, str(kind))

    def _one(self, where: str, *values: Any) -> Job | None:
        row = self._raw.execute(f"SELECT {_COLUMNS} FROM jobs {where}", values).fetchone()
        return None if row is None else _job(row)

    def change(
        self,
        job: Job,
        *,
        at: int,
        state: JobState | None = None,
        done: int | None = None,
        total: int | None = None,
        message: str | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> Job:
        self._raw.execute(
            "UPDATE jobs SET changed_at = ?, state = coalesce(?, state), done = coalesce(?, done), "
            "total = coalesce(?, total), message = coalesce(?, message), result = coalesce(?, result), "
            "owner = coalesce(?, owner) WHERE no = ?",
            (
                at,
                None if state is None else str(state),
                done,
                total,
                message,
                None if result is None else _encode(dict(result)).decode(),
                owner_of(self._connection) if state is JobState.RUNNING else None,
                job.no,
            ),
        )
        found = self.find(job.id)
        return job if found is None else found

    def interrupted(self, alive: Callable[[int], bool], *, at: int) -> int:
        sql, dead = self._raw.dialect, [no for no in self.owners() if not alive(no)]
        if not dead:
            return 0
        # Jobs from before there were owners have none, and 0 is no server
        left = f"state = ? AND {sql.in_numbers('coalesce(owner, 0)')}"
        found = self._raw.execute(
            f"UPDATE jobs SET state = ?, changed_at = ?, message = ? WHERE {left} AND kind NOT IN ({_LATER})",
            (
                str(JobState.INTERRUPTED),
                at,
                "the server was stopped; what had been done by then is done",
                str(JobState.RUNNING),
                sql.numbers(dead),
            ),
        )
        # Requests of these kinds were one step to their users: the jobs are continued by another server
        self._raw.execute(
            f"UPDATE jobs SET state = ?, changed_at = ? WHERE {left} AND kind IN ({_LATER})",
            (str(JobState.WAITING), at, str(JobState.RUNNING), sql.numbers(dead)),
        )
        return found.rowcount

    def owners(self) -> set[int]:
        rows = self._raw.execute(
            "SELECT DISTINCT coalesce(owner, 0) FROM jobs WHERE state = ?", (str(JobState.RUNNING),)
        )
        return {no for (no,) in rows}

    def last_answer(self, dataset: Dataset) -> int:
        (no,) = self._raw.execute(
            "SELECT coalesce(max(no), 0) FROM events WHERE dataset = ? "
            "AND what IN ('submitted', 'discarded', 'took_back')",
            (dataset.no,),
        ).fetchone()
        return int(no)

    # What jobs changed

    def record_undo(
        self, job: Job, dataset: Dataset, number: int, before: Annotation | GoldValue | None, version: int
    ) -> None:
        state, kept = "none", None
        if isinstance(before, Annotation):
            state, kept = str(before.state), _stored(dataset, before)
        elif before is not None:
            state, kept = _GOLD, _stored(dataset, before)
        self._raw.execute(
            "INSERT INTO job_changes (job, rid, before, state, version) VALUES (?, ?, ?, ?, ?) ON CONFLICT (job, rid) "
            "DO UPDATE SET before = excluded.before, state = excluded.state, version = excluded.version",
            (job.no, dataset.no << 32 | number, kept, state, version),
        )

    def changes(
        self, job: Job, dataset: Dataset, *, by: str, after: str | None, limit: int
    ) -> list[JobChange]:
        rows = self._raw.execute(
            # Joined: a record deleted since has nothing that could be restored
            "SELECT r.id, c.before, c.state, c.version FROM job_changes c JOIN records r ON r.rid = c.rid "
            "WHERE c.job = ? AND r.id > ? ORDER BY r.id LIMIT ?",
            (job.no, after or "", limit),
        ).fetchall()
        return [JobChange(id, _read(dataset, kept, state, by), version) for id, kept, state, version in rows]


def _job(row: Sequence[Any]) -> Job:
    no, id, dataset, kind, state, spec, by, created, changed, done, total, message, result = row
    return Job(
        no, id, dataset, JobKind(kind), JobState(state), _decode(spec), by, created, changed, done, total,
        message, None if result is None else _decode(result),
    )  # fmt: skip


def _stored(dataset: Dataset, before: Annotation | GoldValue) -> bytes:
    value = None if before.value is None else encode_value(dataset.task, before.value).decode()
    found: dict[str, Any] = {"value": value, "version": before.version}
    if isinstance(before, GoldValue):
        found |= {
            "origin": str(before.origin), "author": before.author, "reason": before.reason, "at": before.at,
        }  # fmt: skip
    else:
        found |= {
            "by": before.annotator, "seconds": before.seconds, "updated": before.updated, "counted": before.counted,
        }  # fmt: skip
    return _encode(found)


def _read(dataset: Dataset, kept: bytes | None, state: str, by: str) -> Annotation | GoldValue | None:
    if kept is None:
        return None
    found = _decode(kept)
    value = None if found["value"] is None else decode_value(dataset.task, found["value"].encode())
    if state == _GOLD:
        return GoldValue(
            value, Origin(found["origin"]), found["author"], found["reason"], found["version"], found["at"]
        )
    return Annotation(
        found.get("by", by),
        AnnotationState(state),
        value,
        found["version"],
        found["updated"],
        found["seconds"],
        found["counted"],
    )
