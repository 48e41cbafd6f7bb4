"""An import into a dataset that is there goes in parts that hold nobody up, and is whole in the end or not there."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.services.operations import OperationStoppedError
from apportion.services.records import import_gold as golden
from apportion.services.records import import_into as importing
from apportion.services.records import import_rows, input_parts
from apportion.storage.sql.operations.jobs import SqlJobs
from patience import patience, until
from servers import SHARED, TEXT, LocalServer, local_server, problems, reopened, running_on
from support import FakeClock

DATASET = "/api/datasets/big"
LABELS = ("good", "bad")


def row(n: int, **more: Any) -> dict[str, Any]:
    answer = {"value": {"labels": [{"class": LABELS[n % 2]}]}, "state": "submitted"}
    answers = {who: dict(answer) for who in ("ana", "ben")}
    return {"id": f"r{n}", "text": f"text {n}", "metadata": {"odd": n % 2}, "answers": answers, **more}


def load(client: httpx.Client, rows: list[dict[str, Any]], **params: Any) -> httpx.Response:
    body = "\n".join(map(json.dumps, rows)).encode()
    query = {**SHARED, "task": TEXT, **params}
    return client.post(f"{DATASET}/import", params=query, content=body, timeout=patience(120))


def total(client: httpx.Client, query: str = "*") -> int:
    body = {"query": {"query_text": query}}
    found = client.post(f"{DATASET}/{TEXT}:search", params={**SHARED, "limit": 0}, json=body)
    return int(found.raise_for_status().json()["total"])


def begun(client: httpx.Client) -> None:
    one = {"records": [{"id": "first", "inputs": {"text": "first"}}]}
    client.post(f"{DATASET}/{TEXT}:bulk", params=SHARED, json=one).raise_for_status()
    client.patch(f"{DATASET}/policies", params=SHARED, json={"annotation": "individual"}).raise_for_status()


def events(local: LocalServer) -> list[dict[str, Any]]:
    """Return the details of the imports' events, newest first."""
    with contextlib.closing(sqlite3.connect(local.path)) as raw:
        rows = raw.execute(
            "SELECT detail FROM events WHERE what IN ('imported_records', 'imported_gold') ORDER BY no DESC"
        ).fetchall()
    return [json.loads(detail) for (detail,) in rows]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_parts, "AT_ONCE", 7)


@pytest.fixture
def stopped(tmp_path: Path, few: None) -> Iterator[tuple[LocalServer, FakeClock]]:
    clock = FakeClock()
    with local_server(tmp_path, clock=clock) as local:
        yield local, clock


