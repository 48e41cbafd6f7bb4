"""Files that are brought in: all of a file or nothing, whatever is wrong with it and whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.domain.errors import StorageFullError
from apportion.services.datasets.manage import NewDataset, blank_dataset
from apportion.services.datasets.staging import publish
from apportion.services.records import import_rows
from owners import nobody
from patience import patience, until
from servers import SHARED, TEXT, LocalServer, furnish, local_server, problems, running_on, scan

ROWS = 1_200
PEOPLE = ("ana", "ben", "rita")


def file_of(rows: int, mark: str) -> bytes:
    """Records with the answers of three people each; ids are the same for every mark."""
    lines = []
    for n in range(rows):
        answer = {"value": {"labels": [{"class": f"{mark}{n % 3}"}]}, "state": "submitted"}
        row = {"id": f"r{n}", "text": f"record {n} of {mark}", "answers": dict.fromkeys(PEOPLE, answer)}
        lines.append(json.dumps(row))
    return "\n".join(lines).encode()


def bring(client: httpx.Client, name: str, file: bytes) -> httpx.Response:
    return client.post(f"/api/datasets/{name}/import", params={**SHARED, "task": TEXT}, content=file)


def marks(client: httpx.Client, name: str) -> dict[str, int]:
    """Count the records of each file, by text and by everybody's answers."""
    if client.get(f"/api/datasets/{name}", params=SHARED).status_code == 404:
        return {}
    found: dict[str, int] = {}
    for each in scan(client, name):
        mark = each["inputs"]["text"].split()[-1]
        labels = {answer["labels"][0]["class_label"] for answer in each["annotations"].values()}
        assert {label[:-1] for label in labels} == {mark}
        assert set(PEOPLE) <= each["annotations"].keys()
        found[mark] = found.get(mark, 0) + 1
    return found


def input_left(home: Path) -> int:
    """Count the parts of imports that are neither dealt with nor deleted."""
    with contextlib.closing(sqlite3.connect(home / "apportion.db")) as raw:
        return int(raw.execute("SELECT count(*) FROM job_inputs").fetchone()[0])


@pytest.mark.parametrize("kind", ["new", "there"])
def test_a_bad_row_near_the_end_leaves_nothing(local: LocalServer, kind: str) -> None:
    eva = local.client()
    if kind == "there":
        bring(eva, "talk", file_of(3, "a")).raise_for_status()
    before = marks(eva, "talk")
    local.written()
    lines = file_of(10_000, "b").split(b"\n")
    for bad in (b'{"id": "late"}', b"{not json", b'{"id": "r1", "text": "twice"}'):
        lines[9_998] = bad
        refused = bring(eva, "talk", b"\n".join(lines))
        assert refused.status_code == 422
        assert refused.json()["detail"]["params"]["errors"][0]["loc"][:3] == ["body", "rows", 9_998]
    assert not local.written()
    assert marks(eva, "talk") == before


