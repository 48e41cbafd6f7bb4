"""A copy is of one moment, visible once it is whole, and holds nobody up."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.server.housekeeping import finish, unfinished
from apportion.services.datasets import trash
from apportion.services.records import copy as copying
from apportion.storage.sqlite.upkeep import SqliteUpkeep
from owners import nobody
from seeded_data import seed_data
from servers import SHARED, TEXT, LocalServer, local_server, problems


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 5)


def copy(client: httpx.Client, name: str, into: str) -> httpx.Response:
    return client.put(f"/api/datasets/{name}:copy", params=SHARED, json={"name": into})


def exported(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    text = client.post(f"/api/datasets/{name}/export", params=SHARED, json={}).raise_for_status().text
    return [json.loads(line) for line in text.splitlines()]


def test_every_kind_of_dataset_is_copied_in_parts(tmp_path: Path, in_parts: None) -> None:
    with local_server(tmp_path) as local:
        seed_data(local)
        eva = local.client()
        for name in ("reviews", "places", "summaries", "talk", "names"):
            made = copy(eva, name, f"{name}-2")
            assert made.status_code == 200, made.text
            original, copied = exported(eva, name), exported(eva, f"{name}-2")
            assert copied
            for key in ("id", "inputs", "text", "tokens", "predictions", "vectors", "annotation" if name in (
                "reviews", "places", "summaries") else "gold"):  # fmt: skip
                assert [row.get(key) for row in copied] == [row.get(key) for row in original], (name, key)
        assert copy(eva, "talk", "talk-2").status_code == 409
        assert copy(eva, "talk", "no/name").status_code == 422
        assert local.verify() == []


def test_what_is_logged_meanwhile_is_not_in_the_copy_and_a_name_taken_meanwhile_is_kept(
    local: LocalServer, in_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = local.client()
    records = [{"id": f"r{n:02}", "inputs": {"text": f"text {n}"}} for n in range(20)]
    eva.post(f"/api/datasets/a/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()
    inner = copying._copy_some

    def meanwhile(*given: Any) -> Any:
        step = inner(*given)
        late = {"records": [{"id": "zz", "inputs": {"text": "late"}}]}
        local.client().post(f"/api/datasets/a/{TEXT}:bulk", params=SHARED, json=late).raise_for_status()
        assert local.client().get("/api/datasets/b", params=SHARED).status_code == 404
        return step

    monkeypatch.setattr(copying, "_copy_some", meanwhile)
    assert copy(eva, "a", "b").status_code == 200
    assert [row["id"] for row in exported(eva, "b")] == [f"r{n:02}" for n in range(20)]

    def taken(*given: Any) -> Any:
        mine = {"name": "c", "task": TEXT, "workspace": "shared"}
        local.client().post("/api/datasets", json=mine)
        return inner(*given)

    monkeypatch.setattr(copying, "_copy_some", taken)
    assert copy(eva, "a", "c").status_code == 409
    assert exported(eva, "c") == []
    with local.store.read() as tx:
        assert tx.datasets.pending_purge(nobody) == []
    assert local.verify() == []


def test_half_a_copy_is_removed_by_the_next_start(
    local: LocalServer, in_parts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = threading.active_count()
    eva = local.client()
    records = [{"id": f"r{n}", "inputs": {"text": f"text {n}"}} for n in range(20)]
    eva.post(f"/api/datasets/a/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()
    inner, calls = copying._copy_some, []

    def killed(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("as if the server were killed here")
        return inner(*given)

    monkeypatch.setattr(copying, "_copy_some", killed)
    monkeypatch.setattr(trash, "purge_some", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    assert copy(eva, "a", "b").status_code == 500
    monkeypatch.undo()

    assert eva.get("/api/datasets/b", params=SHARED).status_code == 404
    assert SqliteUpkeep(local.path).verify() == []
    left = unfinished(local.app.state.app_state)
    assert len(left) == 1
    asyncio.run(finish(local.app.state.app_state, left))
    assert unfinished(local.app.state.app_state) == []
    assert copy(eva, "a", "b").status_code == 200
    assert threading.active_count() < threads + 10
    assert problems(local.path.parent) == []
