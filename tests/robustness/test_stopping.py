"""Stopping, and connections that mean no good: real servers, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from apportion.ports.store import Transaction
from apportion.server import timeouts as limits
from apportion.server.connection_limits import Connections, quiet_about_files
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import ensure_workspace
from apportion.storage.sqlite.store import SqliteStore
from apportion.vocabulary import Role
from patience import patience, until
from servers import SHARED, TEXT, LocalServer, running_on, scan

BATCH = 400


def a_batch(number: int) -> list[dict[str, Any]]:
    return [{"id": f"{number}-{n}", "inputs": {"text": f"soup {number} {n}"}} for n in range(BATCH)]


def eva(home: Path) -> None:
    with contextlib.closing(SqliteStore(home / "apportion.db")) as store:

        def work(within: Transaction) -> None:
            ensure_workspace(within, "shared", now=1)
            add_user(within, NewUser("eva", "Eva", role=Role.ADMIN), key="eva.apikey", now=1)

        store.write(work).result()


def test_a_server_told_to_stop_finishes_what_it_took_and_ends_streams(tmp_path: Path) -> None:
    eva(tmp_path)
    acknowledged: list[int] = []
    sent = [0]
    with running_on(tmp_path) as server:
        client = server.client()
        url = f"/api/datasets/big/{TEXT}:bulk"
        client.post(url, params=SHARED, json={"records": a_batch(0)}).raise_for_status()
        enough = threading.Event()

        def log() -> None:
            with contextlib.suppress(httpx.TransportError):  # the server is gone
                for number in range(1, 10_000):
                    sent[0] = number
                    body = {"records": a_batch(number)}
                    if client.post(url, params=SHARED, json=body).status_code == 200:
                        acknowledged.append(number)
                    if number == 4:
                        enough.set()

        heard = threading.Event()
        ended: list[str] = []

        def listen() -> None:
            with server.client().stream("GET", "/api/events", params={**SHARED, "dataset": "big"}) as events:
                for _ in events.iter_raw():
                    heard.set()
            ended.append("properly")

        threads = [threading.Thread(target=log), threading.Thread(target=listen)]
        for each in threads:
            each.start()
        assert heard.wait(patience(30))
        assert enough.wait(patience(30))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(patience(30)) == 0
        for each in threads:
            each.join(patience(30))

    assert ended == ["properly"]
    with running_on(tmp_path) as again:
        found = {each["id"] for each in scan(again.client(), "big")}
    for number in (0, *acknowledged):
        assert {each["id"] for each in a_batch(number)} <= found
    assert len(found) % BATCH == 0, "half a request was stored"
    assert len(found) // BATCH - 1 in (len(acknowledged), sent[0])


# Connections


@contextlib.contextmanager
def listening(local: LocalServer) -> Iterator[tuple[str, int]]:
    """The app behind the protocol that is used in earnest, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        local.app, http=limits.TimeoutProtocol, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(patience(20))


