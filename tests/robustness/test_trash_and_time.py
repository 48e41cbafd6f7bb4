"""Deleted datasets and the clock: what goes for good goes when its days have passed, and not before."""

from __future__ import annotations

import asyncio
from pathlib import Path

from houses import SHARED, TEXT, furnish, house_at, reopened

from apportion.server.housekeeping import purge
from support import FakeClock

WEEK = 7 * 24 * 60


def test_a_server_that_never_looked_into_it_purges_what_was_deleted(tmp_path: Path) -> None:
    clock = FakeClock()
    with house_at(tmp_path, clock=clock) as house:
        eva = house.client()
        furnish(eva)
        long = " ".join(f"word{n}" for n in range(3_000))  # an index of many pages
        records = [{"id": n, "inputs": {"text": f"{long} {n}"}} for n in range(30)]
        eva.post(f"/api/datasets/log/{TEXT}:bulk", params=SHARED, json={"records": records})
        for name in ("reviews", "log"):
            eva.delete(f"/api/datasets/{name}", params=SHARED).raise_for_status()
        clock.pass_minutes(WEEK + 1)
        reopened(house, clock)

        asyncio.run(purge(house.app.state.house))

        assert house.store.write(lambda work: list(work.datasets.doomed())).result() == []
        assert house.client().get("/api/datasets:deleted").json()["datasets"] == []
        assert house.verify() == []
