"""Eight people who claim and submit over HTTP: at one server on the database file, then at three on PostgreSQL.

Everything runs on the same cores: the people, the servers, PostgreSQL.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from .cluster import Cluster, Database, database, settings_of
from .corpus import LABELS, TEXT, bodies
from .crowd import AT_ONCE, DATASET, Address, Caller
from .gathering import names, team_home
from .report import Line, middle, percentile
from .scale import Scale, say
from .server import API_KEY, WORKSPACE, Server

__all__ = ["measure"]

PEOPLE = 8
SERVERS = 3
_SECONDS = 20.0
_ROUNDS = 4
_RECORDS_A_SECOND = 700
"""Records there are for each second of work: more than anybody gets through."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class _Worked:
    """Answers of people within some time, how long claims and answers took, and the processor time of the servers."""

    seconds: float = 0.0
    claims: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    servers: float = 0.0
    database: float = 0.0

    @property
    def speed(self) -> float:
        """Answers a second."""
        return len(self.submits) / self.seconds

    @property
    def cpu(self) -> float:
        """Milliseconds of processor time an answer, with its share of a claim."""
        return (self.servers + self.database) / len(self.submits) * 1e3


def measure(scale: Scale) -> Iterator[Line]:
    seconds = min(_SECONDS, scale.team_seconds / 3)
    with ExitStack() as stack:
        home = stack.enter_context(team_home(PEOPLE))
        alone = stack.enter_context(contextlib.closing(Server(home)))
        found = stack.enter_context(database("fsync=on", in_memory=False))
        other_home = stack.enter_context(team_home(PEOPLE, **settings_of(found)))
        cluster = stack.enter_context(contextlib.closing(Cluster(other_home, found, SERVERS)))
        say(f"  {PEOPLE} people at one server on the file, then at {SERVERS} on PostgreSQL")
        yield from _logged(alone, cluster.servers[0], int(seconds * _RECORDS_A_SECOND))
        for server in (alone, cluster.servers[0]):
            _share_out(server)
        # First without counting: a server that was just started has yet to import and read much, once
        for servers in ([alone], cluster.servers):
            _work(servers, None, _Worked(), seconds / _ROUNDS)
        one, many = _Worked(), _Worked()
        # By turns: a machine that becomes slower meanwhile does so to both
        for _ in range(_ROUNDS):
            _work([alone], None, one, seconds / _ROUNDS)
            _work(cluster.servers, found, many, seconds / _ROUNDS)
        yield from _compared(one, many)
        yield _first_searches(cluster.servers, scale)


# Logging


def _logged(alone: Server, several: Server, records: int) -> Iterator[Line]:
    """Log the records that people annotate afterwards."""
    speeds = []
    for server in (alone, several):
        with contextlib.closing(server.client()) as client:
            ready = [_plain(body) for body in bodies(TEXT, 0, records, records)]
            began = time.perf_counter()
            for body in ready:
                client.log(DATASET, TEXT, body)
            speeds.append(records / (time.perf_counter() - began))
    yield Line(
        "logging through one server into PostgreSQL",
        speeds[1] / speeds[0],
        "×",
        f"{speeds[1]:,.0f} records a second, {speeds[0]:,.0f} into the file",
        at_least=0.35,
    )


def _plain(body: bytes) -> bytes:
    sent = msgspec.json.decode(body)
    for record in sent["records"]:
        record.pop("annotation", None)
        record["status"] = "Default"
    return msgspec.json.encode(sent)


def _share_out(server: Server) -> None:
    rule = {"users": names(PEOPLE), "overlap": 2, "mode": "pull"}
    spec = {"rules": [rule], "blind": True, "visibility": "dataset", "seed": 7}
    with contextlib.closing(server.client()) as client:
        client.ask("POST", f"/api/datasets/{DATASET}/assignments", msgspec.json.encode(spec))


# Claim and submit


def _compared(one: _Worked, many: _Worked) -> Iterator[Line]:
    yield Line(
        f"claim and submit, {PEOPLE} people, {SERVERS} servers on PostgreSQL",
        many.speed / one.speed,
        "×",
        f"{many.speed:.0f} answers a second, {one.speed:.0f} on the file",
        at_least=0.5,
    )
    in_database = many.database / len(many.submits) * 1e3
    yield Line(
        "processor time of that, PostgreSQL's included",
        many.cpu / one.cpu,
        "×",
        f"{many.cpu:.1f} ms an answer, of it {in_database:.1f} PostgreSQL; {one.cpu:.1f} ms on the file",
        at_most=3,
    )
    yield _waits("submit, nobody rests", many.submits, one.submits)
    yield _waits("claim of five, nobody rests", many.claims, one.claims)


