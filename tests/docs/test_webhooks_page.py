"""The receiver on the page about webhooks takes what the server sent, and nothing else."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.domain.webhooks import signature

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "webhooks.md"
BODY = b'{"id":"d1","event":"submitted"}'


def post(
    port: int, body: bytes = BODY, *, secret: str = "whsec_x", at: float | None = None, id: str = "d1"
) -> int:
    stamp = int(time.time() if at is None else at)
    headers = {
        "X-Apportion-Signature": signature(secret, stamp, BODY),
        "X-Apportion-Delivery": id,
        "X-Apportion-Event": "submitted",
    }
    return httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers).status_code


@pytest.fixture
def receiver() -> Any:
    (code,) = (
        block
        for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        if "class Receiver" in block
    )
    assert '("127.0.0.1", 8000)' in code
    there: dict[str, Any] = {"secret": "whsec_x"}
    quiet = code.replace("8000", "0").replace("def do_POST", "log_message = lambda *_: None\n    def do_POST")
    exec(compile(quiet, str(PAGE), "exec"), there)
    thread = threading.Thread(target=there["receiver"].serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield there
    there["receiver"].shutdown()
    thread.join()
    there["receiver"].server_close()


def test_the_receiver_on_the_page_checks_signature_and_time_and_handles_nothing_twice(receiver: Any) -> None:
    port = receiver["receiver"].server_address[1]

    assert post(port) == 204
    assert post(port) == 204
    assert post(port, body=BODY.replace(b"d1", b"d2"), id="d2") == 401
    assert post(port, secret="whsec_y", id="d3") == 401
    assert post(port, at=time.time() - 3600, id="d4") == 401
    assert receiver["handled"] == {"d1": {"id": "d1", "event": "submitted"}}