def breaking(at: int, inner: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which breaks off when it is called for the ``at``-th time."""
    calls: list[int] = []

    def broken(*given: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == at:
            raise OperationStoppedError  # after which nothing is done any more, as if the server were killed here
        return inner(*given, **more)

    return broken


def started_again(local: LocalServer, clock: FakeClock) -> httpx.Client:
    reopened(local, clock)
    return local.client()


def finished(local: LocalServer) -> str:
    """Let jobs run to their end; the state of the last one."""
    local.app.state.app_state.jobs.start()
    state = until(lambda: next(each for each in states(local) if each not in ("running", "waiting")))
    local.app.state.app_state.jobs.close()
    with contextlib.closing(sqlite3.connect(local.path)) as raw:
        assert raw.execute("SELECT count(*) FROM job_inputs").fetchone() == (0,)
    return str(state)


def states(local: LocalServer) -> Iterator[str | None]:
    """The state of the last job, and then nothing."""
    with contextlib.closing(sqlite3.connect(local.path)) as raw:
        yield raw.execute("SELECT state FROM jobs ORDER BY no DESC").fetchone()[0]
    yield None


def test_an_import_in_parts_stores_what_one_transaction_would(local: LocalServer, few: None) -> None:
    eva = local.client()
    begun(eva)
    found = load(eva, [row(n) for n in range(40)])
    assert found.json().get("records") == 40, found.text
    assert (total(eva), total(eva, "annotated_as:good")) == (41, 20)
    assert events(local) == [{"records": 40, "answers": 80, "gold": 0}]

    gold = [{"id": f"r{n}", "value": {"labels": [{"class": "bad"}]}} for n in range(30)]
    done = eva.post(f"{DATASET}/gold:import", params=SHARED, json={"gold": gold}, timeout=patience(60))
    assert done.json() == {"imported": 30, "kept": 0}
    assert total(eva, "annotated_as:good") == 5
    assert events(local)[0] == {"records": 30}
    with local.store.read() as tx:
        assert tx.jobs.owners() == set()
    assert local.verify() == []


@pytest.mark.parametrize("fault", ["kind", "vector", "label"])
def test_a_row_of_a_later_part_that_does_not_fit_refuses_all(
    local: LocalServer, few: None, fault: str
) -> None:
    eva = local.client()
    begun(eva)
    labels = {"labels": [{"id": n, "name": n} for n in LABELS]}
    eva.put(
        f"/api/datasets/{TEXT}/big/settings", params=SHARED, json={"label_schema": labels}
    ).raise_for_status()
    rows = [row(n) for n in range(30)]
    if fault == "kind":
        rows[25]["metadata"] = {"odd": "neither"}
    elif fault == "vector":
        rows[3]["vectors"], rows[26]["vectors"] = {"v": {"value": [1.0, 2.0]}}, {"v": {"value": [1.0]}}
    else:
        rows[28]["answers"]["ana"]["value"] = {"labels": [{"class": "odd"}]}
    refused = load(eva, rows)
    assert refused.status_code in (400, 422)
    assert "othing" in refused.text
    assert total(eva) == 1
    shown = eva.post(f"{DATASET}/{TEXT}:search", params=SHARED, json={}).json()["aggregations"]["metadata"]
    assert shown == {}
    assert local.verify() == []


@pytest.mark.parametrize("part", [1, 3])
def test_a_stop_once_all_was_checked_is_gone_on_with_by_the_next_start(
    stopped: tuple[LocalServer, FakeClock], monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    local, clock = stopped
    begun(local.client())
    with monkeypatch.context() as patched:
        patched.setattr(importing, "add_rows", breaking(part, import_rows.add_rows))
        with contextlib.suppress(OperationStoppedError):
            load(local.client(), [row(n) for n in range(40)])
    again = started_again(local, clock)
    assert total(again) == 1 + 7 * (part - 1)
    assert finished(local) == "done"
    assert (total(again), total(again, "annotated_as:good")) == (41, 20)
    assert events(local) == [{"records": 40, "answers": 80, "gold": 0}]
    assert local.verify() == []


def test_a_failure_once_all_was_checked_leaves_the_rest_to_a_job(
    local: LocalServer, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, inner = local.client(), import_rows.add_rows
    calls: list[int] = []
    begun(eva)

    def failing(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the disk is full for a moment")
        inner(*given)

    monkeypatch.setattr(importing, "add_rows", failing)
    with contextlib.suppress(OSError):
        load(eva, [row(n) for n in range(40)])
    until(lambda: total(eva) == 41)
    until(lambda: events(local) == [{"records": 40, "answers": 80, "gold": 0}])
    local.app.state.app_state.jobs.close()
    assert local.verify() == []


def test_a_stop_before_all_was_checked_leaves_nothing(
    stopped: tuple[LocalServer, FakeClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, clock = stopped
    begun(local.client())
    with monkeypatch.context() as patched:
        patched.setattr(SqlJobs, "keep_input", breaking(4, SqlJobs.keep_input))
        with contextlib.suppress(OperationStoppedError):
            load(local.client(), [row(n) for n in range(40)])
    again = started_again(local, clock)
    assert finished(local) == "failed"
    assert total(again) == 1
    assert events(local) == []
    with local.store.read() as tx:
        dataset = tx.datasets.find("shared", "big")
        assert dataset is not None
        assert not tx.jobs.unfinished(dataset, importing.RowsInto.kind)
    assert local.verify() == []


def test_gold_that_a_stop_cut_short_is_whole_after_the_next_start(
    stopped: tuple[LocalServer, FakeClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, clock = stopped
    eva = local.client()
    begun(eva)
    load(eva, [row(n) for n in range(30)]).raise_for_status()
    gold = [{"id": f"r{n}", "value": {"labels": [{"class": "bad"}]}} for n in range(30)]
    with monkeypatch.context() as patched:
        patched.setattr(golden._GoldInto, "store", breaking(3, golden._GoldInto.store))
        with contextlib.suppress(OperationStoppedError):
            eva.post(f"{DATASET}/gold:import", params=SHARED, json={"gold": gold})
    again = started_again(local, clock)
    assert 0 < total(again, "annotated_as:good") < 15
    assert finished(local) == "done"
    assert total(again, "annotated_as:good") == 0
    assert events(local)[0] == {"records": 30}
    assert local.verify() == []


def test_what_was_checked_fits_until_the_end_of_the_import(
    local: LocalServer, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = local.client()
    begun(eva)
    answers: list[httpx.Response] = []
    inner = import_rows.add_rows

    def interfering(*given: Any) -> None:
        inner(*given)
        if not answers:
            answers.append(httpx.Response(100))
            threading.Thread(target=interfere).start()
            tried.wait(patience(10))

    tried = threading.Event()

    def interfere() -> None:
        other = local.client()
        schema = {"label_schema": {"labels": [{"id": "x", "name": "x"}]}}
        tried.set()  # the writer is at work: what comes now waits for its turn between two parts
        answers.append(other.put(f"/api/datasets/{TEXT}/big/settings", params=SHARED, json=schema))

    monkeypatch.setattr(importing, "add_rows", interfering)
    assert load(eva, [row(n) for n in range(200)]).status_code == 200
    until(lambda: len(answers) == 2)
    assert answers[1].status_code in (400, 409)
    assert "Nothing was changed" in answers[1].text
    assert total(eva) == 201


@pytest.mark.timeout(240)
def test_killed_in_the_middle_an_import_is_whole_after_the_next_start(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        begun(local.client())
    with running_on(tmp_path) as server:
        rows = [row(n) for n in range(4_000)]
        sending = threading.Thread(target=attempt, args=(server.client(), rows))
        sending.start()
        until(lambda: total(server.client()) > 300, 60, every=0.01)
        server.process.send_signal(signal.SIGKILL)
        sending.join(patience(30))
    with running_on(tmp_path) as server:
        client = server.client()
        until(lambda: total(client) == 4_001, 60, every=0.2)
    assert problems(tmp_path) == []


def attempt(client: httpx.Client, rows: list[dict[str, Any]]) -> None:
    try:
        load(client, rows)
    except httpx.TransportError:
        return
