"""Logging of records in batches, each encoded while the one before is being sent.

Records are taken from where they come one batch at a time, so that a generator of a million of them needs no
more memory than one of a thousand.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any, NamedTuple

from apportion.vocabulary import Task

from ._background import BackgroundWorker
from ._connection import check_name, loads
from ._encode import to_bulk
from ._error_messages import refused_record
from ._http import AsyncHttpClient, HttpClient, Request, path
from .errors import ArApiResponseError, BaseClientError, HttpResponseError, InputValueError
from .progress import Progress
from .records import RECORD_TYPES, BulkResponse, Record, ValidationError
from .records._values import warn

__all__ = ["Batches", "LogJob", "logged"]

log = logging.getLogger("apportion")

TASKS: dict[type, Task] = {kind: task for task, kind in RECORD_TYPES.items()}
_PLACE = re.compile(r"records\[(\d+)\]")
_LARGE = 5_000
_SHOWN = 5
_PROXY_GAVE_UP = (502, 504)


class LogBatch(NamedTuple):
    """A batch of records, ready to be sent."""

    request: Request
    ids: list[str | int]


class LogJob:
    """A log call in progress: records on their way to a dataset."""

    def __init__(
        self,
        records: Any,
        name: str,
        *,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        batch_size: int = 500,
        chunk_size: int | None = None,
    ) -> None:
        self.name = check_name(name)
        self.tags = _texts(tags)
        self.metadata = dict(metadata or {})
        if chunk_size is not None:
            warn("chunk_size is called batch_size now.", FutureWarning)
            batch_size = chunk_size
        if batch_size < 1:
            raise InputValueError(f"A batch has at least one record; got batch_size={batch_size}.")
        if batch_size > _LARGE:
            log.warning("Batches of %d records may be larger than the server takes.", batch_size)
        self._batch_size = batch_size
        self._records = _iterable(records)
        self.total = len(self._records) if isinstance(self._records, Sized) else None
        if self.total == 0:
            raise InputValueError("There are no records to log.")
        self._task: Task | None = None
        self.accepted = 0
        self._failed = 0
        self.workspace = self._agent = ""

    def by(self, agent: str, workspace: str) -> None:
        """Set the agent who logs and the workspace of the dataset."""
        self._agent, self.workspace = agent, workspace

    def chunks(self) -> Iterator[list[Record]]:
        """Yield the records in batches."""
        records = iter(self._records)
        while chunk := list(islice(records, self._batch_size)):
            yield chunk
            del chunk  # release it now, not only when the next one is there

    def convert(self, chunk: list[Record], place: int) -> LogBatch:
        """Encode a chunk as a request; ``place`` is how many records came before."""
        task = _task_of(chunk[0], place)
        kind = type(chunk[0])
        if self._task not in (None, task):
            raise _mixed(place, chunk[0], self._task)
        self._task = task
        for index, record in enumerate(chunk):
            if type(record) is not kind:
                _task_of(record, place + index)
                raise _mixed(place + index, record, task)
        try:
            body = to_bulk(chunk, self.tags, self.metadata, agent=self._agent)
        except ValidationError as problem:
            found = _PLACE.fullmatch(problem.field)
            if found is None:
                raise
            raise ValidationError(f"records[{place + int(found[1])}]", problem.reason) from None
        route = path("/api/datasets/{}/{}:bulk", self.name, task.value)
        return LogBatch(
            Request("POST", route, {"workspace": self.workspace}, body), [each.id for each in chunk]
        )

    def count(self, answer: bytes) -> None:
        """Add the server's counts for a batch to the totals."""
        reply = loads(answer)
        self.accepted += reply["processed"]
        self._failed += reply.get("failed") or 0

    def stopped(self, problem: BaseException, ids: list[str | int]) -> None:
        """Add to the error which records it is about, and how far the log had come."""
        note = self._how_far(problem, ids)
        if isinstance(problem, BaseClientError):
            problem.stopped_log(self.accepted, ids, note)
            if isinstance(problem, ArApiResponseError) and (lines := self._refused(problem, ids)):
                problem.args = ("\n".join(["The server refuses some of the records:", *lines]),)
        elif isinstance(problem, ValidationError):
            problem.reason = f"{problem.reason}\n{note}"
        elif hasattr(problem, "add_note"):
            problem.add_note(note)

    def _refused(self, problem: ArApiResponseError, ids: list[str | int]) -> list[str]:
        found = refused_record(problem)
        lines = [
            f"  record {self.accepted + index}{f' (id {ids[index]!r})' if index < len(ids) else ''}: {what}"
            for index, what in found[:_SHOWN]
        ]
        return lines if len(found) <= _SHOWN else [*lines, f"  and {len(found) - _SHOWN} more"]

    def _how_far(self, problem: BaseException, ids: list[str | int]) -> str:
        before = (
            "No record was stored" if not self.accepted else f"The first {self.accepted:,} records are stored"
        )
        if not ids:
            return f"{before}, no other was sent."
        refused = isinstance(problem, ArApiResponseError | HttpResponseError)
        if isinstance(problem, HttpResponseError) and problem.status_code in _PROXY_GAVE_UP:
            refused = False
        batch = "none is" if refused else "it is not known whether they are"
        last = self.accepted + len(ids) - 1
        return (
            f"{before}; of the batch with records {self.accepted} to {last} (counted from 0) {batch}. Logging "
            "all of them again does no harm: a record replaces the one of the same id."
        )

    def result(self) -> BulkResponse:
        """Return the totals. Raises ``InputValueError`` if there were no records."""
        if not self.accepted and self.total is None:
            raise InputValueError("There are no records to log.")
        return BulkResponse(dataset=self.name, processed=self.accepted, failed=self._failed)