def _waits(what: str, many: Sequence[float], one: Sequence[float]) -> Line:
    return Line(
        f"{what}, p95",
        percentile(many, 95) * 1e3,
        "ms",
        f"p50 {middle(many) * 1e3:.1f}; on the file {percentile(one, 95) * 1e3:.1f}, p50 {middle(one) * 1e3:.1f}",
    )


def _work(servers: Sequence[Server], found: Database | None, worked: _Worked, seconds: float) -> None:
    """Have everybody claim and submit, without a rest, until the time is over."""
    address = Address([each.port for each in servers], WORKSPACE)
    threads = [threading.Thread(target=_person, args=(address, name, worked)) for name in names(PEOPLE)]
    before = sum(each.cpu() for each in servers), _cpu_of(found)
    for each in threads:
        each.start()
    time.sleep(seconds)
    address.stop.set()
    for each in threads:
        each.join()
    worked.seconds += seconds
    worked.servers += sum(each.cpu() for each in servers) - before[0]
    worked.database += _cpu_of(found) - before[1]


def _person(address: Address, name: str, worked: _Worked) -> None:
    dice = random.Random(name)
    with contextlib.closing(Caller(address, f"{name}.apikey")) as caller:
        while not address.stop.is_set():
            began = time.perf_counter()
            claimed = caller.need("POST", f"/api/datasets/{DATASET}/queue:claim", {"limit": AT_ONCE})
            worked.claims.append(time.perf_counter() - began)
            if not claimed["records"]:
                raise AssertionError("there are too few records")
            for record in claimed["records"]:
                sent = _answer(record["assignment"], dice.choice(LABELS))
                path = f"/api/datasets/{DATASET}/records/{record['id']}/annotations/me"
                began = time.perf_counter()
                caller.need("PUT", path, sent)
                worked.submits.append(time.perf_counter() - began)


def _answer(given: dict[str, Any], label: str) -> dict[str, Any]:
    value = {"labels": [{"class": label}]}
    return {
        "value": value, "state": "submitted", "version": given["version"], "token": given.get("token"), "seconds": 2.5,
    }  # fmt: skip


def _cpu_of(found: Database | None) -> float:
    """Return the processor seconds of PostgreSQL so far: its own, and those of children, ended ones too."""
    if found is None:
        return 0.0
    postmaster, total = found.pid, 0.0
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parts = each.read_text().rpartition(")")[2].split()
            if int(each.parent.name) == postmaster:
                total += sum(map(int, parts[11:15]))
            elif int(parts[1]) == postmaster:
                total += sum(map(int, parts[11:13]))
    return total / _TICKS


# A search through another server


def _first_searches(servers: Sequence[Server], scale: Scale) -> Line:
    """Submit through one server, and look for it through another at once."""
    waits, held = [], 0
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(contextlib.closing(Caller(Address([each.port], WORKSPACE), key)))
            for each, key in ((servers[0], f"{names(1)[0]}.apikey"), (servers[1], API_KEY))
        )
        records: list[Any] = []
        for n in range(10 * scale.calls):
            if not records:
                claimed = one.need("POST", f"/api/datasets/{DATASET}/queue:claim", {"limit": AT_ONCE})
                records = claimed["records"]
            record = records.pop()
            sent = _answer(record["assignment"], f"first{n}")
            one.need("PUT", f"/api/datasets/{DATASET}/records/{record['id']}/annotations/me", sent)
            began = time.perf_counter()
            query = {"query": {"query_text": f"annotations.{names(1)[0]}.label:first{n}"}}
            found = other.need("POST", f"/api/datasets/{DATASET}/{TEXT}:search", query, limit=5, facets="")
            waits.append(time.perf_counter() - began)
            held += found["total"] == 1
    return Line(
        "first search through another server after an answer, p95",
        percentile(waits, 95) * 1e3,
        "ms",
        f"p50 {middle(waits) * 1e3:.1f}; {held:,} of {len(waits):,} held the answer",
        at_most=30,
    )