@pytest.mark.parametrize("kind", ["new", "there"])
def test_a_write_that_fails_in_the_middle_leaves_nothing_or_is_gone_on_with(
    local: LocalServer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = local.client()
    if kind == "there":
        bring(eva, "talk", file_of(3, "a")).raise_for_status()
    from apportion.storage.sql.answers.annotations import SqlAnnotations

    set_up, calls = SqlAnnotations.save_cases, 0

    def fails_once(self: Any, *args: Any, **options: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StorageFullError("The disk is full.")
        set_up(self, *args, **options)

    monkeypatch.setattr(SqlAnnotations, "save_cases", fails_once)
    failed = bring(eva, "talk", file_of(ROWS, "b"))
    if kind == "there":  # all of it had been accepted
        assert failed.status_code == 500
        assert "nothing has to be sent again" in failed.json()["detail"]["params"]["message"]
        until(lambda: marks(eva, "talk") == {"b": ROWS})
    else:
        assert (failed.status_code, marks(eva, "talk")) == (507, {})
    assert local.verify() == []
    assert bring(eva, "talk", file_of(ROWS, "b")).status_code == 200
    assert marks(eva, "talk") == {"b": ROWS}


def test_a_name_that_is_taken_meanwhile_is_refused_and_left_alone(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = local.client()

    def somebody_was_faster(tx: Any, target: Any) -> Any:
        owner = tx.people.actor("max")
        tx.datasets.add(blank_dataset(owner, NewDataset(target.address, target.task), now=1))
        return publish(tx, target)

    monkeypatch.setattr(import_rows, "publish", somebody_was_faster)
    refused = bring(eva, "talk", file_of(20, "b"))
    assert refused.status_code == 409
    monkeypatch.undo()
    assert marks(eva, "talk") == {}  # the transaction that met the name is gone with what it did
    assert local.store.write(lambda tx: list(tx.datasets.pending_purge(nobody))).result() == []


def test_killed_while_a_file_comes_in_it_has_all_of_it_or_nothing(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        furnish(local.client())
        bring(local.client(), "there", file_of(ROWS, "m0-")).raise_for_status()
    chance, cut, shown = random.Random(71), 0, {"there": "m0-"}
    for turn in range(1, 5):
        name, mark = ("there", f"m{turn}-") if turn % 2 else (f"new{turn}", f"m{turn}-")
        with running_on(tmp_path) as server:
            client = server.client()
            answers: list[int] = []

            def send(
                client: Any = client, answers: Any = answers, name: str = name, mark: str = mark
            ) -> None:
                try:
                    answers.append(bring(client, name, file_of(ROWS, mark)).status_code)
                except httpx.TransportError:
                    answers.append(0)

            sender = threading.Thread(target=send)
            sender.start()
            time.sleep(chance.uniform(0.15, 0.45))
            server.process.send_signal(signal.SIGKILL)
            sender.join(patience(30))
        cut += answers == [0]
        assert problems(tmp_path) == []
        with running_on(tmp_path) as server:
            until(lambda: not input_left(tmp_path))  # what had been accepted is finished, the rest is deleted
            kept = marks(server.client(), name)
            assert kept in ({}, {shown.get(name, mark): ROWS}, {mark: ROWS})
            assert answers == [0] or kept == {mark: ROWS}
            if kept:
                shown[name] = next(iter(kept))
            elif name != "there":  # and the name is free
                assert bring(server.client(), name, file_of(5, mark)).status_code == 200
        assert problems(tmp_path) == []
    assert cut > 0


def test_gathering_that_breaks_off_leaves_nothing_and_comes_to_its_end_the_next_time(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apportion.services.records import gather as gathering

    eva = local.client()
    for workspace, label in (("shared", "good"), ("other", "bad")):
        sent = {"agent": "x", "labels": [{"class": label}]}
        records = [
            {"id": f"r{n}", "inputs": {"text": f"t{n}"}, "annotation": sent, "status": "Validated"}
            for n in range(30)
        ]
        eva.post(
            f"/api/datasets/mail/{TEXT}:bulk", params={"workspace": workspace}, json={"records": records}
        ).raise_for_status()
    monkeypatch.setattr(gathering, "_owner", lambda tx, each, place: ("ana", "olga")[place])
    monkeypatch.setattr(gathering, "_PAGE", 10)
    answer, calls = gathering._answer, []

    def fails_once(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise StorageFullError("The disk is full.")
        answer(*given)

    monkeypatch.setattr(gathering, "_answer", fails_once)
    body = {"name": "mail", "workspaces": ["shared", "other"], "into": "together"}
    url = "/api/datasets:gather"
    assert eva.post(url, params=SHARED, json=body).status_code == 507
    assert eva.get("/api/datasets/together", params=SHARED).status_code == 404
    assert eva.get("/api/datasets/mail", params=SHARED).status_code == 200
    assert local.store.write(lambda tx: list(tx.datasets.pending_purge(nobody))).result() == []
    assert local.verify() == []

    made = eva.post(url, params=SHARED, json=body)
    assert made.status_code == 200, made.text
    assert (made.json()["records"], made.json()["annotations"]) == (30, 60)
    found = scan(eva, "together")
    assert {frozenset(each["annotations"]) for each in found} == {frozenset({"ana", "olga"})}
    progress = eva.get("/api/datasets/together/progress", params=SHARED).json()
    assert {each["annotator"]: each["done"] for each in progress["annotators"]} == {"ana": 30, "olga": 30}
    assert local.verify() == []
