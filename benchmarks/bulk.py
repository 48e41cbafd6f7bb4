"""Logging in bulk over HTTP, against putting the same rows into the same schema without a server."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .corpus import TEXT, TOKEN, bodies
from .report import Line, middle
from .scale import ENTITIES, TEXTS, Scale, say
from .server import Server, made_home

__all__ = ["bare", "measure"]

_SLICE = 10_000


def measure(scale: Scale) -> Iterator[Line]:
    new, again, rates, again_rates, ratios, bare_us = [], [], [], [], [], []
    client_us, peak = [], 0.0
    records = scale.bulk_records
    relogged = records // 5
    for number in range(scale.rounds):
        say(f"  bulk, round {number + 1} of {scale.rounds}: {records:,} records")
        with made_home() as home:
            with Server(home) as server:
                server.come_to_rest()  # what a server does once after its start is no cost of logging
                logged = _log(server, TEXTS, TEXT, 0, records)
                peak = server.memory("VmHWM")
            say("  the same rows without a server")
            base = bare("insert", home / "apportion.db")
            with Server(home) as server:
                server.come_to_rest()
                relogging = _log(server, TEXTS, TEXT, 0, relogged, total=records, assigned=True)
        new.append(logged.us)
        rates.append(logged.rate)
        client_us.append(logged.client_us)
        again.append(relogging.us)
        again_rates.append(relogging.rate)
        bare_us.append(base["cpu"] / base["records"] * 1e6)
        ratios.append(logged.us / bare_us[-1])
    yield Line(
        "bulk over HTTP: server CPU per record, of the bare insert's",
        middle(ratios),
        "×",
        f"{middle(new):.0f} µs; bare {middle(bare_us):.0f} µs; rounds {_list(ratios)}",
        at_most=2,
    )
    yield Line(
        "logging again with one metadata key changed: rate by CPU, of new records'",
        middle([a / b for a, b in zip(new, again, strict=True)]),
        "×",
        f"CPU {middle(again):.0f} µs a record; {middle(again_rates):,.0f} records/s",
        at_least=0.7,
    )
    yield Line(
        f"bulk over HTTP, first {records:,} records",
        middle(rates),
        "records/s",
        f"server CPU {middle(new):.0f} µs a record, client {middle(client_us):.0f} µs; peak {peak:.0f} MB",
        at_least=4000,
    )
    yield _entities(scale)


def _entities(scale: Scale) -> Line:
    records = scale.token_records
    say(f"  bulk, token classification: {records:,} records")
    with made_home() as home:
        with Server(home) as server:
            server.come_to_rest()
            logged = _log(server, ENTITIES, TOKEN, 0, records)
        base = bare("insert", home / "apportion.db")
    us = base["cpu"] / base["records"] * 1e6
    return Line(
        "the same for token classification, about 5 spans a record",
        logged.us / us,
        "×",
        f"{logged.us:.0f} µs; bare {us:.0f} µs; {logged.rate:,.0f} records/s over HTTP",
        at_most=2,
    )


class _Logged:
    """Times that some requests took."""

    def __init__(self) -> None:
        self.records = 0
        self.wall = self.cpu = self.client_cpu = 0.0

    @property
    def us(self) -> float:
        return self.cpu / self.records * 1e6

    @property
    def client_us(self) -> float:
        return self.client_cpu / self.records * 1e6

    @property
    def rate(self) -> float:
        return self.records / self.wall


def _log(
    server: Server,
    dataset: str,
    task: str,
    start: int,
    end: int,
    *,
    total: int | None = None,
    assigned: bool = False,
) -> _Logged:
    """Log records one request after the other; making them up is not on the clock."""
    found = _Logged()
    with contextlib.closing(server.client()) as client:
        for first in range(start, end, _SLICE):
            last = min(end, first + _SLICE)
            requests = bodies(task, first, last, total or end, assigned=assigned)
            began, cpu, own = time.perf_counter(), server.cpu(), time.process_time()
            for body in requests:
                client.log(dataset, task, body)
            found.wall += time.perf_counter() - began
            found.cpu += server.cpu() - cpu
            found.client_cpu += time.process_time() - own
            found.records += last - first
    return found


def bare(tx: str, file: Path, argument: float = 0) -> dict[str, Any]:
    """Measure what SQLite alone takes, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bare", tx, str(file), str(argument)]
    folder = Path(__file__).parent.parent
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=folder)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
