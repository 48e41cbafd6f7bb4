"""Clients that stop in the middle or dawdle, clocks that jump, backups while everybody writes."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from apportion.server import timeouts as limits
from apportion.server.security import SystemClock
from apportion.server.timeouts import TimeoutProtocol
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from patience import patience
from servers import SHARED, TEXT, LocalServer, furnish, local_server, problems, running_on, scan
from support import FakeClock

LINE = b"POST /api/datasets/log/TextClassification:bulk?workspace=shared HTTP/1.1\r\n"
HEAD = LINE + b"Host: x\r\nX-Argilla-Api-Key: eva.apikey\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"records": [{"id": n, "inputs": {"text": f"text {n}"}} for n in range(300)]}).encode()


# Clients


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let the server wait for a client at most four moments; return the seconds of one, which `patience` would change
    with the machine's load in the middle of a test."""
    moment = patience(0.1)
    monkeypatch.setattr(limits, "HEADERS_WITHIN", 4 * moment)
    monkeypatch.setattr(limits, "LONGEST_PAUSE", 4 * moment)
    return moment


@contextmanager
def served(local: LocalServer) -> Iterator[int]:
    """The app on a real port, in a thread of its own."""
    config = uvicorn.Config(
        local.app, port=0, http=TimeoutProtocol, ws="none", lifespan="off", log_config=None, loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def speak(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Say something piece by piece; what comes back until the server hangs up or has answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience(10)) as line:
        for part in parts:
            try:
                line.sendall(part)
            except OSError:  # it has hung up already
                break
            time.sleep(pause)
        heard = b""
        try:
            while more := line.recv(65536):
                heard += more
        except OSError:
            pass
        return heard


def announced(length: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % length


def test_a_client_that_goes_away_in_the_middle_of_a_body_leaves_nothing(local: LocalServer) -> None:
    with served(local) as port:
        for cut in (0, 1, len(BODY) // 2, len(BODY) - 1):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(announced(len(BODY)) + BODY[:cut])
        chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%b\r\n" % (len(BODY), BODY)
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(chunked)  # and no last chunk
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-Argilla-Api-Key": "eva.apikey"}
        ) as eva:
            assert eva.get("/api/datasets").json() == []
            assert b"200 OK" in speak(port, announced(len(BODY)) + BODY)
            assert len(scan(eva, "log")) == 300
    assert local.verify() == []


def test_who_dawdles_is_given_up_on_and_everybody_else_is_served(local: LocalServer, moment: float) -> None:
    with served(local) as port:
        dawdlers = {
            "nothing at all": [b""],
            "headers": [b"GET /api/_info HTTP/1.1\r\nHo", *[b"s" for _ in range(20)]],
            "no body": [announced(len(BODY))],
            "half a body": [announced(len(BODY)) + BODY[:900]],
        }
        heard: dict[str, bytes] = {}

        def dawdle(name: str) -> None:
            heard[name] = speak(port, *dawdlers[name], pause=moment)

        threads = [threading.Thread(target=dawdle, args=(name,)) for name in dawdlers for _ in range(5)]
        for each in threads:
            each.start()
        assert b"200 OK" in speak(port, b"GET /api/_info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for each in threads:
            each.join(patience(10))
            assert not each.is_alive()
        assert heard["nothing at all"].startswith(b"HTTP/1.1 408")
        assert heard["headers"].startswith(b"HTTP/1.1 408")
        assert b"200 OK" not in heard["no body"] + heard["half a body"]
        assert local.client().get("/api/datasets").json() == []


def test_who_is_only_slow_gets_through(local: LocalServer, moment: float) -> None:
    parts = [BODY[start : start + 2_000] for start in range(0, len(BODY), 2_000)]
    with served(local) as port:
        answer = speak(port, announced(len(BODY)), *parts, pause=moment)
        assert len(parts) * moment > limits.LONGEST_PAUSE
        assert b"200 OK" in answer
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}"
        ) as again:  # pauses between requests are no dawdling
            for _ in range(2):
                assert again.get("/api/_info").status_code == 200
                time.sleep(6 * moment)


def test_headers_have_an_end(local: LocalServer) -> None:
    with served(local) as port:
        many = [b"GET /api/_info HTTP/1.1\r\n"] + [b"X-%d: %b\r\n" % (n, b"y" * 8_000) for n in range(12)]
        assert speak(port, *many).startswith(b"HTTP/1.1 431")


# Clocks


def test_small_steps_back_are_not_noticed_and_large_ones_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = iter([100_000_000, 99_000_000, 95_000_000, 100_500_000, 20_000_000, 20_000_001])
    monkeypatch.setattr("apportion.server.security.time.time_ns", lambda: next(shown) * 1000)
    clock = SystemClock()

    assert [clock.now() for _ in range(6)] == [
        100_000_000, 100_000_001, 100_000_002, 100_500_000, 20_000_000, 20_000_001,
    ]  # fmt: skip


DATASET = "/api/datasets/talk"


def test_work_survives_clocks_that_jump(tmp_path: Path) -> None:
    clock = FakeClock()
    with local_server(tmp_path, clock=clock) as local:
        eva, ana, ben = (local.client(who) for who in ("eva", "ana", "ben"))
        records = [{"id": f"r{n}", "inputs": {"text": f"text {n}"}} for n in range(6)]
        eva.post(f"{DATASET}/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()
        rule = {"users": ["ana", "ben"], "overlap": 1, "mode": "pull", "lease": 30}
        eva.post(
            f"{DATASET}/assignments", params=SHARED, json={"rules": [rule], "seed": 1, "blind": True}
        ).raise_for_status()

        def claim(who: Any, limit: int) -> list[dict[str, Any]]:
            found = who.post(f"{DATASET}/queue:claim", params=SHARED, json={"limit": limit})
            return list(found.raise_for_status().json()["records"])

        def submit(who: Any, item: dict[str, Any], label: str) -> Any:
            sent = {"value": {"labels": [{"class": label}]}, "state": "submitted", "version": 0}
            url = f"{DATASET}/records/{item['id']}/annotations/me"
            sent["token"] = item["assignment"]["token"]
            return who.put(url, params=SHARED, json=sent).raise_for_status().json()

        hers = claim(ana, 3)
        clock.pass_minutes(60 * 24)  # a day ahead: her leases are over
        his = claim(ben, 6)
        assert {each["id"] for each in hers} <= {each["id"] for each in his}
        counted = [submit(ben, each, "good")["counted"] for each in his]
        late = [submit(ana, each, "bad")["counted"] for each in hers]
        assert all(counted)
        assert not any(late)  # kept as extras: nothing is lost, and nothing counted twice

        clock.pass_minutes(-60 * 48)  # and two days back
        mine = f"{DATASET}/records/{hers[0]['id']}/annotations/me"
        sent = {"value": {"labels": [{"class": "worse"}]}, "state": "submitted", "version": 1}
        assert ana.put(mine, params=SHARED, json=sent).json()["version"] == 2
        history = ana.get(f"{DATASET}/records/{hers[0]['id']}/history", params=SHARED).json()["history"]
        assert [each["version"] for each in history] == [1]
        events = eva.get(f"{DATASET}/events", params={**SHARED, "limit": 100}).json()["events"]
        numbers = [each["no"] for each in events]
        assert numbers == sorted(numbers) or numbers == sorted(numbers, reverse=True)
        progress = eva.get(f"{DATASET}/progress", params=SHARED).json()
        assert progress["complete"] == 6
        assert local.verify() == []


# Backups


def test_a_backup_while_others_write_is_what_was_there_at_one_moment(tmp_path: Path) -> None:
    """Batches are logged one after the other, so that whatever moment it was, a backup holds the first few of them."""
    with local_server(tmp_path) as local:
        furnish(local.client())
        stop, stored = threading.Event(), [0]

        def write_on() -> None:
            client = local.client()
            while not stop.is_set():
                batch = stored[0]
                records = [
                    {
                        "id": f"{batch:04}-{n}",
                        "inputs": {"text": f"words of batch {batch}"},
                        "metadata": {"b": batch},
                    }
                    for n in range(20)
                ]
                client.post(f"/api/datasets/log/{TEXT}:bulk", params=SHARED, json={"records": records})
                seen = {"metadata": {"seen": batch}}
                client.patch("/api/datasets/reviews/records/1", params=SHARED, json=seen)
                stored[0] += 1

        writer = threading.Thread(target=write_on)
        writer.start()
        moments = []
        try:
            for number in range(2):
                while stored[0] < 3 * (number + 1):
                    time.sleep(0.01)
                before = stored[0]
                SqliteUpkeep(local.path).backup(tmp_path / f"copy{number}.db")
                moments.append((before, stored[0]))
        finally:
            stop.set()
            writer.join()

    for number, (before, after) in enumerate(moments):
        home = tmp_path / f"home{number}"
        home.mkdir()
        shutil.copy(tmp_path / f"copy{number}.db", home / "apportion.db")
        assert problems(home) == []
        with running_on(home) as server:
            client = server.client()
            batches = [each["metadata"]["b"] for each in scan(client, "log")]
            held = max(batches) + 1
            assert sorted(batches) == sorted(list(range(held)) * 20)
            assert before <= held <= after + 1
            seen = client.get("/api/datasets/reviews/records/1", params=SHARED).json()["metadata"]["seen"]
            assert seen in (held - 1, held - 2)
