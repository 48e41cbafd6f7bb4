"""Large plans that are cut short, and plans that meet each other or a dataset that goes away."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from patience import patience, until
from servers import SHARED, TEXT, LocalServer, local_server, problems, running_on

DATASET = "/api/datasets/big"
N = 30_000
WAITS = [0.4 + 0.3 * turn for turn in range(int(os.environ.get("KILLS", "1")))]
"""Seconds until the server is killed; a soak says ``KILLS=5``."""
PLAN = {"rules": [{"users": ["ana", "ben", "rita"], "overlap": 2}], "blind": True, "seed": 7}


def log(client: httpx.Client, count: int) -> None:
    for start in range(0, count, 10_000):
        ids = range(start, min(start + 10_000, count))
        records = [{"id": f"r{n}", "inputs": {"text": f"text {n}"}} for n in ids]
        client.post(f"{DATASET}/{TEXT}:bulk", params=SHARED, json={"records": records}).raise_for_status()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large")
    with local_server(path) as local:
        log(local.client(), N)
    return path


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verb", ["make", "undo"])
def test_a_plan_cut_short_is_whole_or_gone_after_the_next_start(home: Path, verb: str) -> None:
    for wait in WAITS:
        with running_on(home) as server:
            client = server.client()
            plan = fresh_plan(client) if verb == "undo" else None
            url, body = (
                (f"{DATASET}/assignments", PLAN)
                if verb == "make"
                else (f"{DATASET}/assignments/{plan}:undo", {})
            )
            cut = threading.Thread(target=attempt, args=(server.client(), url, body))
            cut.start()
            time.sleep(wait)
            server.process.send_signal(signal.SIGKILL)
            cut.join(patience(30))
        with running_on(home) as server:
            client = server.client()
            for id, state, slots in resolved(client):
                assert (state, slots) in (("live", 2 * N), ("undone", 0))
                if state == "live":  # the next round begins without a plan
                    undone = client.post(
                        f"{DATASET}/assignments/{id}:undo", params=SHARED, json={}, timeout=patience(120)
                    )
                    undone.raise_for_status()
        assert problems(home) == []


def fresh_plan(client: httpx.Client) -> str:
    made = client.post(f"{DATASET}/assignments", params=SHARED, json=PLAN, timeout=patience(120))
    return str(made.raise_for_status().json()["id"])


def attempt(client: httpx.Client, url: str, body: Any) -> None:
    try:
        client.post(url, params=SHARED, json=body, timeout=patience(60))
    except httpx.TransportError:
        return


def resolved(client: httpx.Client) -> list[tuple[str, str, int]]:
    """Id, state and pending slots of each plan, once the server has tidied up."""

    def plans() -> list[dict[str, Any]]:
        found = client.get(f"{DATASET}/assignments", params=SHARED).raise_for_status().json()
        return list(found["assignments"])

    until(lambda: all(each["state"] in ("live", "undone") for each in plans()), 60, every=0.2)
    return [(each["id"], each["state"], each["progress"]["pending"]) for each in plans()]


def test_two_managers_at_once_make_plans_one_after_the_other(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        log(local.client(), 200)
        spec = {"rules": [{"users": ["ana", "ben"], "overlap": 1}], "seed": 3}

        def make(who: str) -> tuple[int, Any]:
            answer = local.client(who).post(f"{DATASET}/assignments", params=SHARED, json=spec)
            return answer.status_code, answer.json()

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(make, ("max", "eva")))
        assert {status for status, _ in found} <= {200, 400, 409}
        assert any(status == 200 for status, _ in found)
        plans = local.client().get(f"{DATASET}/assignments", params=SHARED).json()["assignments"]
        assert len(plans) == sum(status == 200 for status, _ in found)
        for each in plans:
            loads = each["loads"]
            assert sum(loads.values()) == each["slots"]
            assert each["progress"]["pending"] == each["slots"]
        assert local.verify() == []


def test_a_plan_on_a_dataset_that_is_being_deleted_is_refused_or_goes_with_it(tmp_path: Path) -> None:
    with local_server(tmp_path) as local:
        log(local.client(), 12_000)

        def plan() -> int:
            return local.client("max").post(f"{DATASET}/assignments", params=SHARED, json=PLAN).status_code

        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(plan)
            time.sleep(0.3)
            assert local.client().delete(DATASET, params=SHARED).status_code == 200
            assert made.result() in (200, 404)
        assert local.client().get(f"{DATASET}/assignments", params=SHARED).status_code == 404
        log(local.client(), 3)
        assert local.client().get(f"{DATASET}/assignments", params=SHARED).json()["assignments"] == []
        assert local.client("ana").get("/api/me/work").json()["work"] == []
        assert local.verify() == []


def test_what_is_sent_for_a_deleted_dataset_is_not_stored_in_the_next_one_of_its_name(
    local: LocalServer,
) -> None:
    admin, ana = local.client(), local.client("ana")
    log(admin, 4)
    admin.post(f"{DATASET}/assignments", params=SHARED, json={**PLAN, "rules": [{"users": ["ana"]}]})
    claimed = ana.post(f"{DATASET}/queue:claim", params=SHARED, json={}).json()
    sent = {
        "value": {"labels": [{"class": "good"}]},
        "state": "submitted",
        "version": 0,
        "dataset": claimed["dataset"],
    }
    mine = f"{DATASET}/records/{claimed['records'][0]['id']}/annotations/me"
    admin.delete(DATASET, params=SHARED)
    gone = ana.put(mine, params=SHARED, json=sent)
    assert (gone.status_code, "DatasetGone" in gone.text) == (410, True)
    log(admin, 4)
    assert ana.put(mine, params=SHARED, json=sent).status_code == 410
    again = ana.post(f"{DATASET}/queue:claim", params=SHARED, json={"dataset": claimed["dataset"]})
    assert again.status_code == 410
    assert ana.get(mine, params=SHARED).json()["version"] == 0