class Batches:
    """Send all batches of a log; see ``Activity``."""

    def __init__(self, job: LogJob, progress: Progress) -> None:
        self._job = job
        self._progress = progress

    def run(self, http: HttpClient) -> BulkResponse:
        """Read and encode records in this thread while another one sends the batch before."""
        job, progress = self._job, self._progress
        waiting: tuple[Any, list[str | int]] | None = None

        def account() -> None:
            nonlocal waiting
            if waiting is None:
                return
            (promise, ids), waiting = waiting, None
            try:
                answer = promise.result()
            except Exception as problem:
                job.stopped(problem, ids)
                raise
            job.count(answer)
            progress.advance(len(ids))

        place = 0
        with progress, BackgroundWorker() as worker:
            try:
                for chunk in job.chunks():
                    batch = job.convert(chunk, place)
                    place += len(chunk)
                    del chunk
                    account()
                    waiting = worker.start(http.send, batch.request), batch.ids
                    del batch
            except Exception as problem:
                if waiting is None:
                    raise
                account()
                job.stopped(problem, [])
                raise
            account()
        return job.result()

    async def run_on_loop(self, http: AsyncHttpClient) -> BulkResponse:
        """Encode records in a thread while the event loop waits for the batch before."""
        job, progress = self._job, self._progress
        waiting: tuple[asyncio.Task[bytes], list[str | int]] | None = None

        async def account() -> None:
            nonlocal waiting
            if waiting is None:
                return
            (task, ids), waiting = waiting, None
            try:
                answer = await task
            except Exception as problem:
                job.stopped(problem, ids)
                raise
            job.count(answer)
            progress.advance(len(ids))

        place = 0
        with progress:
            try:
                for chunk in job.chunks():
                    batch = await asyncio.to_thread(job.convert, chunk, place)
                    place += len(chunk)
                    await account()
                    waiting = asyncio.create_task(http.send(batch.request)), batch.ids
            except Exception as problem:
                if waiting is None:
                    raise
                await account()
                job.stopped(problem, [])
                raise
            except BaseException:
                if waiting is not None:
                    waiting[0].cancel()
                raise
            await account()
        return job.result()


def logged(result: BulkResponse, base_url: str, workspace: str) -> str:
    """Return the line that says where the records are now."""
    records = "record" if result.processed == 1 else "records"
    return f"{result.processed:,} {records} logged to {base_url}/datasets/{workspace}/{result.dataset}"


# What may be given


def _iterable(records: Any) -> Iterable[Record]:
    if type(records) in TASKS:
        return [records]
    if isinstance(records, str | bytes | Mapping) or not isinstance(records, Iterable):
        raise InputValueError(f"records is one record or a list of records, not {_named(records)}.")
    if hasattr(records, "iloc") or hasattr(records, "column_names"):
        how = "rg.read_pandas" if hasattr(records, "iloc") else "rg.read_datasets"
        raise InputValueError(
            f"{_named(records)} has rows, not records. {how}(…, task='TextClassification') makes them."
        )
    return records


def _task_of(record: Any, place: int) -> Task:
    task = TASKS.get(type(record))
    if task is None:
        raise InputValueError(
            f"Record {place} is of an unknown record type, {_named(record)}. There are "
            f"{', '.join(each.__name__ for each in TASKS)}."
        )
    return task


def _mixed(place: int, record: Any, task: Task | None) -> InputValueError:
    return InputValueError(
        f"Record {place} is a {type(record).__name__}, but those before it are for {task}. A dataset holds "
        "records of one task; log them into two."
    )


def _named(value: object) -> str:
    return f"a {type(value).__module__}.{type(value).__qualname__}".replace(" builtins.", " ")


def _texts(tags: Mapping[str, Any] | None) -> dict[str, str]:
    found = {}
    for name, value in (tags or {}).items():
        if not isinstance(value, str | bool | int | float):
            raise InputValueError(f"Tags are text; tag {name!r} is {value!r}.")
        found[str(name)] = str(value)
    return found
