"""Searches of a large dataset on PostgreSQL: by the database alone, and by OpenSearch, which a server fills beside."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .assign import ASIDE, FRESH, join_people, log_bare, share_everything, work_at_queues
from .cluster import AS_ADVISED, Database, database, settings_of
from .corpus import TEXT
from .gathering import team_home
from .nodes import nodes
from .report import Line
from .scale import TEXTS, Scale, fill, say
from .search import BLOCK, calls, selections
from .server import WORKSPACE, Client, Server, environment, made_command

__all__ = [
    "cold_search",
    "measure",
    "moved",
    "rebuilt",
    "searches",
    "seconds_to_first_search",
    "wait_until_indexed",
]

_LOOK = 0.5
_READ_AHEAD = 15.0
"""Seconds that a server needs at most, after its start, to read ahead what later searches want."""


def measure(scale: Scale) -> Iterator[Line]:
    with database(*AS_ADVISED) as found, nodes() as opensearch, contextlib.ExitStack() as stack:
        settings: dict[str, Any] = settings_of(found)
        home = stack.enter_context(team_home(1, **settings))
        with Server(home, **settings) as server:
            began = time.perf_counter()
            fill(server, TEXTS, TEXT, scale.records)
            yield Line("log into PostgreSQL", scale.records / (time.perf_counter() - began), "records/s")
        with Server(home, **settings) as server:
            before = server.memory()
            yield from searches(scale, server, "PostgreSQL alone", at_most=(250, 600))
            kept = (server.memory() - before) * 1e6 / scale.records
            yield Line("memory of a server for its caches", kept, "bytes a record", at_most=300)
        yield cold_search(home, settings, at_most=3)
        yield from _shared_out(scale, home, settings)
        yield from moved(scale, home, settings, found)
        yield from _nobody_answered(scale, home, settings)
        settings |= {"APPORTION_OPENSEARCH_URL": opensearch.url, "APPORTION_SEARCH_FROM": "1"}
        with Server(home, **settings) as server:
            began, cpu = time.perf_counter(), server.cpu()
            wait_until_indexed(server, scale.records)
            seconds = time.perf_counter() - began
            detail = f"{seconds:.0f} s; {(server.cpu() - cpu) / scale.records * 1e6:.0f} µs CPU of the server a record"
            yield Line("build the index", scale.records / seconds, "records/s", detail)
            yield from searches(scale, server, "OpenSearch", at_most=(100, 250))
            with contextlib.closing(server.client()) as client:
                state = _state(client)
            yield Line("searches left to the database", state["left"], "", json.dumps(state))
        yield from rebuilt(scale, home, settings)


def cold_search(home: Path, settings: dict[str, Any], at_most: float | None = None) -> Line:
    """Measure the first search of a server that has just started."""
    seconds = seconds_to_first_search(home, settings)
    return Line("first search of a cold server", seconds, "s", at_most=at_most)


def seconds_to_first_search(home: Path, settings: dict[str, Any]) -> float:
    """Start a server, and return how long its first search takes."""
    with Server(home, **settings) as server, contextlib.closing(server.client()) as client:
        client.ask("GET", "/api/me")
        began = time.perf_counter()
        client.search(TEXTS, TEXT, "status:Default", limit=50, facets=BLOCK)
        return time.perf_counter() - began


def _shared_out(scale: Scale, home: Path, settings: dict[str, Any]) -> Iterator[Line]:
    with Server(home, **settings) as server, contextlib.closing(server.client()) as client:
        join_people(client)
        log_bare(client, ASIDE, 2_000)
        yield from share_everything(scale, server, client, TEXTS, "15 in 100 answered")
        yield from work_at_queues(scale, server, client, least=None)


def _nobody_answered(scale: Scale, home: Path, settings: dict[str, Any]) -> Iterator[Line]:
    """As many records more, deleted in the end: they would double what is moved and indexed."""
    with Server(home, **settings) as server, contextlib.closing(server.client()) as client:
        log_bare(client, FRESH, scale.records)
        yield from share_everything(scale, server, client, FRESH, "nobody has answered any", most=60)
        client.ask("DELETE", f"/api/datasets/{FRESH}")


def moved(scale: Scale, home: Path, settings: dict[str, Any], found: Database) -> Iterator[Line]:
    """Everything moved into a file."""
    began, most = time.perf_counter(), max(60.0, 900 * scale.records / 1e6)
    command = made_command("move", "--from", found.url, "--to", str(home / "moved.db"))
    try:
        done = subprocess.run(
            command, env=environment(home, **settings), capture_output=True, text=True, timeout=2 * most
        )
    except subprocess.TimeoutExpired:
        yield Line("apportion move into a file", 2 * most, "s", "given up then", at_most=most)
        return
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    size = (home / "moved.db").stat().st_size / 1e9
    seconds = time.perf_counter() - began
    yield Line("apportion move into a file", seconds, "s", f"{size:.1f} GB", at_most=most)


def _state(client: Client) -> dict[str, Any]:
    """Return the state of the indexes, as the server reports it."""
    state: dict[str, Any] = json.loads(client.ask("GET", "/api/server"))["search"]
    return state


def wait_until_indexed(server: Server, records: int) -> None:
    with contextlib.closing(server.client()) as client:
        while True:
            state = _state(client)
            if state["indexed"] and not state["building"] and not state["lag"]:
                return
            if state["problem"]:
                raise AssertionError(state["problem"])
            say(f"  indexing {records:,} records")
            time.sleep(_LOOK)


def searches(
    scale: Scale,
    server: Server,
    by: str,
    at_most: tuple[float, float] | None = None,
    *,
    may_refuse: bool = False,
) -> Iterator[Line]:
    """The four selections and all records; ``at_most``: milliseconds, and those for the word that many have.

    ``may_refuse``: searches that the server refuses as too slow are measured, too.
    """
    with contextlib.closing(server.client()) as client:
        time.sleep(_READ_AHEAD)
        for selection in selections():
            say(f"  search by {by}, {selection.name}")
            for many in (len(selection.queries), scale.calls):  # at first the caches fill
                block = calls(server, client, selection.queries, many, facets=BLOCK, may_refuse=may_refuse)
            most = at_most and at_most[selection.name.startswith("about 45")]
            yield Line(
                f"{by}: search with counts, {selection.name}, p95",
                block.p(95),
                "ms",
                block.text(),
                at_most=most,
            )


def rebuilt(scale: Scale, home: Path, settings: dict[str, Any]) -> Iterator[Line]:
    for what in ("verify", "rebuild"):
        began = time.perf_counter()
        command = made_command("index", what, TEXTS, "--workspace", WORKSPACE)
        done = subprocess.run(command, env=environment(home, **settings), capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        yield Line(f"apportion index {what}", scale.records / (time.perf_counter() - began), "records/s")
