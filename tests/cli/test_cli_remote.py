"""Messages of commands on the answers of a server, ready or not, ours or not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from command_line import Run

JSON, HTML = "application/json", "text/html"


class Stub:
    """A server that answers as it is told: by path, or ``else_``."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.else_ = (200, JSON, b"[]")
        self.keys: list[str | None] = []
        self.url = ""


@pytest.fixture
def stub() -> Iterator[Stub]:
    shown = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = shown.answers.get(self.path.partition("?")[0], shown.else_)
            shown.keys.append(self.headers["X-Argilla-Api-Key"])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shown.url = f"http://127.0.0.1:{server.server_port}"
        yield shown
        server.shutdown()


def refusal(code: str, **params: Any) -> bytes:
    return json.dumps({"detail": {"code": f"argilla.api.errors::{code}", "params": params}}).encode()


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            (404, JSON, refusal("EntityNotFoundError", name="a", type="ServiceDataset")),
            1,
            "no such dataset: a",
        ),
        ((409, JSON, refusal("EntityAlreadyExistsError", name="a", type="Dataset")), 1, "a exists already"),
        ((400, JSON, refusal("ClosedDatasetError", name="a")), 1, "dataset a is closed; open it first"),
        ((403, JSON, refusal("ForbiddenOperationError", detail="not yours")), 1, "refuses: not yours"),
        (
            (422, JSON, refusal("X", errors=[{"loc": ["body", "a"], "msg": "is bad"}])),
            1,
            "refuses: a: is bad",
        ),
        ((418, JSON, b"{}"), 1, "refuses: status 418"),
        ((503, HTML, b"<h1>away</h1>"), 1, "refuses: status 503"),
        ((200, HTML, b"<h1>hello</h1>"), 4, "is no Apportion server"),
        ((200, JSON, b"{"), 4, "is no Apportion server"),
    ],
)
def test_every_answer_has_its_words_and_exit_code(
    run: Run, stub: Stub, answer: tuple[int, str, bytes], code: int, message: str
) -> None:
    stub.else_ = answer

    result = run("datasets", "list", "--url", stub.url, APPORTION_API_KEY="ana.apikey")

    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert result.stderr.startswith(f"Error: {stub.url}")
    assert stub.keys == ["ana.apikey"]


def test_a_server_that_is_not_ready_says_what_it_waits_for(run: Run, stub: Stub) -> None:
    stub.answers["/api/_info"] = (200, JSON, b'{"version": "1.6.0", "apportion": "0.1.0"}')
    stub.else_ = (503, JSON, b'{"status": "starting", "checks": {"database": "ok", "disk": "full"}}')

    result = run("server", "status", "--url", stub.url)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[:2] == [
        f"{stub.url}: Apportion 0.1.0, status starting.",
        "  disk: full",
    ]
    assert stub.keys == [None, None]


def test_a_report_is_printed_as_it_comes(run: Run, stub: Stub) -> None:
    stub.else_ = (200, "text/csv", b"annotator,hours\r\nana,1.5\r\n")

    result = run("hours", "--csv", "--url", stub.url, "--workspace", "w", APPORTION_API_KEY="ana.apikey")

    assert (result.exit_code, result.stdout.splitlines()) == (0, ["annotator,hours", "ana,1.5"])
