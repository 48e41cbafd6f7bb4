"""The SDK against the official 1.6.0 client in the same run, and against a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apportion as rg

from .report import Line, middle
from .scale import ENTITIES, TEXTS, Scale, loaded, say
from .server import API_KEY, WORKSPACE, Server

__all__ = ["measure", "official_python", "run"]

_HERE = Path(__file__).parent
_ROUNDS = 3


def measure(scale: Scale) -> Iterator[Line]:
    official = official_python()
    if official is None:
        say("  no Python 3.10 or 3.11 for the official client: nothing to compare with")
    else:
        yield _ratio(official, "build", 10_000, 10, "build and serialise token classification records")
        rows = min(scale.records, 100_000)
        yield _ratio(
            official, "datasets", rows, 20, f"from_datasets of {rows:,} rows with NER tags", rounds=1
        )
    yield _stream(scale.records)
    yield from _load(scale)


def official_python() -> str | None:
    ran = subprocess.run(
        [sys.executable, str(_HERE.parent / "tools" / "official_client.py")],
        stdout=subprocess.PIPE,
        text=True,
    )
    found = ran.stdout.strip()
    return found if ran.returncode == 0 and Path(found).is_file() else None


def run(python: str, package: str, tx: str, count: int, *more: str) -> dict[str, Any]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ARGILLA_", "PYTHON"))}
    if package == "apportion":
        clean["PYTHONPATH"] = str(Path(rg.__file__).parents[1])
    command = [python, "-W", "ignore", str(_HERE / "notebook.py"), package, tx, str(count), *more]
    ran = subprocess.run(command, env=clean, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _ratio(official: str, tx: str, count: int, at_least: float, what: str, rounds: int = _ROUNDS) -> Line:
    ours, expected = [], []
    for number in range(rounds):
        say(f"  {tx}, round {number + 1} of {rounds}: {count:,} records")
        expected.append(run(official, "argilla", tx, count)["cpu"] / count * 1e6)
        ours.append(run(sys.executable, "apportion", tx, count)["cpu"] / count * 1e6)
    ratios = [a / b for a, b in zip(expected, ours, strict=True)]
    return Line(
        f"{what}: rate by CPU, of the 1.6.0 client's",
        middle(ratios),
        "×",
        f"CPU {middle(ours):.1f} µs a record, 1.6.0 {middle(expected):.0f} µs; rounds "
        + ", ".join(f"{each:.1f}" for each in ratios),
        at_least=at_least,
    )


def _stream(count: int) -> Line:
    say(f"  log {count:,} records from a generator")
    with _sink() as url:
        found = run(sys.executable, "apportion", "stream", count, url)
    assert found["records"] == count
    return Line(
        f"log {count:,} records from a generator: memory that grows after the first tenth",
        found["late"] - found["early"],
        "MB",
        f"highest {found['late']:.0f} MB; {count / found['seconds']:,.0f} records/s to a server that throws them "
        "away, making them up included",
        at_most=10,
    )


def _load(scale: Scale) -> Iterator[Line]:
    with loaded(scale) as (server, _):
        for name, count in ((TEXTS, min(scale.records, 200_000)), (ENTITIES, scale.token_records)):
            say(f"  load {count:,} records of {name}")
            yield _loading(server, name, count)


def _loading(server: Server, name: str, count: int) -> Line:
    with rg.Client(f"http://localhost:{server.port}", API_KEY, WORKSPACE) as client:
        client.load(name, limit=1000)
        rates, cpu, own = [], server.cpu(), time.process_time()
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            found = len(client.load(name, limit=count))
            rates.append(found / (time.perf_counter() - began))
            assert found == count
    cpu, own = (
        (server.cpu() - cpu) / count / _ROUNDS * 1e6,
        (time.process_time() - own) / count / _ROUNDS * 1e6,
    )
    return Line(
        f"rg.load of {count:,} records, {name}",
        middle(rates),
        "records/s",
        f"CPU a record: client {own:.1f} µs, server {cpu:.1f} µs; rounds "
        + ", ".join(f"{each:,.0f}" for each in rates),
        at_least=30_000,
    )


class _Sink(BaseHTTPRequestHandler):
    """Answers as a server does, and forgets what it was told."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/api/_info"):
            self._answer({"version": "1.6.0"})
        else:
            self._answer({"id": "1", "username": WORKSPACE, "role": "admin", "workspaces": [WORKSPACE]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"dataset": "stream", "processed": body.count(b'"event_timestamp":'), "failed": 0})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody wants to read of every request."""


@contextmanager
def _sink() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
