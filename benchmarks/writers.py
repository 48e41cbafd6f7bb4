"""Three processes that write to one PostgreSQL database, against one that writes to a file: no HTTP in between."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .report import Line, middle, percentile
from .scale import Scale, say

__all__ = ["measure"]

_PEOPLE = 8
_PROCESSES = 3
_PAGE = 5
"""Records claimed at once."""
_BATCH = 500
_NOW = 1_700_000_000_000_000
_SCRIPT = Path(__file__).parents[1] / "tools" / "postgres.sh"
_TICKS = os.sysconf("SC_CLK_TCK")


class _Dataset(NamedTuple):
    """Place where a process finds its dataset: a file or a URL, and the name of the dataset."""

    place: str
    name: str


class _Worked(NamedTuple):
    """The answers of a process, its processor time, and how long each answer took."""

    answers: int
    cpu: float
    waits: list[float]


def measure(scale: Scale) -> Iterator[Line]:
    with (
        tempfile.TemporaryDirectory(prefix="apportion-writers-") as folder,
        _cluster(Path(folder)) as cluster,
    ):
        file = _filled(f"{folder}/apportion.db", scale)
        database = _filled(cluster.url, scale)
        say(f"  {_PEOPLE} people on the file, then on {_PROCESSES} processes")
        alone = _together(file, 1, scale.seconds)
        before = cluster.cpu()
        three = _together(database, _PROCESSES, scale.seconds)
        spent = cluster.cpu() - before
        yield from _compared(alone, three, spent, scale.seconds)
        yield _first_searches(database, scale)
        yield from _logging(file, database, scale)


# Claim and submit


def _compared(
    alone: list[_Worked], three: list[_Worked], database_cpu: float, seconds: float
) -> Iterator[Line]:
    one, many = (sum(each.answers for each in found) for found in (alone, three))
    cpu_one = sum(each.cpu for each in alone) / one * 1e3
    cpu_many = (sum(each.cpu for each in three) + database_cpu) / many * 1e3
    yield Line(
        f"claim and submit, {_PEOPLE} people, {_PROCESSES} processes on PostgreSQL",
        many / one,
        "×",
        f"{many / seconds:.0f} a second, {one / seconds:.0f} on the file",
        at_least=0.5,
    )
    yield Line(
        "processor time of that, PostgreSQL's included",
        cpu_many / cpu_one,
        "×",
        f"{cpu_many:.1f} ms a record, of it {database_cpu / many * 1e3:.1f} PostgreSQL; {cpu_one:.1f} ms on the file",
        at_most=3,
    )
    waits = [each for found in three for each in found.waits]
    yield Line("submit, p95", percentile(waits, 95) * 1e3, "ms", f"p50 {middle(waits) * 1e3:.1f}", at_most=60)


def _together(dataset: _Dataset, processes: int, seconds: float) -> list[_Worked]:
    context = multiprocessing.get_context("spawn")
    share = [range(n, _PEOPLE, processes) for n in range(processes)]
    with context.Pool(processes) as pool:
        return pool.starmap(_work, [(dataset, people, seconds) for people in share])


def _work(dataset: _Dataset, people: range, seconds: float) -> _Worked:
    """Have some people claim and submit through one store until the time is over."""
    store = _opened(dataset.place)
    waits: list[float] = []
    until, cpu = time.monotonic() + seconds, time.process_time()
    threads = [
        threading.Thread(target=_person, args=(store, dataset.name, f"p{n}", until, waits)) for n in people
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    found = _Worked(len(waits), time.process_time() - cpu, waits)
    store.close()
    return found


def _person(store: Any, name: str, who: str, until: float, waits: list[float]) -> None:
    from apportion.domain.datasets import DatasetAddress, RecordAddress
    from apportion.services.answers.own_annotations import AnnotationEntry, put_own_annotation
    from apportion.services.assignments.queue import ClaimRequest, claim_next
    from apportion.vocabulary import AnnotationState

    me, address = _actor(who), DatasetAddress("w", name)
    while time.monotonic() < until:
        asked = ClaimRequest([uuid.uuid4().hex for _ in range(_PAGE)], _PAGE)
        items = (
            store.write(lambda tx, asked=asked: claim_next(tx, me, address, asked, now=_NOW), urgent=True)
            .result()
            .items
        )
        if not items:
            raise AssertionError("there are too few records")
        for item in items:
            at = RecordAddress(address, item.slot.record)
            entry = AnnotationEntry(lambda _: (("a", 1.0),), AnnotationState.SUBMITTED, item.version)
            began = time.perf_counter()
            store.write(
                lambda tx, at=at, entry=entry: put_own_annotation(tx, me, at, entry, now=_NOW), urgent=True
            ).result()
            waits.append(time.perf_counter() - began)


def _actor(name: str) -> Any:
    from apportion.domain.ids import UserId
    from apportion.domain.people import Actor, Membership, User
    from apportion.vocabulary import MembershipRole, Role

    user = User(UserId(name), name, name, None, Role.ANNOTATOR, True, 0, 0)
    return Actor(user, (Membership("w", MembershipRole.ANNOTATOR),))


# A search through another store


def _first_searches(dataset: _Dataset, scale: Scale) -> Line:
    from apportion.domain.query import parse
    from apportion.ports.records import Criteria

    one, other = _opened(dataset.place), _opened(dataset.place)
    with contextlib.closing(one), contextlib.closing(other):
        found = _find(one, dataset.name)
        waits, held = [], 0
        for n in range(scale.calls):
            ready = one.encode_records(found.task, _records(f"new{n}-", 0, 1))
            one.write(lambda tx, ready=ready: tx.records.log(found, ready, at=_NOW + n)).result()  # noqa: B023
            began = time.perf_counter()
            with other.read() as tx:
                held += tx.records.count(found, Criteria(parse(f"id:new{n}\\-0"))) == 1
            waits.append(time.perf_counter() - began)
    if held < scale.calls:
        raise AssertionError(f"{scale.calls - held} of {scale.calls} were not found")
    return Line(
        "first search through another process's store after a write, p95",
        percentile(waits, 95) * 1e3,
        "ms",
        f"p50 {middle(waits) * 1e3:.1f}; {held:,} of {scale.calls:,} found",
        at_most=30,
    )


# Logging


def _logging(file: _Dataset, database: _Dataset, scale: Scale) -> Iterator[Line]:
    speeds = []
    for each in (file, database):
        with contextlib.closing(_opened(each.place)) as store:
            began = time.perf_counter()
            _log(store, _find(store, each.name), "more", scale.logged)
            speeds.append(scale.logged / (time.perf_counter() - began))
    yield Line(
        "logging in batches of 500 into PostgreSQL",
        speeds[1] / speeds[0],
        "×",
        f"{speeds[1]:,.0f} records a second, {speeds[0]:,.0f} into the file",
        at_least=0.35,
    )


def _log(store: Any, dataset: Any, prefix: str, many: int) -> None:
    for start in range(0, many, _BATCH):
        ready = store.encode_records(dataset.task, _records(prefix, start, min(many, start + _BATCH)))
        store.write(lambda tx, ready=ready: tx.records.log(dataset, ready, at=_NOW)).result()


def _records(prefix: str, start: int, stop: int) -> list[Any]:
    from apportion.domain.records import TextClassificationRecord

    return [
        TextClassificationRecord(
            f"{prefix}{n}",
            inputs={"text": f"record {n} of some words that people read"},
            metadata={"k": f"v{n % 50}"},
        )
        for n in range(start, stop)
    ]


# What is written to


def _opened(place: str) -> Any:
    if place.startswith("postgresql"):
        from apportion.storage.postgres.store import PostgresStore

        return PostgresStore(place)
    from apportion.storage.sqlite.store import SqliteStore

    return SqliteStore(Path(place))


def _find(store: Any, name: str) -> Any:
    with store.read() as tx:
        return tx.datasets.find("w", name)


def _filled(place: str, scale: Scale) -> _Dataset:
    """Make an individual dataset with a plan in which everybody may take any record."""
    from apportion.domain.assignment.spec import PlanSpec, RuleSpec
    from apportion.domain.assignment.state import PlanState
    from apportion.domain.assignment.states import Mode
    from apportion.domain.assignment.team import Person
    from apportion.domain.datasets import Dataset
    from apportion.domain.ids import DatasetNo
    from apportion.ports.plans import PlanPhase
    from apportion.services.assignments.apply_plan import due_of, slot_batch_of, with_numbers
    from apportion.vocabulary import Task

    many = min(scale.records, int(scale.seconds * 2_000))
    with contextlib.closing(_opened(place)) as store:
        wanted = Dataset(
            DatasetNo(0), uuid.uuid4().hex, "w", "shared", Task.TEXT_CLASSIFICATION, {}, {}, None,
            policies={"annotation": "individual"},
        )  # fmt: skip
        dataset = store.write(lambda tx: tx.datasets.add(wanted)).result()
        _log(store, dataset, "r", many)
        team = (tuple(Person(f"p{n}") for n in range(_PEOPLE)),)
        spec = PlanSpec((RuleSpec(mode=Mode.PULL, lease=30),), seed=1)
        rows = _open_rows(many)

        def plan(tx: Any) -> None:
            made = tx.assignments.add_plan(
                dataset,
                uuid.uuid4().hex,
                spec,
                team,
                PlanState(),
                {},
                phase=PlanPhase.WRITING,
                by="b",
                at=_NOW,
            )
            numbers = tx.assignments.record_numbers(dataset)
            known = [numbers[id] for id in rows.records]
            batch = with_numbers(tx, made, slot_batch_of(rows, _array(known), {}, due_of(spec)))
            tx.assignments.insert_slots(dataset, made, batch, 0, many)
            tx.assignments.enqueue_slots(dataset, made, batch, 0, many)
            tx.assignments.change_plan(made, at=_NOW + 1, phase=PlanPhase.LIVE)

        store.write(plan).result()
    return _Dataset(place, "shared")


def _array(values: list[int]) -> Any:
    from apportion.domain.numpy_types import np

    return np.array(values, dtype=np.int64)


def _open_rows(many: int) -> Any:
    from apportion.domain.assignment.rows import OPEN, RowFacts, RowsBuilder
    from apportion.domain.assignment.states import Phase, Reason
    from apportion.domain.numpy_types import np

    builder = RowsBuilder([])
    builder.add_records([f"r{n}" for n in range(many)], np.arange(many, dtype=np.int64))
    builder.add(
        np.arange(many, dtype=np.int64),
        np.full(many, OPEN, dtype=np.int32),
        np.zeros(many, dtype=np.int32),
        builder.reason(Reason("open")),
        RowFacts(rule=0, phase=Phase.FIXED, inclusion=np.ones(many)),
    )
    return builder.finish()


class _Cluster(NamedTuple):
    """A running PostgreSQL."""

    url: str
    postmaster: int

    def cpu(self) -> float:
        """Return the processor seconds of PostgreSQL so far, as far as its processes are there still."""
        total = 0.0
        for each in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parts = each.read_text().rpartition(")")[2].split()
                if int(parts[1]) == self.postmaster or int(each.parent.name) == self.postmaster:
                    # its own, and that of children that ended
                    total += sum(map(int, parts[11:15] if int(parts[1]) != self.postmaster else parts[11:13]))
        return total / _TICKS


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[_Cluster]:
    place = folder / "postgres"
    folder.chmod(0o755)  # where root runs this, PostgreSQL runs as somebody else
    started = subprocess.run(
        ["sh", _SCRIPT, "start", place, "fsync=on"], capture_output=True, text=True, check=True
    )
    try:
        pid = int((place / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield _Cluster(started.stdout.strip(), pid)
    finally:
        subprocess.run(["sh", _SCRIPT, "remove", place], check=False, capture_output=True)
