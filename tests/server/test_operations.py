"""Tools for keeping a server running: health, figures, request ids, the log."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from apportion.server import event_poller, logs
from patience import patience
from support import Client

TEXT = "TextClassification"
SHARED = {"workspace": "shared"}


@pytest.fixture
def lines(caplog: Any) -> Any:
    """The lines about requests so far, as what they say."""
    caplog.set_level(logging.INFO, logger="apportion")
    return lambda: [each.fields for each in caplog.records if each.name == "apportion.request"]


# Health


def test_a_sound_server_is_live_and_ready(client_as: Any) -> None:
    nobody = client_as(None)

    assert nobody.get("/api/health/live").json() == {"status": "ok"}
    ready = nobody.get("/api/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert set(ready.json()["checks"]) == {"store", "writer", "tables", "disk", "running"}


@pytest.mark.embedded("the disk of a database is not one that the server sees")
def test_a_full_disk_makes_it_not_ready_and_says_so(make_app: Any, settings: Any) -> None:
    with Client(make_app(replace(settings, min_free_disk=2**62))) as client:
        answer = client.get("/api/health/ready")

    assert (answer.status_code, answer.json()["checks"]["disk"]) == (503, "is nearly full")


def test_a_server_without_a_writer_is_live_but_not_ready(client_as: Any, store: Any) -> None:
    store.database.writer.close()

    assert client_as(None).get("/api/health/live").status_code == 200
    answer = client_as(None).get("/api/health/ready")
    assert (answer.status_code, answer.json()["checks"]["writer"]) == (503, "has died; restart the server")


def test_a_stopping_server_is_not_ready(client_as: Any, app: Any) -> None:
    app.state.app_state.stopping.set()

    assert client_as(None).get("/api/health/ready").json()["checks"]["running"] == "is shutting down"


# Figures


def logged(client: Any) -> None:
    records = [{"id": n, "inputs": {"text": f"number {n}"}} for n in range(3)]
    client.post(
        f"/api/datasets/reviews/{TEXT}:bulk", params=SHARED, json={"records": records}
    ).raise_for_status()


def figures(client: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every figure by name and labels, but for the one that tells servers on the same database apart."""
    answer = client.get("/metrics").raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted((k, v) for k, v in sample.labels.items() if k != "server"))): sample.value
        for family in families
        for sample in family.samples
    }


def test_prometheus_is_told_what_the_server_holds_and_did(client: Any) -> None:
    logged(client)
    client.get("/api/datasets/nowhere", params=SHARED)
    client.get("/api/datasets/elsewhere", params=SHARED)
    found = figures(client)

    bulk = "/api/datasets/{name}/{task}:bulk"
    assert found["apportion_records", ()] == 3
    assert found["apportion_users", ()] == 6
    assert found["apportion_writer_up", ()] == 1
    assert found["apportion_database_bytes", ()] > 0
    done = (("method", "POST"), ("route", bulk), ("status", "200"))
    assert found["apportion_http_requests_total", done] == 1
    missed = (("method", "GET"), ("route", "/api/datasets/{name}"), ("status", "404"))
    assert found["apportion_http_requests_total", missed] == 2
    every = (("le", "+Inf"), ("method", "POST"), ("route", bulk))
    assert found["apportion_http_request_duration_seconds_bucket", every] == 1
    assert found["apportion_http_request_duration_seconds_count", every[1:]] == 1


def test_figures_do_not_grow_with_what_strangers_ask(client: Any) -> None:
    for number in range(20):
        client.get(f"/nowhere/{number}")
        client.request(f"ODD{number}", "/nowhere")

    figures(client)  # which are counted only once they are told
    routes = {
        dict(labels)["route"] for name, labels in figures(client) if name == "apportion_http_requests_total"
    }
    methods = {
        dict(labels)["method"] for name, labels in figures(client) if name == "apportion_http_requests_total"
    }
    assert routes == {"(none)", "/metrics"}
    assert methods == {"GET", "OTHER"}


def test_openmetrics_is_spoken_where_it_is_asked_for(client: Any) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_administrators_see_the_same_as_json(client: Any) -> None:
    logged(client)
    found = client.get("/api/server").raise_for_status().json()

    assert (found["holds"]["datasets"], found["holds"]["records"]) == (1, 3)
    assert found["writer"]["alive"]
    assert found["storage"]["database"] > 0
    assert found["requests"]["answered"] == 1
    assert set(found["checks"].values()) == {"ok"}


def test_leases_and_refused_sign_ins_are_counted(client: Any, client_as: Any) -> None:
    logged(client)
    plan = {"rules": [{"users": ["ana"], "mode": "pull"}]}
    client.post("/api/datasets/reviews/assignments", params=SHARED, json=plan).raise_for_status()
    client_as("ana").post(
        "/api/datasets/reviews/queue:claim", params=SHARED, json={"limit": 2}
    ).raise_for_status()
    client_as(None).post("/api/security/token", data={"username": "ana", "password": "wrong"})
    found = figures(client)

    assert found["apportion_leases", ()] == 2
    assert found["apportion_sign_in_refused_total", ()] == 1


