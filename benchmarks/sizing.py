"""Needs of a server: disk for records, memory for what is searched, and how long others wait for a file."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from .corpus import TEXT, TOKEN
from .report import Line
from .scale import Scale, fill, say
from .server import Client, Server, made_home

__all__ = ["measure"]

_FILE, _PEOPLE = 10_000, 3


def measure(scale: Scale) -> Iterator[Line]:
    yield from _disk_and_memory(scale.bulk_records, scale.token_records)
    yield from _waiting_for_files()


def _disk_and_memory(texts: int, entities: int) -> Iterator[Line]:
    with made_home() as home:
        for task, records in ((TEXT, texts), (TOKEN, entities)):
            before = _size(home / "apportion.db")
            with Server(home) as server:
                fill(server, f"of-{task.lower()}", task, records)
            size = _size(home / "apportion.db") - before
            yield Line(
                f"disk a record, {task}",
                size / records / 1000,
                "KB",
                f"{records:,} records, {size / 1e6:,.0f} MB",
            )
        with Server(home) as server, contextlib.closing(server.client()) as client:
            fresh = server.memory("RssAnon")
            for query in (None, "status:Default", "annotated_as:label3"):
                client.search(f"of-{TEXT.lower()}", TEXT, query, limit=20)
            more = server.memory("RssAnon") - fresh
            detail = f"{fresh:.0f} → {fresh + more:.0f} MB with all counts of 1.x over {texts:,} records"
            yield Line(f"memory for a dataset of {texts:,} records that is searched", more, "MB", detail)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _waiting_for_files() -> Iterator[Line]:
    """Somebody annotates while somebody else sends ten thousand records in one request."""
    with made_home() as home, Server(home) as server, contextlib.closing(server.client()) as client:
        fill(server, "annotated", TEXT, 100)
        for number in range(_PEOPLE):
            user = {"username": f"person{number}", "first_name": "A", "password": "only-for-benchmarks"}
            client.ask("POST", "/api/users", msgspec.json.encode({"role": "annotator", **user}))
        for what, path, params, body in (
            ("logged in bulk", f"/api/datasets/bulk/{TEXT}:bulk", {}, _bulk("b")),
            ("a file for a new dataset", "/api/datasets/file/import", {"task": TEXT}, _file("n")),
            ("a file for a dataset that is there", "/api/datasets/file/import", {"task": TEXT}, _file("t")),
        ):
            say(f"  {what}")
            waits, seconds = _submits_while(server, client, path, params, body)
            shown = f"{seconds:.1f} s in all; one person submitted {len(waits)} times meanwhile"
            name = f"the longest wait for a submit while 10,000 records come at once: {what}"
            yield Line(name, max(waits) * 1e3, "ms", shown)


def _submits_while(
    server: Server, client: Client, path: str, params: dict[str, Any], body: bytes
) -> tuple[list[float], float]:
    """Return how long each submit took that began while a request was answered, and how long that took."""
    waits: list[float] = []
    done = threading.Event()

    def annotate() -> None:
        with contextlib.closing(server.client()) as person:
            number = 0
            while not done.is_set():
                number += 1
                record = {
                    "id": "annotated", "inputs": {"text": "a text"}, "status": "Validated",
                    "annotation": {"agent": "a", "labels": [{"class": f"label{number}"}]},
                }  # fmt: skip
                began = time.perf_counter()
                person.log("annotated", TEXT, msgspec.json.encode({"records": [record]}))
                waits.append(time.perf_counter() - began)
                time.sleep(0.02)

    thread = threading.Thread(target=annotate)
    thread.start()
    time.sleep(0.3)
    waits.clear()
    began = time.perf_counter()
    client.ask("POST", path, body, **params)
    seconds = time.perf_counter() - began
    done.set()
    thread.join()  # with the submit that was under way
    return waits, seconds


def _text(number: int) -> str:
    return (
        f"record {number} tells of something or other, with a few words such as soup and rain {number % 97}"
    )


def _bulk(mark: str) -> bytes:
    return msgspec.json.encode(
        {"records": [{"id": f"{mark}{n}", "inputs": {"text": _text(n)}} for n in range(_FILE)]}
    )


def _file(mark: str) -> bytes:
    """Records with an answer of three people each."""
    rows = []
    for n in range(_FILE):
        answers = {
            f"person{k}": {"value": {"labels": [{"class": f"label{(n + k) % 3}"}]}, "state": "submitted"}
            for k in range(_PEOPLE)
        }
        rows.append(json.dumps({"id": f"{mark}{n}", "text": _text(n), "answers": answers}))
    return "\n".join(rows).encode()
