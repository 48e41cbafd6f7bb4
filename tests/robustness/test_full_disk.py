"""A disk that is full: refused clearly, nothing lost, and everything goes on once there is space again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from houses import SHARED, TEXT, Running, furnish, house_at, problems, running_on, scan

BULK = f"/api/datasets/log/{TEXT}:bulk"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk to fill up")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[Running]:
    with house_at(small_disk) as house:
        furnish(house.client())
    with running_on(small_disk) as running:
        yield running


def batch(number: int, count: int = 50, size: int = 2_000) -> dict[str, Any]:
    words = " ".join(f"w{number}x{n}" for n in range(size // 8))
    records = [{"id": f"{number}-{n}", "inputs": {"text": f"{words} {n}"}} for n in range(count)]
    return {"records": records, "tags": {"last": str(number)}}


def fill(client: httpx.Client) -> tuple[int, httpx.Response]:
    """Log until it is refused: how many batches were taken, and the refusal."""
    for number in range(1_000):
        answer = client.post(BULK, params=SHARED, json=batch(number))
        if answer.status_code != 200:
            return number, answer
    raise AssertionError("the disk never was full")


def test_a_full_disk_refuses_clearly_and_loses_nothing(server: Running, small_disk: Path) -> None:
    client = server.client()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2**21)

    taken, refusal = fill(client)

    assert refusal.status_code == 507, refusal.text
    detail = refusal.json()["detail"]
    assert detail["code"] == "argilla.api.errors::StorageFullError"
    assert "Nothing of this request was kept" in detail["params"]["message"]
    assert len(scan(client, "log")) == taken * 50
    assert client.get("/api/datasets/log", params=SHARED).json()["tags"] == {"last": str(taken - 1)}

    url, changes = "/api/datasets/reviews/records/1", ({"status": "Edited"}, {"metadata": {"user": "ben"}})
    statuses = {client.patch(url, params=SHARED, json=each).status_code for each in changes}
    statuses |= {client.post("/api/workspaces", json={"name": f"w{n}"}).status_code for n in range(40)}
    assert statuses <= {200, 507}
    assert client.get("/api/health").json() == {"status": "ok"}
    assert len(scan(client, "reviews")) == 7

    ballast.unlink()
    answer = client.post(BULK, params=SHARED, json=batch(taken, 5))
    assert answer.status_code == 200, answer.text
    assert len(scan(client, "log")) == taken * 50 + 5
    assert problems(small_disk) == []


def test_a_server_that_was_killed_on_a_full_disk_starts_again(server: Running, small_disk: Path) -> None:
    taken, _ = fill(server.client())
    server.process.kill()
    server.process.wait()

    with running_on(small_disk) as again:
        assert len(scan(again.client(), "log")) == taken * 50
        assert again.client().delete("/api/datasets/log", params=SHARED).status_code in (200, 507)
    assert problems(small_disk) == []
