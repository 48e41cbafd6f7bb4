"""Ten million records on one machine: on PostgreSQL and one OpenSearch node, and in a file, step by step.

Both take hours. In a folder that is kept (``--home``), a run that was cut short is gone on with: steps that were done
are not measured again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from .assign import ASIDE, CLIENTS, Work, log_bare, share_everything, work_at_queues, worked_at_queues
from .cluster import AS_ADVISED, Database, settings_of
from .corpus import TEXT
from .gathering import furnish_team, plain_bodies
from .indexed import cold_search, moved, rebuilt, searches, wait_until_indexed
from .nodes import Nodes
from .report import Line, percentile
from .scale import TEXTS, Scale, say
from .server import Client, Refused, Server, furnish

__all__ = ["measure", "measure_file"]

PEOPLE = 1_000
NOTEBOOKS = 2
"""Connections that log at once."""
_SLICE = 20_000
_HOURS = 4 * 3600.0
"""Longest wait for one request: a plan of ten million records is one."""
_HEAP = "2g"
_CALLS = 40
_MORE = 100_000
"""Records logged into another dataset of the file."""
_ROUNDS = 3
"""Times that people work at each of two sizes, in turn."""


@dataclass(frozen=True)
class _Place:
    """Shared by all steps: scale, home of the server, its settings with and without OpenSearch, the database."""

    scale: Scale
    home: Path
    alone: dict[str, Any] = field(default_factory=dict)
    indexed: dict[str, Any] = field(default_factory=dict)
    database: Database | None = None
    """None: all is in a file."""

    @contextlib.contextmanager
    def server(self, *, indexed: bool = True) -> Iterator[tuple[Server, Client]]:
        """A server, and a client that waits for hours."""
        settings = self.indexed if indexed else self.alone
        with (
            Server(self.home, **settings) as server,
            contextlib.closing(Client(server.port, timeout=_HOURS)) as client,
        ):
            yield server, client

    @contextlib.contextmanager
    def tenth(self) -> Iterator[_Place]:
        """A tenth of the records in a PostgreSQL of its own, to compare with."""
        home = self.home / "tenth"
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        database = Database(home / "postgres", *AS_ADVISED)
        database.start()
        try:
            alone = settings_of(database)
            yield _Place(replace(self.scale, records=self.scale.records // 10), home, alone, alone, database)
        finally:
            database.stop()


Step = Callable[[_Place], Iterator[Line]]


def measure(scale: Scale) -> Iterator[Line]:
    home = _home(scale, "largest")
    database = Database(home / "postgres", *AS_ADVISED)
    node = Nodes(home / "opensearch", APPORTION_OPENSEARCH_HEAP=_HEAP)
    with contextlib.ExitStack() as stack:
        stack.callback(node.stop)
        stack.callback(database.stop)
        database.start()
        node.start()
        alone = settings_of(database)
        indexed = alone | {"APPORTION_OPENSEARCH_URL": node.url, "APPORTION_SEARCH_FROM": "1"}
        yield from _done(_STEPS, _Place(replace(scale, calls=_CALLS), home, alone, indexed, database))


def measure_file(scale: Scale) -> Iterator[Line]:
    """The same in a file, without other servers."""
    yield from _done(_STEPS_ON_FILE, _Place(replace(scale, calls=_CALLS), _home(scale, "largest-file")))


def _home(scale: Scale, name: str) -> Path:
    """Return a folder in the home of all suites; PostgreSQL and OpenSearch run as somebody else, who may enter it."""
    assert scale.home is not None
    home = scale.home / name
    home.mkdir(parents=True, exist_ok=True)
    for each in (scale.home, home):
        each.chmod(0o755)
    return home


def _done(steps: Mapping[str, Step], place: _Place) -> Iterator[Line]:
    for name, step in steps.items():
        yield from _once(place.home / f"{name}.json", partial(step, place))


def _once(kept: Path, step: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """Yield the figures of a step, or those that an earlier run kept."""
    if kept.exists():
        yield from (Line(**each) for each in json.loads(kept.read_text()))
        return
    lines = []
    for line in step():
        lines.append(line)
        yield line
    kept.write_text(json.dumps([asdict(each) for each in lines]))


def _furnished(place: _Place) -> Iterator[Line]:
    furnish(place.home, **place.alone)
    furnish_team(place.home, PEOPLE, place.alone)
    yield from ()


def _logged(place: _Place) -> Iterator[Line]:
    yield _log(place, TEXTS, place.scale.records, f"log into {_engine(place)}")


def _engine(place: _Place) -> str:
    return "a file" if place.database is None else "PostgreSQL"


def _log(place: _Place, dataset: str, records: int, what: str) -> Line:
    """Log what the dataset lacks."""
    with (
        place.server(indexed=False) as (server, client),
        ThreadPoolExecutor(NOTEBOOKS) as notebooks,
    ):
        clients = [Client(server.port) for _ in range(NOTEBOOKS)]
        there = _total(client, dataset)
        first = there - there % _SLICE  # a slice that was cut short is logged again
        began, cpu = time.perf_counter(), server.cpu()
        for start in range(first, records, _SLICE):
            if start % (10 * _SLICE) == 0:
                say(f"  loading {dataset}: {start:,} of {records:,}, {time.perf_counter() - began:.0f} s")

            def log(which: int, start: int = start) -> None:
                first = start + which * _SLICE // NOTEBOOKS
                for body in plain_bodies(first, min(records, first + _SLICE // NOTEBOOKS), records):
                    clients[which].log(dataset, TEXT, body)

            list(notebooks.map(log, range(NOTEBOOKS)))
        seconds = time.perf_counter() - began
        spent = (server.cpu() - cpu) / max(1, records - first) * 1e6
        detail = (
            f"{NOTEBOOKS} notebooks at once; {seconds:.0f} s for the last {records - first:,}; "
            f"{spent:.0f} µs CPU of the server a record"
        )
        return Line(what, (records - first) / seconds, "records/s", detail)


def _total(client: Client, dataset: str) -> int:
    try:
        return int(client.search(dataset, TEXT, None, limit=0, facets="")["total"])
    except Refused:
        return 0


def _searched_alone(place: _Place) -> Iterator[Line]:
    yield cold_search(place.home, place.alone)
    with place.server(indexed=False) as (server, _):
        before = server.memory()
        yield from searches(place.scale, server, f"{_engine(place)} alone", may_refuse=True)
        kept = (server.memory() - before) * 1e6 / place.scale.records
        yield Line("memory of a server for its caches", kept, "bytes a record", at_most=300)


def _indexed(place: _Place) -> Iterator[Line]:
    with place.server() as (server, _):
        began, cpu = time.perf_counter(), server.cpu()
        wait_until_indexed(server, place.scale.records)
        seconds = time.perf_counter() - began
        spent = (server.cpu() - cpu) / place.scale.records * 1e6
        detail = f"{seconds:.0f} s; {spent:.0f} µs CPU of the server a record"
        yield Line("build the index", place.scale.records / seconds, "records/s", detail)


def _searched(place: _Place) -> Iterator[Line]:
    with place.server() as (server, _):
        yield from searches(place.scale, server, "OpenSearch", may_refuse=True)


def _planned(place: _Place) -> Iterator[Line]:
    with place.server() as (server, client):
        log_bare(client, ASIDE, 2_000)
        yield from share_everything(
            place.scale, server, client, TEXTS, "nobody has answered any", people=PEOPLE
        )


def _prepared_tenth(place: _Place) -> Iterator[Line]:
    with place.tenth() as tenth:
        for step in (_furnished, _logged, _planned):
            list(step(tenth))
    yield from ()


def _worked(place: _Place) -> Iterator[Line]:
    few, many = Work(), Work()
    with place.tenth() as tenth, tenth.server() as smaller, place.server() as larger:
        for _ in range(_ROUNDS):
            few.add(worked_at_queues(tenth.scale, *smaller))
            many.add(worked_at_queues(place.scale, *larger))
    for records, work in ((tenth.scale.records, few), (place.scale.records, many)):
        rate = len(work.submits) / work.seconds
        yield Line(
            f"claim and submit, {CLIENTS} people at once, {records:,} records", rate, "records/s", work.detail
        )
    for what, fewer, more in (("claim", few.claims, many.claims), ("submit", few.submits, many.submits)):
        ratio = percentile(more, 95) / percentile(fewer, 95)
        yield Line(f"p95 of a {what} compared with a tenth of the records", ratio, "×", at_most=2)


def _searched_shared_out(place: _Place) -> Iterator[Line]:
    with place.server() as (server, _):
        yield from searches(place.scale, server, "OpenSearch, shared out", may_refuse=True)


def _exported(place: _Place) -> Iterator[Line]:
    with place.server() as (server, client):
        cpu, began = server.cpu(), time.perf_counter()
        size = client.download("POST", f"/api/datasets/{TEXTS}/export", b'{"format": "jsonl"}')
        took = time.perf_counter() - began
        detail = f"{size / 1e9:.1f} GB, {took:.0f} s, CPU {server.cpu() - cpu:.0f} s"
        yield Line("export everything as jsonl", place.scale.records / took, "records/s", detail)


def _rebuilt(place: _Place) -> Iterator[Line]:
    yield from rebuilt(place.scale, place.home, place.indexed)


def _moved(place: _Place) -> Iterator[Line]:
    assert place.database is not None
    yield from moved(place.scale, place.home, place.alone, place.database)


# In a file


def _searched_file(place: _Place) -> Iterator[Line]:
    with place.server() as (server, _):
        yield from searches(place.scale, server, "a file, shared out", may_refuse=True)


def _logged_more(place: _Place) -> Iterator[Line]:
    records = min(_MORE, place.scale.records)
    yield _log(place, "more", records, f"log {records:,} more into another dataset")


def _worked_alone(place: _Place) -> Iterator[Line]:
    with place.server() as (server, client):
        yield from work_at_queues(place.scale, server, client, least=None)


_STEPS: dict[str, Step] = {
    "people": _furnished,
    "log": _logged,
    "search-alone": _searched_alone,
    "index": _indexed,
    "search": _searched,
    "plan": _planned,
    "tenth": _prepared_tenth,
    "work": _worked,
    "search-shared-out": _searched_shared_out,
    "export": _exported,
    "rebuild": _rebuilt,
    "move": _moved,
}
_STEPS_ON_FILE: dict[str, Step] = {
    "people": _furnished,
    "log": _logged,
    "search": _searched_alone,
    "log-more": _logged_more,
    "plan": _planned,
    "work": _worked_alone,
    "search-shared-out": _searched_file,
    "export": _exported,
}
