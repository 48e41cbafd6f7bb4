"""Annotating as the 1.x web app does: one person, then eight at once against eight threads of SQLite."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from .bulk import bare
from .corpus import LABELS, TEXT, USERS
from .report import Line, middle, percentile
from .scale import TEXTS, Scale, loaded, say
from .server import NAME, Client, Server

__all__ = ["measure"]

PEOPLE = 8
_PAGE = 20


def measure(scale: Scale) -> Iterator[Line]:
    with loaded(scale) as (server, home):
        with contextlib.closing(server.client()) as client:
            client.search(TEXTS, TEXT, "status:Default AND metadata.user:user0", limit=_PAGE, facets="")
            client.search(TEXTS, TEXT, f"status:Validated AND annotated_by:{NAME}", limit=_PAGE)
            yield from _alone(scale, server, client)
        say(f"  {PEOPLE} people at once, {scale.seconds:.0f} s each")
        ours = [_together(server, scale.seconds / 2) for _ in range(2)]
        with tempfile.TemporaryDirectory(prefix="apportion-bare-") as folder:
            server.close()
            copy = Path(folder) / "apportion.db"
            shutil.copy(home / "apportion.db", copy)
            say(f"  {PEOPLE} threads on the bare engine")
            base = [bare("annotate", copy, scale.seconds / 2) for _ in range(2)]
    yield from _compared(ours, base)


def _alone(scale: Scale, server: Server, client: Client) -> Iterator[Line]:
    say("  annotate, and see it")
    walls, writes, cpu = [], [], server.cpu()
    dice = random.Random(5)
    for number in range(scale.calls):
        user = number % USERS
        query = f"status:Default AND metadata.user:user{user}"
        page = client.search(TEXTS, TEXT, query, limit=_PAGE, facets="")["records"]
        record = dice.choice(page)
        began = time.perf_counter()
        client.log(TEXTS, TEXT, _annotated(record, dice.choice(LABELS)))
        writes.append(time.perf_counter() - began)
        seen = client.search(
            TEXTS,
            TEXT,
            f'status:Validated AND annotated_by:{NAME} AND id:"{record["id"]}"',
            limit=_PAGE,
            facets="",
        )
        walls.append(time.perf_counter() - began)
        if [each["id"] for each in seen["records"]] != [record["id"]]:
            raise AssertionError(f"record {record['id']} was annotated and is not found")
    spent = (server.cpu() - cpu) / scale.calls * 1e3
    yield Line(
        "annotate one record and see it in the next search, p95",
        percentile(walls, 95) * 1e3,
        "ms",
        f"p50 {middle(walls) * 1e3:.1f}; writing alone p50 {middle(writes) * 1e3:.1f}, "
        f"p95 {percentile(writes, 95) * 1e3:.1f}; CPU of page + write + search {spent:.1f} ms",
        at_most=20,
    )
    yield from _screen(scale, server, client)


def _screen(scale: Scale, server: Server, client: Client) -> Iterator[Line]:
    """Time what the 1.x app asks for after each annotation: the page with every count there is."""
    dice, walls, cpu, calls = random.Random(6), [], server.cpu(), max(6, scale.calls // 5)
    for number in range(calls):
        query = f"metadata.user:user{number % USERS} AND status:Default"
        page = client.search(TEXTS, TEXT, query, limit=_PAGE, facets="")["records"]
        began = time.perf_counter()
        client.log(TEXTS, TEXT, _annotated(dice.choice(page), dice.choice(LABELS)))
        client.search(TEXTS, TEXT, None, limit=_PAGE)
        walls.append(time.perf_counter() - began)
    spent = (server.cpu() - cpu) / calls * 1e3
    yield Line(
        "annotate, then the first page of everything with all counts of 1.x, p95",
        percentile(walls, 95) * 1e3,
        "ms",
        f"p50 {middle(walls) * 1e3:.1f}; CPU {spent:.1f} ms",
    )


def _annotated(record: dict[str, Any], label: str) -> bytes:
    """The request of the 1.x app: the whole record as it was shown, with a label and a status."""
    sent = {name: value for name, value in record.items() if name not in ("predictions", "annotations")}
    sent |= {
        "status": "Validated",
        "annotation": {"agent": NAME, "labels": [{"class": label, "score": 1.0}]},
        "vectors": {},
    }
    return msgspec.json.encode({"records": [sent]})


# Eight at once


class _Seen(NamedTuple):
    reads: list[float]
    writes: list[float]
    cpu: float


class _Together(NamedTuple):
    loops: float
    reads: list[float]
    writes: list[float]
    server_ms: float
    client_ms: float


def _together(server: Server, seconds: float) -> _Together:
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(PEOPLE + 1)
    with contextlib.ExitStack() as stack:
        queue: Any = context.Queue()
        people = [
            context.Process(target=_person, args=(server.port, who, seconds, gate, queue), daemon=True)
            for who in range(PEOPLE)
        ]
        for each in people:
            each.start()
            stack.callback(each.join, 30)
        gate.wait(60)
        cpu, began = server.cpu(), time.perf_counter()
        shown: list[_Seen] = [_Seen(*queue.get(timeout=seconds + 60)) for _ in people]
        wall, cpu = time.perf_counter() - began, server.cpu() - cpu
    reads = [each for one in shown for each in one.reads]
    writes = [each for one in shown for each in one.writes]
    client = sum(one.cpu for one in shown)
    done = max(1, len(writes))
    return _Together(len(writes) / wall, reads, writes, cpu / done * 1e3, client / done * 1e3)


def _person(port: int, who: int, seconds: float, gate: Any, queue: Any) -> None:
    client, dice = Client(port), random.Random(time.time_ns() + who)
    gate.wait(60)
    until, cpu = time.perf_counter() + seconds, time.process_time()
    reads, writes = [], []
    while (began := time.perf_counter()) < until:
        query = f"status:Default AND metadata.user:user{dice.randrange(USERS)}"
        page = client.search(TEXTS, TEXT, query, limit=_PAGE, facets="")["records"]
        read = time.perf_counter()
        reads.append(read - began)
        if page:
            client.log(TEXTS, TEXT, _annotated(dice.choice(page), dice.choice(LABELS)))
            writes.append(time.perf_counter() - read)
    queue.put(_Seen(reads, writes, time.process_time() - cpu))


def _compared(ours: list[_Together], base: list[dict[str, Any]]) -> Iterator[Line]:
    loops = middle([each.loops for each in ours])
    bare_loops = middle([each["loops"] / each["wall"] for each in base])
    bare_ms = middle([each["cpu"] / max(1, each["loops"]) * 1e3 for each in base])
    server_ms = middle([each.server_ms for each in ours])
    client_ms = middle([each.client_ms for each in ours])
    reads = [value for each in ours for value in each.reads]
    writes = [value for each in ours for value in each.writes]
    yield Line(
        f"{PEOPLE} annotators over HTTP: loops/s, of {PEOPLE} threads on the bare engine",
        loops / bare_loops,
        "×",
        f"{loops:.0f} loops/s; bare {bare_loops:.0f}; CPU a loop: server {server_ms:.1f} ms, "
        f"load generator {client_ms:.1f} ms, bare {bare_ms:.1f} ms",
        at_least=0.4,
    )
    yield Line(
        f"{PEOPLE} annotators over HTTP",
        loops,
        "loops/s",
        f"page p50 {middle(reads) * 1e3:.1f}, p95 {percentile(reads, 95) * 1e3:.1f} ms; "
        f"annotate p50 {middle(writes) * 1e3:.1f}, p95 {percentile(writes, 95) * 1e3:.1f} ms",
    )