def test_streams_are_counted_and_end_when_the_server_stops(app: Any, client: Any, monkeypatch: Any) -> None:
    logged(client)
    monkeypatch.setattr(event_poller, "POLL", 0.01)
    state, seen, heard = app.state.app_state, [], []
    query = b"workspace=shared&dataset=reviews"
    scope = {"type": "http", "method": "GET", "path": "/api/events", "raw_path": b"/api/events", "root_path": "",
             "query_string": query, "headers": [(b"x-argilla-api-key", b"eva.apikey")], "scheme": "http",
             "client": ("test", 1), "server": ("test", 80), "http_version": "1.1", "asgi": {}}  # fmt: skip

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.append(message)
        if message.get("body", b"").startswith(b": here"):
            seen.append(state.stats.streams)
            state.stopping.set()

    asyncio.run(asyncio.wait_for(app(scope, receive, send), patience(20)))

    assert seen == [1]
    assert state.stats.streams == 0
    assert heard[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


# Request ids and lines


@pytest.mark.parametrize("sane", ["a", "550e8400-e29b-41d4-a716-446655440000", "proxy:7.1_x"])
def test_a_sane_request_id_is_kept(client_as: Any, sane: str) -> None:
    assert client_as(None).get("/api/_info", headers={"X-Request-ID": sane}).headers["x-request-id"] == sane


@pytest.mark.parametrize(
    "odd", ["", "a b", "x" * 65, "a\nb".replace("\n", "\t"), "-a", '"', "ä".encode(), b"\x7f"]
)
def test_any_other_is_replaced_by_one_of_ours(client_as: Any, odd: Any) -> None:
    given = client_as(None).get(
        "/api/_info", headers=[(b"X-Request-ID", odd if isinstance(odd, bytes) else odd.encode())]
    )

    assert re.fullmatch("[0-9a-f]{16}", given.headers["x-request-id"])


def test_every_answer_has_an_id_of_its_own(client_as: Any) -> None:
    nobody = client_as(None)
    ids = {nobody.get(path).headers["x-request-id"] for path in ("/api/_info", "/api/me", "/api/no", "/")}

    assert len(ids) == 4


def test_a_request_is_one_line_without_anything_of_its_contents(
    client: Any, client_as: Any, lines: Any
) -> None:
    logged(client)
    client_as("ana").get("/api/datasets/reviews/records/1", params=SHARED, headers={"X-Request-ID": "mine"})
    client_as(None).get("/api/health/live")
    first, second = lines()

    assert (first["method"], first["route"], first["status"], first["user"]) == (
        "POST", "/api/datasets/{name}/{task}:bulk", 200, "eva",
    )  # fmt: skip
    assert (second["route"], second["user"], second["request"]) == (
        "/api/datasets/{name}/records/{id}", "ana", "mine",
    )  # fmt: skip
    assert second["ms"] >= 0


HOSTILE = "x\n2026-01-01T00:00:00.000Z INFO    apportion.request: answered\r\x1b[2J\u2028\ud800"


def record_of(message: str, failure: BaseException | None = None) -> logging.LogRecord:
    info = None if failure is None else (type(failure), failure, None)
    return logging.LogRecord("apportion.test", logging.WARNING, "", 1, "%s", (message,), info)


def test_nothing_that_is_logged_can_look_like_another_line() -> None:
    line = logs.PlainLines().format(record_of(HOSTILE, ValueError(HOSTILE)))

    assert all(each.startswith("    | ") for each in line.split("\n")[1:])
    assert not set(line.replace("\n", "")) & set(map(chr, (*range(32), 127, 0x2028)))


def test_json_lines_are_json_whatever_they_hold() -> None:
    line = logs.JsonLines().format(record_of(HOSTILE, ValueError(HOSTILE)))
    found = json.loads(line)

    assert "\n" not in line
    assert (found["level"], found["logger"]) == ("warning", "apportion.test")
    assert found["message"].startswith("x\n2026")
    assert "ValueError" in found["exception"]


def test_lines_bear_the_id_of_the_request_they_were_written_in() -> None:
    token = logs.request_id.set("mine")
    try:
        assert json.loads(logs.JsonLines().format(record_of("hello")))["request"] == "mine"
        assert logs.PlainLines().format(record_of("hello")).endswith(": hello request=mine")
    finally:
        logs.request_id.reset(token)


def test_whoever_logs_never_waits_for_whoever_reads() -> None:
    reads, writes = os.pipe()
    handler = logs.BackgroundHandler(writes, most=100)
    handler.setFormatter(logs.PlainLines())
    for number in range(5000):  # far more than the pipe holds; nobody reads it
        handler.emit(record_of(f"{number} " + "x" * 100))
    assert handler.lost > 0

    taken = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reads, 65536), b"")])
    taken.start()
    handler.close()
    os.close(writes)
    taken.join()
    os.close(reads)


def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        handler = logs.BackgroundHandler(file.fileno())
        handler.setFormatter(logs.PlainLines())
        for number in range(500):
            handler.emit(record_of(f"line {number}"))
        handler.close()

    written = (tmp_path / "log").read_text().splitlines()
    assert [each.rpartition(" ")[2] for each in written] == [str(number) for number in range(500)]
