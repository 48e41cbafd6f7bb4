"""Real servers, ended at moments nobody chose: what was acknowledged is there, whole, and the next start works."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from depth import times
from patience import patience, until
from servers import SHARED, TEXT, Running, furnish, local_server, problems, run, running_on, scan

BATCH = 60
KILLS = times(2, 3)
BULK = f"/api/datasets/log/{TEXT}:bulk"
ANNOTATORS = ("ana", "ben", "rita", "max")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with its team, on which no server runs."""
    with local_server(tmp_path) as local:
        furnish(local.client())
    return tmp_path


@contextmanager
def busy(*works: Callable[[], None]) -> Iterator[None]:
    """Each of the works again and again, in a thread of its own, until the server does not answer."""

    def repeat(fn: Callable[[], None]) -> None:
        try:
            while True:
                fn()
        except httpx.TransportError:
            return

    threads = [threading.Thread(target=repeat, args=(each,)) for each in works]
    for each in threads:
        each.start()
    yield
    for each in threads:
        each.join(patience(20))
        assert not each.is_alive()


class Logger:
    """Logs numbered batches and remembers which were acknowledged."""

    def __init__(self, server: Running, offset: int) -> None:
        self._client = server.client()
        self._next = offset
        self.acknowledged: list[int] = []

    def __call__(self) -> None:
        batch, self._next = self._next, self._next + 1
        records = [
            {
                "id": f"{batch}-{n}",
                "inputs": {"text": f"record {n} of batch {batch}"},
                "metadata": {"batch": batch, "half": n / 2},
                "prediction": {"agent": "model", "labels": [{"class": f"c{n % 5}", "score": 0.5}]},
            }
            for n in range(BATCH)
        ]
        answer = self._client.post(BULK, params=SHARED, json={"records": records})
        if answer.status_code == 200:
            self.acknowledged.append(batch)
        elif answer.status_code != 503:
            raise AssertionError(answer.text)


class Annotator:
    """Annotates one record of a dataset again and again, and remembers the last acknowledged label."""

    def __init__(self, server: Running, who: str, record: int) -> None:
        self._client, self._who = server.client(who), who
        self.record = record
        self._count = 0
        self.sent = self.acknowledged = ""

    def __call__(self) -> None:
        self._count += 1
        self.sent = f"label {self._count}"
        answer = {"agent": self._who, "labels": [{"class": self.sent}]}
        record = {"id": self.record, "inputs": {"text": "same"}, "annotation": answer, "status": "Validated"}
        body = {"records": [record]}
        url = f"/api/datasets/reviews/{TEXT}:bulk"
        if self._client.post(url, params=SHARED, json=body).status_code == 200:
            self.acknowledged = self.sent


def batches(client: httpx.Client) -> dict[int, int]:
    """Count the records of each batch."""
    counted: dict[int, int] = {}
    if client.get("/api/datasets/log", params=SHARED).status_code == 200:
        for each in scan(client, "log"):
            batch = each["metadata"]["batch"]
            counted[batch] = counted.get(batch, 0) + 1
    return counted


def totals(client: httpx.Client, name: str) -> tuple[int, dict[str, Any]]:
    found = client.post(f"/api/datasets/{name}/{TEXT}:search", params={**SHARED, "limit": 0}, json={}).json()
    return found["total"], found["aggregations"]


def test_killed_while_logging_it_has_every_acknowledged_batch_and_no_half_ones(home: Path) -> None:
    chance = random.Random(61)
    acknowledged: set[int] = set()
    for turn in range(KILLS):
        with running_on(home) as server:
            loggers = [Logger(server, 1_000_000 * turn + 100_000 * n) for n in range(2)]
            with busy(*loggers):
                until(lambda: any(each.acknowledged for each in loggers))  # noqa: B023
                time.sleep(chance.uniform(0.0, 0.7))
                server.process.send_signal(signal.SIGKILL)
        acknowledged |= {each for logger in loggers for each in logger.acknowledged}
        assert problems(home) == []

    with running_on(home) as server:
        kept = batches(server.client())
        assert set(kept.values()) <= {BATCH}
        assert acknowledged
        assert acknowledged <= kept.keys()
        total, counts = totals(server.client(), "log")
        assert total == sum(kept.values()) == sum(counts["predicted_as"].values())


def test_killed_while_people_annotate_it_has_every_acknowledged_annotation(home: Path) -> None:
    chance = random.Random(62)
    before: list[Annotator] = []
    for _ in range(KILLS):
        with running_on(home) as server:
            check_annotations(server, before)
            people = [Annotator(server, who, 1 + n) for n, who in enumerate(ANNOTATORS)]
            with busy(*people):
                until(lambda: all(each.acknowledged for each in people))  # noqa: B023
                time.sleep(chance.uniform(0.0, 0.4))
                server.process.send_signal(signal.SIGKILL)
        assert problems(home) == []
        before = people

    with running_on(home) as server:
        check_annotations(server, before)


def check_annotations(server: Running, people: list[Annotator]) -> None:
    """Everybody's last acknowledged label is there, or the one after it, whose answer never came."""
    kept = {each["id"]: each["annotation"] for each in scan(server.client(), "reviews")}
    for who, person in zip(ANNOTATORS, people, strict=False):
        annotation = kept[str(person.record)]
        assert person.acknowledged
        assert annotation["labels"][0]["class_label"] in (person.acknowledged, person.sent)
        assert annotation["agent"] == who


def test_told_to_stop_it_finishes_what_it_acknowledges(home: Path) -> None:
    with running_on(home) as server:
        loggers = [Logger(server, 100_000 * n) for n in range(3)]
        with busy(*loggers):
            until(lambda: all(each.acknowledged for each in loggers))
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(patience(20)) == 0
    acknowledged = {each for logger in loggers for each in logger.acknowledged}

    assert problems(home) == []
    with running_on(home) as server:
        kept = batches(server.client())
    assert acknowledged
    assert acknowledged <= kept.keys()
    assert set(kept.values()) == {BATCH}


def test_a_second_server_is_told_so_and_the_first_goes_on(home: Path) -> None:
    with running_on(home) as server:
        second = run("server", "start", "--port", "0", "--home", home)

        assert second.returncode == 3
        assert second.stderr.startswith("Error: Another server is already running")
        assert server.client().get("/api/health").json() == {"status": "ok"}
        assert run("verify", "--home", home).returncode == 0
