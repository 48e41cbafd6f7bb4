"""Deleting and discarding by query goes in parts that hold nobody up, and is finished after a stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.services.records import remove as removing
from patience import patience, until
from servers import SHARED, TEXT, LocalServer, local_server, problems, reopened, running_on
from support import FakeClock

DATASET = "/api/datasets/big"


def log(client: httpx.Client, count: int, **more: Any) -> None:
    for start in range(0, count, 10_000):
        records = [
            {"id": f"r{n}", "inputs": {"text": f"text {n % 10}"}, "metadata": {"odd": n % 2, **more}}
            for n in range(start, min(count, start + 10_000))
        ]
        client.post(f"{DATASET}/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()


def total(client: httpx.Client, query: str = "") -> int:
    body = {"query": {"query_text": query}} if query else {}
    found = client.post(f"{DATASET}/{TEXT}:search", params={**SHARED, "limit": 0}, json=body)
    return int(found.raise_for_status().json()["total"])


def remove(client: httpx.Client, query: str, **params: Any) -> Any:
    return client.request(
        "DELETE", f"{DATASET}/data", params={**SHARED, **params}, json={"query_text": query}
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "AT_ONCE", 7)


def test_all_that_matched_is_dealt_with_in_parts(local: LocalServer, few: None) -> None:
    eva = local.client()
    log(eva, 50)

    assert remove(eva, "metadata.odd:1", mark_as_discarded=True).json() == {"matched": 25, "processed": 25}
    assert (total(eva, "status:Discarded"), total(eva)) == (25, 50)
    assert remove(eva, "metadata.odd:1").json() == {"matched": 25, "processed": 25}
    assert (total(eva, "metadata.odd:1"), total(eva)) == (0, 25)
    assert remove(eva, "nothing").json() == {"matched": 0, "processed": 0}
    assert local.verify() == []


def test_annotators_discard_their_own_in_parts(local: LocalServer, few: None) -> None:
    eva, ana = local.client(), local.client("ana")
    log(eva, 20)
    eva.patch(f"{DATASET}/policies", params=SHARED, json={"blind": True}).raise_for_status()

    assert remove(ana, "metadata.odd:1", mark_as_discarded=True).json() == {"matched": 10, "processed": 10}
    assert (total(ana, "status:Discarded"), total(local.client("ben"), "status:Discarded")) == (10, 0)


def test_what_is_logged_again_meanwhile_stays(
    local: LocalServer, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = local.client()
    log(eva, 30)
    inner = removing.remove_some

    def slowly(tx: Any, *given: Any, **more: Any) -> Any:
        if not slowly.done:  # type: ignore[attr-defined]
            slowly.done = True  # type: ignore[attr-defined]
            threading.Thread(target=log, args=(local.client(), 30), kwargs={"new": True}).start()
        time.sleep(0.05)
        return inner(tx, *given, **more)

    slowly.done = False  # type: ignore[attr-defined]
    monkeypatch.setattr(removing, "remove_some", slowly)
    found = remove(eva, "*").json()

    assert found["matched"] == 30
    assert found["processed"] < 30
    until(lambda: total(eva, "metadata.new:true") == 30)
    assert total(eva) == total(eva, "metadata.new:true") == 30


@pytest.fixture
def stopped(tmp_path: Path, few: None) -> Iterator[tuple[LocalServer, FakeClock]]:
    clock = FakeClock()
    with local_server(tmp_path, clock=clock) as local:
        yield local, clock


@pytest.mark.parametrize("discard", [False, True])
def test_a_stop_in_the_middle_is_gone_on_with_by_the_next_start(
    stopped: tuple[LocalServer, FakeClock], discard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, clock = stopped
    eva = local.client()
    log(eva, 40)
    inner, calls = removing.remove_some, []

    def breaking(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt  # as if the server were killed here
        return inner(*given, **more)

    monkeypatch.setattr(removing, "remove_some", breaking)
    with pytest.raises(KeyboardInterrupt):
        remove(eva, "*", mark_as_discarded=discard)
    monkeypatch.undo()
    monkeypatch.setattr(removing, "AT_ONCE", 7)
    reopened(local, clock)
    again = local.client()
    done = "status:Discarded" if discard else "*"
    assert total(again, done) == (14 if discard else 26)

    local.app.state.app_state.jobs.start()
    until(lambda: total(again, done) == (40 if discard else 0))
    local.app.state.app_state.jobs.close()
    assert total(again, done) == (40 if discard else 0)
    assert local.verify() == []


@pytest.mark.timeout(240)
def test_killed_in_the_middle_it_is_all_gone_after_the_next_start_and_nobody_waited(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        log(local.client(), 8_000)
        one = {"records": [{"id": "x", "inputs": {"text": "x"}}]}
        local.client().post(f"/api/datasets/other/{TEXT}:bulk", params=SHARED, json=one).raise_for_status()
    with running_on(tmp_path) as server:
        gone = threading.Thread(target=attempt, args=(server.client(),))
        gone.start()
        ana = server.client("ana")
        taken: list[float] = []
        while total(server.client()) > 6_000:
            began = time.monotonic()
            sent = {"records": [{"id": f"y{len(taken)}", "inputs": {"text": "y"}}]}
            ana.post(f"/api/datasets/other/{TEXT}:bulk", params=SHARED, json=sent).raise_for_status()
            taken.append(time.monotonic() - began)
        server.process.send_signal(signal.SIGKILL)
        gone.join(patience(30))
    print(f"{len(taken)} writes beside it, the slowest {max(taken, default=0) * 1000:.0f} ms")
    with running_on(tmp_path) as server:
        client = server.client()
        until(lambda: total(client) == 0, 60, every=0.2)
    assert problems(tmp_path) == []


def attempt(client: httpx.Client) -> None:
    try:
        everything = {"query_text": "*"}
        client.request("DELETE", f"{DATASET}/data", params=SHARED, json=everything, timeout=patience(120))
    except httpx.TransportError:
        return
