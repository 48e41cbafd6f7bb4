"""Sharing out: look and make at scale while somebody annotates, then claims and submits over HTTP."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from apportion.domain.assignment.planning import RuleInput, plan
from apportion.domain.assignment.spec import Overlap, PlanSpec, RuleSpec
from apportion.domain.assignment.team import Person, PlanningRecords
from apportion.domain.datasets import DatasetAddress
from apportion.services.assignments import queue
from apportion.storage.sqlite.store import SqliteStore

from .corpus import TEXT
from .report import Line, middle, percentile
from .scale import TEXTS, Scale, loaded, say
from .server import WORKSPACE, Client, Refused, Server

ADDRESS = DatasetAddress(WORKSPACE, TEXTS)

__all__ = [
    "ASIDE",
    "CLIENTS",
    "FRESH",
    "Work",
    "join_people",
    "log_bare",
    "measure",
    "share_everything",
    "work_at_queues",
    "worked_at_queues",
]

PEOPLE = 100
CLIENTS = 8
SMALL = 10_000
ASIDE, TEN, FRESH = "aside", "ten", "fresh"
"""A dataset to annotate meanwhile, one to share out among ten, and a large one that nobody has answered yet."""


def measure(scale: Scale) -> Iterator[Line]:
    yield from _allocating(scale)
    with loaded(scale) as (server, home):
        with contextlib.closing(server.client()) as client:
            say(f"  {PEOPLE} people")
            join_people(client)
            for name, records in ((ASIDE, 2_000), (TEN, SMALL), (FRESH, scale.records)):
                log_bare(client, name, records)
            yield from _ten(server, client)
            yield from share_everything(scale, server, client, FRESH, "nobody has answered any")
            client.ask("DELETE", f"/api/datasets/{FRESH}")
            plan = yield from share_everything(
                scale, server, client, TEXTS, "15 in 100 answered, and shared before"
            )
            yield from work_at_queues(scale, server, client)
        server.close()
        yield _claims(scale, home)
        with Server(home) as server, contextlib.closing(server.client()) as client:
            server.come_to_rest()
            with _meanwhile(server) as waits:
                began = time.perf_counter()
                _undo(client, TEXTS, plan)
                wall = time.perf_counter() - began
            yield Line("undo it", wall, "s", "but for the answers given")
            yield _waited(waits, "while it is undone")


# In memory


def _allocating(scale: Scale) -> Iterator[Line]:
    allocated = _allocated(1_000, 10, 2)[0]
    pairs, loads = allocated["pairs"], allocated["loads"].values()
    yield Line(
        "1,000 records twice among ten: widest distance of a pair from the ideal",
        max(pairs["max"] - pairs["ideal"], pairs["ideal"] - pairs["min"]),
        "records",
        f"{pairs['min']} to {pairs['max']}, ideal {pairs['ideal']}; loads {min(loads)} to {max(loads)}",
        at_most=2.8,
    )
    records = 10_000_000 if scale.records == 1_000_000 and scale.seconds >= 60 else 100_000
    say(f"  {records:,} records three times among 1,000, in memory")
    _, wall, cpu = _allocated(records, 1_000, 3)
    yield Line(
        f"{records:,} × 3 among 1,000 planned in memory", wall, "s", f"CPU {cpu:.1f} s; an aim, no must",
        at_most=10 if records == 10_000_000 else None,
    )  # fmt: skip


def _allocated(records: int, people: int, overlap: int) -> tuple[dict[str, Any], float, float]:
    """The plan as it is shown, and what working it out took."""
    ids = [f"r{number}" for number in range(records)]
    team = tuple(Person(name) for name in _people(people))
    spec = PlanSpec((RuleSpec(overlap=Overlap(overlap)),), seed=7)
    began, cpu = time.perf_counter(), time.process_time()
    found = plan(spec, [RuleInput(PlanningRecords(ids, {}), team)])
    return found.show(), time.perf_counter() - began, time.process_time() - cpu


# Over HTTP


def _post(client: Client, path: str, sent: Any = None, **params: Any) -> Any:
    return msgspec.json.decode(client.ask("POST", path, msgspec.json.encode(sent or {}), **params))


def _people(many: int) -> list[str]:
    return [f"person{number}" for number in range(many)]


def join_people(client: Client) -> None:
    known = {each["username"] for each in msgspec.json.decode(client.ask("GET", "/api/users"))}
    for name in _people(PEOPLE):
        if name not in known:
            _post(
                client,
                "/api/users",
                {
                    "username": name, "first_name": name, "password": "only-for-benchmarks", "role": "annotator",
                },
            )  # fmt: skip
    members = msgspec.json.decode(client.ask("GET", f"/api/workspaces/{WORKSPACE}/members"))
    there = {each["username"] for each in members["members"]}
    for name in _people(PEOPLE):
        if name not in there:
            _post(client, f"/api/workspaces/{WORKSPACE}/members", {"username": name})


def log_bare(client: Client, name: str, records: int) -> None:
    """A dataset of short texts without anything else."""
    with contextlib.suppress(Refused):
        client.ask("DELETE", f"/api/datasets/{name}")
    for start in range(0, records, 5_000):
        stop = min(start + 5_000, records)
        if start % 100_000 == 0 and records > 100_000:
            say(f"  loading {name}: {start:,} of {records:,}")
        some = [{"id": f"r{n}", "inputs": {"text": f"text {n}"}} for n in range(start, stop)]
        client.log(name, TEXT, msgspec.json.encode({"records": some}))


def _plan(client: Client, dataset: str, people: int, overlap: int, **more: Any) -> dict[str, Any]:
    rule = {"users": _people(people), "overlap": overlap, **more}
    sent = {"seed": 7, "blind": True, "rules": [rule]}
    made: dict[str, Any] = _post(client, f"/api/datasets/{dataset}/assignments", sent)
    return made


def _undo(client: Client, dataset: str, plan: dict[str, Any]) -> None:
    _post(client, f"/api/datasets/{dataset}/assignments/{plan['id']}:undo")


def _ten(server: Server, client: Client) -> Iterator[Line]:
    say(f"  {SMALL:,} records among ten")
    server.come_to_rest()
    walls, cpus = [], []
    for _ in range(5):
        began, cpu = time.perf_counter(), server.cpu()
        made = _plan(client, TEN, 10, 1)
        walls.append(time.perf_counter() - began)
        cpus.append(server.cpu() - cpu)
        _undo(client, TEN, made)
    yield Line(
        f"share {SMALL:,} records out among ten, written", middle(walls), "s",
        f"over HTTP; slowest {max(walls):.2f}; CPU {middle(cpus):.2f} s", at_most=0.1,
    )  # fmt: skip
    made = _plan(client, TEN, 10, 2)
    _undo(client, TEN, made)
    pairs = made["pairs"]
    yield Line(
        "pairs of ten people, overlap 2: widest distance from the ideal",
        max(pairs["max"] - pairs["ideal"], pairs["ideal"] - pairs["min"]),
        "records",
        f"{pairs['min']} to {pairs['max']}, ideal {pairs['ideal']}; loads {min(made['loads'].values())} to "
        f"{max(made['loads'].values())}",
    )


def share_everything(
    scale: Scale,
    server: Server,
    client: Client,
    dataset: str,
    which: str,
    most: float = 35,
    people: int = PEOPLE,
) -> Generator[Line, None, dict[str, Any]]:
    """All records of a dataset twice among everybody, while somebody annotates another one.

    ``most`` are the seconds within which a million that nobody has answered are to be shared out.
    """
    say(f"  {scale.records:,} records twice among {people:,}: {which}")
    server.come_to_rest()
    large = scale.records == 1_000_000
    sent = {"seed": 7, "blind": True, "rules": [{"users": _people(people), "overlap": 2}]}
    began, cpu = time.perf_counter(), server.cpu()
    looked = _post(client, f"/api/datasets/{dataset}/assignments:preview", sent)
    yield Line(
        f"look at {scale.records:,} × 2 among {people:,}: {which}",
        time.perf_counter() - began,
        "s",
        f"CPU {server.cpu() - cpu:.1f} s; loads {min(looked['loads'].values()):,} to "
        f"{max(looked['loads'].values()):,}",
        at_most=5 if large else None,
    )
    with _meanwhile(server) as waits:
        began, cpu = time.perf_counter(), server.cpu()
        made: dict[str, Any] = _post(
            client, f"/api/datasets/{dataset}/assignments", {**sent, "digest": looked["digest"]}
        )
        wall, spent = time.perf_counter() - began, server.cpu() - cpu
    included = (
        "planning included"
        if dataset == FRESH
        else "planning, carrying the answers over and settling included"
    )
    yield Line(
        f"make it, {made['slots']:,} slots: {which}", wall, "s", f"{included}; CPU {spent:.1f} s",
        at_most=most if large and dataset == FRESH else None,
    )  # fmt: skip
    yield _waited(waits, which)
    return made


def _waited(waits: list[float], which: str) -> Line:
    return Line(
        f"an annotator's submit meanwhile, p95: {which}", percentile(waits, 95) * 1e3, "ms",
        f"p50 {middle(waits) * 1e3:.1f}, slowest {max(waits) * 1e3:.0f}, {len(waits)} answers", at_most=100,
    )  # fmt: skip


@contextlib.contextmanager
def _meanwhile(server: Server) -> Iterator[list[float]]:
    """Somebody annotates another dataset all the while."""
    waits: list[float] = []
    stop = threading.Event()

    def annotate() -> None:
        with contextlib.closing(server.client()) as client:
            versions: dict[str, int] = {}
            number = 0
            while not stop.is_set():
                number += 1
                id = f"r{number % 2_000}"
                began = time.perf_counter()
                versions[id] = _submit(client, ASIDE, id, versions.get(id))
                waits.append(time.perf_counter() - began)
                time.sleep(0.05)

    thread = threading.Thread(target=annotate)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _submit(client: Client, dataset: str, id: str, version: int | None = 0) -> int:
    path = f"/api/datasets/{dataset}/records/{quote(id, safe='')}/annotations/me"
    if version is None:
        version = msgspec.json.decode(client.ask("GET", path))["version"]
    sent = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": version}
    return int(msgspec.json.decode(client.ask("PUT", path, msgspec.json.encode(sent)))["version"])


# Claims and submits


@dataclass
class Work:
    """Waits of people at their queues: seconds of each claim of five and of each submit."""

    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    not_counted: int = 0
    cpu: float = 0.0
    """Seconds that the server computed."""
    seconds: float = 0.0
    """For which they worked."""

    def add(self, more: Work) -> None:
        self.claims += more.claims
        self.submits += more.submits
        self.not_counted += more.not_counted
        self.cpu += more.cpu
        self.seconds += more.seconds

    @property
    def detail(self) -> str:
        done = max(1, len(self.submits))
        return (
            f"claim of five p50 {middle(self.claims) * 1e3:.1f}, p95 {percentile(self.claims, 95) * 1e3:.1f} ms; "
            f"submit p50 {middle(self.submits) * 1e3:.1f}, p95 {percentile(self.submits, 95) * 1e3:.1f} ms; "
            f"server CPU a record {self.cpu / done * 1e3:.1f} ms; not counted {self.not_counted}"
        )


def work_at_queues(scale: Scale, server: Server, client: Client, least: float | None = 300) -> Iterator[Line]:
    work = worked_at_queues(scale, server, client)
    rate = len(work.submits) / work.seconds
    what = f"claim and submit, {CLIENTS} people at once"
    yield Line(what, rate, "records/s", work.detail, at_least=least)


def worked_at_queues(scale: Scale, server: Server, client: Client) -> Work:
    """Have some people claim and submit at once for the time of the scale."""
    say(f"  {CLIENTS} people at their queues, {scale.seconds:.0f} s")
    context = multiprocessing.get_context("spawn")
    shown: Any = context.Queue()
    cpu = server.cpu()
    people = [
        context.Process(target=_person, args=(server.port, key, scale.seconds, shown), daemon=True)
        for key in _keys(client)
    ]
    for each in people:
        each.start()
    found = [shown.get(timeout=scale.seconds + 60) for _ in people]
    for each in people:
        each.join(30)
    work = Work(cpu=server.cpu() - cpu, seconds=scale.seconds)
    for claims, submits, not_counted in found:
        work.add(Work(claims, submits, not_counted))
    return work


def _claims(scale: Scale, home: Path) -> Line:
    """The claim itself, as one transaction of the writer does it, with no HTTP around it."""
    say("  claims without HTTP")
    store = SqliteStore(home / "apportion.db")
    walls, cpus = [], []

    def claim(tx: Any, name: str) -> None:
        now, actor = time.time_ns() // 1000, tx.people.actor(name)
        began, cpu = time.perf_counter(), time.thread_time()
        found = queue.claim_next(tx, actor, ADDRESS, queue.ClaimRequest(["token"], 1), now=now)
        walls.append((time.perf_counter() - began) * 1e3)
        cpus.append((time.thread_time() - cpu) * 1e3)
        assert found.items
        queue.release_records(tx, actor, ADDRESS, None)

    try:
        for number in range(2 * PEOPLE):
            name = f"person{number % PEOPLE}"
            store.write(lambda tx, name=name: claim(tx, name)).result()  # type: ignore[misc]
    finally:
        store.close()
    return Line(
        f"a claim at {scale.records:,} records, without HTTP", middle(walls[PEOPLE:]), "ms",
        f"CPU {middle(cpus[PEOPLE:]):.2f}, p95 {percentile(walls[PEOPLE:], 95):.2f} ms", at_most=1,
    )  # fmt: skip


def _keys(client: Client) -> list[str]:
    """New API keys of the first people."""
    ids = {each["username"]: each["id"] for each in msgspec.json.decode(client.ask("GET", "/api/users"))}
    return [_post(client, f"/api/users/{ids[name]}:reset_key")["api_key"] for name in _people(CLIENTS)]


def _person(port: int, key: str, seconds: float, shown: Any) -> None:
    client = Client(port, key=key)
    until = time.perf_counter() + seconds
    claims, submits, extras = [], [], 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        page = _post(client, f"/api/datasets/{TEXTS}/queue:claim", {"limit": 5})
        claims.append(time.perf_counter() - began)
        if not page["records"]:
            break
        for each in page["records"]:
            path = f"/api/datasets/{TEXTS}/records/{quote(each['assignment']['id'], safe='')}/annotations/me"
            sent = {
                "value": {"labels": [{"class": "good"}]}, "state": "submitted",
                "version": each["assignment"]["version"], "token": each["assignment"]["token"],
            }  # fmt: skip
            began = time.perf_counter()
            answer = msgspec.json.decode(client.ask("PUT", path, msgspec.json.encode(sent)))
            submits.append(time.perf_counter() - began)
            extras += not answer["counted"]
    shown.put((claims, submits, extras))
