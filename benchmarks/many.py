"""Many datasets and many people: what lists of all of them cost, and how that grows."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from apportion.domain.datasets import DatasetAddress
from apportion.domain.ids import UserId
from apportion.domain.people import User
from apportion.domain.records import TextClassificationRecord
from apportion.ports.store import Transaction
from apportion.services.datasets.manage import NewDataset, blank_dataset
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import MembershipRole, Role, Task

from .corpus import TEXT
from .report import Line
from .scale import Scale, say
from .server import NAME, WORKSPACE, Client, Server, made_home

__all__ = ["measure"]

FEW, MANY = 425, 1_700
"""Datasets. Four times as many may cost little more than four times as much."""
RECORDS, PEOPLE, PLANNED = 20, 5_000, 5
"""Records a dataset, people, and every how many-th dataset is shared out among four of them."""
_LISTS = ("/api/overview", "/api/team", "/api/users", "/api/me/work", "/api/datasets")
_ROUNDS = 5


def measure(scale: Scale) -> Iterator[Line]:
    del scale  # what is measured is numbers of datasets, not of records
    with made_home() as home:
        _fill(home, 0, FEW)
        with Server(home) as server, contextlib.closing(server.client()) as client:
            _share_out(client, 0, FEW)
            few = {path: _cost(server, client, path) for path in _LISTS}
        _fill(home, FEW, MANY)
        with Server(home) as server, contextlib.closing(server.client()) as client:
            _share_out(client, FEW, MANY)
            for path in _LISTS:
                cost = _cost(server, client, path)
                yield Line(f"GET {path}", cost, "s", "processor time", at_most=0.5)
                growth = cost / max(few[path], 0.01)
                yield Line(f"  against {FEW} datasets", growth, "×", f"{few[path]:.3f} s", at_most=6)
            before = server.cpu()
            for number in range(MANY, MANY + _ROUNDS):
                client.log(f"many{number}", TEXT, msgspec.json.encode({"records": _records()}))
            yield Line(
                "make a dataset", (server.cpu() - before) / _ROUNDS, "s", "processor time", at_most=0.5
            )
            yield Line("memory", server.memory(), "MB")


def _fill(home: Path, first: int, end: int) -> None:
    """Put datasets into the file, and people the first time: a request for each would take most of the time."""
    say(f"  making {end - first:,} datasets")
    store = SqliteStore(home / "apportion.db")
    try:
        if first == 0:
            store.write(_add_people).result()
        for start in range(first, end, 100):
            store.write(partial(_add_datasets, store, start, min(start + 100, end))).result()
    finally:
        store.close()


def _add_people(tx: Transaction) -> None:
    workspace = tx.people.workspace_named(WORKSPACE)
    assert workspace is not None
    for number in range(PEOPLE):
        id, name = UserId(str(uuid.uuid4())), f"person{number}"
        tx.people.add_user(User(id, name, "A", None, Role.ANNOTATOR, True, number, number))
        if number < 20:
            tx.people.add_member(workspace.id, id, MembershipRole.ANNOTATOR, now=number)


def _add_datasets(store: SqliteStore, first: int, end: int, tx: Transaction) -> None:
    admin = tx.people.actor(NAME)
    assert admin is not None
    for number in range(first, end):
        task = Task.TEXT_CLASSIFICATION
        blank = blank_dataset(admin, NewDataset(DatasetAddress(WORKSPACE, f"many{number}"), task), now=number)
        records = [TextClassificationRecord(each["id"], inputs=each["inputs"]) for each in _records()]
        tx.records.log(tx.datasets.add(blank), store.encode_records(task, records), at=number)


def _share_out(client: Client, first: int, end: int) -> None:
    say("  sharing them out")
    rule = {"users": [f"person{each}" for each in range(4)], "overlap": 2, "due": "2030-01-31"}
    sent = msgspec.json.encode({"seed": 7, "blind": True, "rules": [rule]})
    for number in range(first, end):
        if number % PLANNED == 0:
            client.ask("POST", f"/api/datasets/many{number}/assignments", sent)


def _records() -> list[dict[str, Any]]:
    return [{"id": str(each), "inputs": {"text": f"text {each}"}} for each in range(RECORDS)]


def _cost(server: Server, client: Client, path: str) -> float:
    """Return the processor time of one request, the first one left out."""
    client.ask("GET", path)
    before = server.cpu()
    for _ in range(_ROUNDS):
        client.ask("GET", path)
    return (server.cpu() - before) / _ROUNDS