def answered(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Return all that comes back until the server ends the connection."""
    with socket.create_connection(address, timeout=patience(20)) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        got = b""
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                got += more
    return got


LINE = b"GET /api/_info HTTP/1.1\r\nHost: x\r\n"
ENDLESS = {
    "many headers": (LINE, *(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(200))),
    "one endless header": (LINE, b"X: ", *(b"y" * 10_000 for _ in range(100))),
    "an endless address": (b"GET /", *(b"y" * 10_000 for _ in range(100))),
}


@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=list(ENDLESS))
def test_an_endless_head_is_cut_off(local: LocalServer, pieces: tuple[bytes, ...]) -> None:
    with listening(local) as address:
        got = answered(address, *pieces)
        still = answered(address, LINE + b"Connection: close\r\n\r\n")

    assert not got or got.startswith(b"HTTP/1.1 431")
    assert still.startswith(b"HTTP/1.1 200")


SILENT = {
    "nothing": (),
    "half a head": (LINE,),
    "half a body": (b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",),
}


@pytest.mark.parametrize("pieces", SILENT.values(), ids=list(SILENT))
def test_whoever_stays_silent_is_let_go(
    local: LocalServer, monkeypatch: Any, pieces: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(limits, "HEADERS_WITHIN", 0.3)
    monkeypatch.setattr(limits, "LONGEST_PAUSE", 0.3)
    with listening(local) as address:
        assert answered(address, *pieces)[:12] in (b"", b"HTTP/1.1 408")


def test_a_long_answer_is_no_silence(local: LocalServer, monkeypatch: Any) -> None:
    limit = patience(0.2)  # long enough for a request that is sent at once, wherever this runs
    monkeypatch.setattr(limits, "HEADERS_WITHIN", limit)
    monkeypatch.setattr(limits, "LONGEST_PAUSE", limit)

    async def slow() -> str:
        await asyncio.sleep(5 * limit)
        return "at last"

    local.app.add_api_route("/slow", slow)
    with listening(local) as address:
        got = answered(address, b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"at last" in got


def test_who_hangs_up_in_the_middle_leaves_nothing_behind(local: LocalServer, caplog: Any) -> None:
    head = (
        f"POST /api/datasets/cut/{TEXT}:bulk?workspace=shared HTTP/1.1\r\nHost: x\r\nX-Argilla-Api-Key: eva.apikey\r\n"
        "Content-Length: 5000\r\n\r\n"
    )
    with listening(local) as address:
        with socket.create_connection(address) as connection:
            connection.sendall(head.encode() + b'{"records":[')
        until(lambda: not local.app.state.app_state.stats.running)
        still = answered(address, LINE + b"Connection: close\r\n\r\n")

    assert still.startswith(b"HTTP/1.1 200")
    assert local.client().get("/api/datasets/cut", params=SHARED).status_code == 404
    assert "Traceback" not in caplog.text


def test_a_head_that_is_too_long_is_refused_even_in_one_piece(local: LocalServer) -> None:
    head = LINE + b"X: " + b"y" * 100_000 + b"\r\n\r\n"
    with listening(local) as address:
        assert answered(address, head).startswith(b"HTTP/1.1 431")


def test_more_idle_connections_than_files_keep_nobody_out(tmp_path: Path) -> None:
    eva(tmp_path)
    with running_on(tmp_path, files=256) as server, contextlib.ExitStack() as open_ones:
        where = httpx.URL(server.url)
        for _ in range(400):
            assert where.port is not None
            idle = open_ones.enter_context(
                socket.create_connection((where.host, where.port), timeout=patience(20))
            )
            idle.sendall(b"GET /api/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        for n in range(3):
            body = {"records": a_batch(n)}
            logged = server.client().post(f"/api/datasets/big/{TEXT}:bulk", params=SHARED, json=body)
            assert logged.status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(patience(30)) == 0
        assert server.process.stdout is not None
        answer = server.process.stdout.read()
    assert "Traceback" not in answer
    assert answer.count("\n") < 1000


def test_who_has_too_many_connections_loses_the_oldest_idle_one(local: LocalServer, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits.TimeoutProtocol, "counted_in", Connections(None, 2))
    with listening(local) as address, contextlib.ExitStack() as open_ones:
        three = [
            open_ones.enter_context(socket.create_connection(address, timeout=patience(20))) for _ in range(3)
        ]
        for each in three[1:]:
            each.sendall(LINE + b"\r\n")
            assert each.recv(100).startswith(b"HTTP/1.1 200")
        assert three[0].recv(100) == b""


def test_a_lack_of_files_is_one_line_a_second(caplog: Any) -> None:
    now = [0.0]
    loop = asyncio.new_event_loop()
    quiet_about_files(loop, lambda: now[0])
    for tenth in range(100):
        now[0] = tenth / 10
        loop.call_exception_handler(
            {"message": "socket.accept()", "exception": OSError(errno.EMFILE, "no files")}
        )
    loop.close()
    assert 9 <= len(caplog.records) <= 11
    assert "Traceback" not in caplog.text


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["open", "close", "busy", "idle"])), max_size=60)
)
def test_connections_are_never_more_than_there_may_be(steps: list[tuple[int, str]]) -> None:
    """Random visitors: no more than four connections in all and two of one address, and none is counted twice."""

    class Visitor:
        def __init__(self, address: str) -> None:
            self.address, self.open, self.busy = address, False, False

        def give_way(self) -> None:
            assert not self.busy, "somebody in the middle of a request had to go"
            counted.closed(self)
            self.open = False

    counted = Connections(4, 2)
    visitors = [Visitor(f"10.0.0.{n // 3}") for n in range(6)]
    for n, what in steps:
        each = visitors[n]
        if what == "open" and not each.open:
            each.open, each.busy = counted.opened(each), False
            full = sum(v.open for v in visitors if v.address == each.address and v is not each) >= 2
            assert each.open or all(v.busy for v in visitors if v.open) or full
        elif what == "close" and each.open:
            counted.closed(each)
            each.open = False
        elif what in ("busy", "idle") and each.open:
            each.busy = what == "busy"
            (counted.busy if each.busy else counted.idle)(each)
        for address in {v.address for v in visitors}:
            assert sum(v.open for v in visitors if v.address == address) <= 2
        assert sum(v.open for v in visitors) <= 4
