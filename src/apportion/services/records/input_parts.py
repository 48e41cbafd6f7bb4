"""Long operations whose input is stored whole before any of it is dealt with, so that a stop leaves nothing half done.

A part of the input is dealt with in a transaction of its own. Once all of it is stored and checked it is done to the
end: by the request, or by the job after a failure or a stop.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from apportion.domain.datasets import Dataset
from apportion.domain.errors import Refusal
from apportion.domain.jobs import Job, JobKind, JobState
from apportion.ports.store import Store, Transaction
from apportion.services.operations import Step

__all__ = ["AT_ONCE", "BYTES_AT_ONCE", "NOTHING", "Input", "PartedInput", "StoredInput", "in_parts"]

T = TypeVar("T")
C = TypeVar("C", contravariant=True)

AT_ONCE, BYTES_AT_ONCE = 250, 250_000
"""Most items of a part, and their size as they are stored, unless a single one is larger."""


class Input(Protocol[C]):
    """The items of a request in parts, and what is done with them; each method but ``ready`` runs in a transaction."""

    kind: JobKind
    now: int

    def members(self, item: C) -> tuple[Any, ...]:
        """Return the members of an item, which are stored."""
        ...

    def find(self, tx: Transaction) -> Dataset:
        """Return the dataset, if the caller may do this with it."""
        ...

    def accept(self, tx: Transaction, dataset: Dataset, parts: Sequence[Any]) -> None:
        """Refuse the input if any of it might be refused later."""
        ...

    def ready(self, part: Sequence[C]) -> Any:
        """Return a part as ``add`` takes it; what takes long is done here, outside transactions."""
        ...

    def add(self, tx: Transaction, job: Job, part: Any) -> Mapping[str, int]:
        """Deal with a part; return counts."""
        ...

    def finish(self, tx: Transaction, job: Job, counts: Mapping[str, int]) -> None:
        """Log what was done, after the last part."""
        ...


def in_parts(items: Sequence[T], size: Callable[[T], int]) -> list[Sequence[T]]:
    """Cut items into parts; ``size`` returns about how many bytes one takes."""
    found: list[Sequence[T]] = []
    start = total = 0
    for place, item in enumerate(items):
        more = size(item)
        if place > start and (place - start == AT_ONCE or total + more > BYTES_AT_ONCE):
            found.append(items[start:place])
            start, total = place, 0
        total += more
    if start < len(items):
        found.append(items[start:])
    return found


class PartedInput(Generic[T]):
    """The steps that store the input, check it, and deal with it part by part."""

    def __init__(
        self,
        wanted: Input[T],
        parts: Sequence[Sequence[T]],
        *,
        by: str,
        spec: Mapping[str, Any],
    ) -> None:
        """``spec``: what ``StoredInput`` needs to know of the request besides its items."""
        self.name = str(wanted.kind)
        self.counts: Mapping[str, int] = {}
        self.rest: Callable[[], None] = lambda: None
        """Called between two parts that are made ready, outside transactions."""
        self._wanted = wanted
        self._parts = parts
        self._by = by
        self._now = wanted.now
        self._spec = spec
        self._job: Job | None = None
        self._accepted = False

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        yield self._begin
        for place, items in enumerate(self._parts):  # some at a time: there may be a lot
            yield partial(self._keep, place, list(map(self._wanted.members, items)))
        parts = []
        for items in self._parts:
            self.rest()
            parts.append(self._wanted.ready(items))
        yield partial(self._accept, parts)
        for place, part in enumerate(parts):
            yield partial(self._some, place, part)

    def give_up(self) -> Iterator[Step]:
        """Yield the steps to run after one has failed: what is not accepted is deleted, the rest is left to the job."""
        if self._job is None:
            return
        if self._accepted:
            yield self._requeue
        else:
            for place in range(len(self._parts)):
                yield partial(self._drop, place)
            yield self._fail

    @property
    def accepted(self) -> bool:
        """True once all of the input is stored and checked: it is dealt with to the end, whatever happens."""
        return self._accepted

    @property
    def job(self) -> Job:
        """Return the job that keeps the input; only there once the first step has run."""
        assert self._job is not None
        return self._job

    def _begin(self, tx: Transaction) -> None:
        dataset = self._wanted.find(tx)
        spec = {"parts": len(self._parts), **self._spec}
        job = tx.jobs.add(dataset, str(uuid.uuid4()), self._wanted.kind, spec, by=self._by, at=self._now)
        self._job = tx.jobs.change(job, at=self._now, state=JobState.RUNNING)

    def _keep(self, place: int, items: Sequence[Any], tx: Transaction) -> None:
        tx.jobs.keep_input(self.job, place, items)

    def _accept(self, parts: Sequence[Any], tx: Transaction) -> None:
        self._wanted.accept(tx, self._wanted.find(tx), parts)
        tx.jobs.change(self.job, at=self._now, done=0, total=len(self._parts))
        self._accepted = True

    def _some(self, place: int, part: Any, tx: Transaction) -> None:
        self.counts = _add_part(tx, self._wanted, self.job.id, place, part)

    def _requeue(self, tx: Transaction) -> None:
        if (job := tx.jobs.find(self.job.id)) is not None and job.state is JobState.RUNNING:
            tx.jobs.change(job, at=self._now, state=JobState.WAITING)

    def _drop(self, place: int, tx: Transaction) -> None:
        tx.jobs.drop_input(self.job, place)

    def _fail(self, tx: Transaction) -> None:
        tx.jobs.change(self.job, at=self._now, state=JobState.FAILED, message=NOTHING)


NOTHING = "it was refused, or broken off before it was whole; nothing was stored"


def _add_part(tx: Transaction, wanted: Input[Any], id: str, place: int, part: Any) -> Mapping[str, int]:
    """Deal with a part unless that was done before; return the counts so far."""
    job = tx.jobs.find(id)
    if job is None:  # it went with its dataset
        return {}
    counts: dict[str, int] = dict(job.result or {})
    if job.done != place:
        return counts
    for name, more in wanted.add(tx, job, part).items():
        counts[name] = counts.get(name, 0) + more
    tx.jobs.drop_input(job, place)
    last = place + 1 == job.total
    if last:
        wanted.finish(tx, job, counts)
    state = JobState.DONE if last else None
    tx.jobs.change(job, at=wanted.now, state=state, done=place + 1, result=counts)
    return counts


class StoredInput:
    """The steps that finish a job whose input is stored; one that was not stored whole is deleted."""

    def __init__(
        self, store: Store, job: Job, wanted: Input[Any], item: type[Any], kinds: Sequence[Any]
    ) -> None:
        """``item`` is the class of an item, ``kinds`` the types of its members."""
        self.name = f"finish {job.kind}"
        self.result: Mapping[str, int] = {}
        self._store = store
        self._job = job
        self._wanted = wanted
        self._item, self._kinds = item, kinds

    def steps(self) -> Iterator[Step]:
        """Yield the steps, each to be run in a transaction of its own."""
        if self._job.total is None:
            for place in range(self._job.spec["parts"]):
                yield partial(self._drop, place)
            raise Refusal(NOTHING)
        for place in range(self._job.done, self._job.total):
            with self._store.read() as tx:
                found = tx.jobs.input(self._job, place, self._kinds)
            if found is None:  # it is dealt with already, or went with the dataset
                continue
            yield partial(self._some, place, self._wanted.ready([self._item(*each) for each in found]))

    def give_up(self) -> Iterator[Step]:
        """Yield no steps: the next start tries again."""
        return iter(())

    def _drop(self, place: int, tx: Transaction) -> None:
        tx.jobs.drop_input(self._job, place)

    def _some(self, place: int, part: Any, tx: Transaction) -> None:
        self.result = _add_part(tx, self._wanted, self._job.id, place, part)
