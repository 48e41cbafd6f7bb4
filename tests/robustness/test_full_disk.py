"""A disk that is full, read-only or broken: refused clearly, nothing lost, and all goes on once it takes writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers import SHARED, TEXT, Running, furnish, local_server, problems, running_on, scan

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
    with local_server(small_disk) as local:
        furnish(local.client())
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


# A disk that refuses to be written to under a running server


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A file system of its own, and what to write to so that the kernel makes it read-only as after an error."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root on Linux, with ext4, can have a disk fail")
    disk, image = tmp_path / "disk", tmp_path / "image"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    mounted = subprocess.run(
        ["mount", "-o", "loop,errors=remount-ro", image, disk], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        number = disk.stat().st_dev
        block = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
        trigger = Path(f"/sys/fs/ext4/{block}/trigger_fs_error")
        if not trigger.exists():
            pytest.skip("this kernel cannot be told that a disk has failed")
        yield disk, trigger
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def refused_writes(client: httpx.Client) -> None:
    """Everything that writes is refused and says why; everything that reads goes on."""
    answers = [
        client.post(BULK, params=SHARED, json=batch(999, 3, 80)),
        client.patch("/api/datasets/reviews/records/1", params=SHARED, json={"status": "Edited"}),
        client.post("/api/workspaces", json={"name": "another"}),
    ]
    for answer in answers:
        assert answer.status_code == 507, answer.text
        detail = answer.json()["detail"]
        assert detail["code"] == "argilla.api.errors::StorageUnwritableError"
        assert "refuses to be written to" in detail["params"]["message"]
        assert "Nothing of this request was kept" in detail["params"]["message"]
    assert len(scan(client, "reviews")) == 7
    assert client.get("/api/datasets/log", params=SHARED).json()["tags"] == {"last": "0"}
    assert client.get("/api/health").json() == {"status": "ok"}


def test_a_disk_that_becomes_read_only_is_told_and_read_on(failing_disk: tuple[Path, Path]) -> None:
    disk, trigger = failing_disk
    with local_server(disk) as local:
        furnish(local.client())
    with running_on(disk) as server:
        client = server.client()
        client.post(BULK, params=SHARED, json=batch(0, 3, 80)).raise_for_status()
        assert client.get("/api/health/ready").json()["checks"]["disk"] != "can't be written to"

        trigger.write_text("as if it had failed")

        refused_writes(client)
        ready = client.get("/api/health/ready")
        assert ready.status_code == 503
        assert ready.json()["checks"]["disk"] == "can't be written to"
        fresh = server.client("ana")  # and who was not here before can read as well
        assert fresh.get("/api/datasets/reviews", params=SHARED).status_code == 200


def test_once_a_disk_can_be_written_to_again_everything_goes_on(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux lets a limit be set for a running process")
    with local_server(tmp_path) as local:
        furnish(local.client())
    with running_on(tmp_path) as server:
        client = server.client()
        client.post(BULK, params=SHARED, json=batch(0, 3, 80)).raise_for_status()

        free = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        refused_writes(client)

        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, free)
        client.post(BULK, params=SHARED, json=batch(1, 5, 80)).raise_for_status()
        assert len(scan(client, "log")) == 8
        assert client.get("/api/datasets/log", params=SHARED).json()["tags"] == {"last": "1"}
    assert problems(tmp_path) == []
