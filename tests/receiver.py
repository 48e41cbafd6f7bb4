"""A receiver of webhooks to test with: it fails, hangs and comes back as it is told, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from patience import patience

__all__ = ["Received", "Receiver", "receiving"]


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["x-apportion-delivery"]


class Receiver:
    """Answers with ``status``, refuses what somebody in ``refused`` did, hangs while ``hanging`` is set.

    It handles nothing twice: ``handled`` has each id once.
    """

    def __init__(self) -> None:
        self.status = 200
        self.answer = b"thank you"
        self.headers: dict[str, str] = {}
        self.hanging = threading.Event()
        self.go_on = threading.Event()
        self.requests: list[Received] = []
        self.handled: dict[str, Received] = {}
        self.refused: set[str] = set()
        self.url = ""

    def events(self) -> list[str]:
        return [each.headers["x-apportion-event"] for each in self.handled.values()]

    def numbers(self) -> list[int]:
        return [each.json["number"] for each in self.handled.values() if each.json["event"] != "ping"]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver on a port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.path, headers, body)
            receiver.requests.append(received)
            if receiver.hanging.is_set():
                receiver.go_on.wait(patience(60))
                return
            status = 400 if received.json["who"] in receiver.refused else receiver.status
            if status == 200:
                receiver.handled.setdefault(received.id, received)
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            with suppress(OSError):  # nobody listens any more
                self.wfile.write(receiver.answer)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
