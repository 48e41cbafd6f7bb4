"""Deleted datasets and the clock: what goes for good goes when its days have passed, and not before."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from apportion.server.housekeeping import catch_up, follow_clock, purge
from apportion.server.security import SystemClock
from apportion.services.datasets.clock_jumps import postpone_by_downtime
from apportion.services.datasets.trash import mark_old_for_purge
from apportion.storage.sqlite.store import SqliteStore
from apportion.storage.sqlite.upkeep import SqliteUpkeep, restore
from owners import nobody
from servers import SHARED, TEXT, LocalServer, furnish, local_server, reopened
from support import Client, FakeClock

WEEK = 7 * 24 * 60
DAY = 24 * 3600 * 1_000_000


def test_a_server_that_never_looked_into_it_purges_what_was_deleted(tmp_path: Path) -> None:
    clock = FakeClock()
    with local_server(tmp_path, clock=clock) as local:
        eva = local.client()
        furnish(eva)
        long = " ".join(f"word{n}" for n in range(3_000))  # an index of many pages
        records = [{"id": n, "inputs": {"text": f"{long} {n}"}} for n in range(30)]
        eva.post(f"/api/datasets/log/{TEXT}:bulk", params=SHARED, json={"records": records})
        for name in ("reviews", "log"):
            eva.delete(f"/api/datasets/{name}", params=SHARED).raise_for_status()
        clock.pass_minutes(WEEK + 1)
        reopened(local, clock)

        asyncio.run(purge(local.app.state.app_state))

        assert local.store.write(lambda tx: list(tx.datasets.pending_purge(nobody))).result() == []
        assert local.client().get("/api/datasets:deleted").json()["datasets"] == []
        assert local.verify() == []


# A clock that jumps


@dataclass
class Machine:
    """A machine whose clock somebody sets: what it says, and what really passed, in microseconds."""

    wall: int = 1_700_000_000_000_000
    steady: int = 5

    def clock(self) -> SystemClock:
        return SystemClock(wall=lambda: self.wall, steady=lambda: self.steady)

    def pass_minutes(self, minutes: float) -> None:
        self.wall += int(minutes * 60_000_000)
        self.steady += int(minutes * 60_000_000)

    def set_ahead(self, days: float) -> None:
        self.wall += int(days * DAY)


def look(local: LocalServer) -> None:
    """Do what the server does every few seconds and every hour."""
    asyncio.run(follow_clock(local.app.state.app_state))
    asyncio.run(purge(local.app.state.app_state))


def start(local: LocalServer) -> None:
    """Do what the server does when it starts."""
    asyncio.run(catch_up(local.app.state.app_state))
    asyncio.run(purge(local.app.state.app_state))


def trash(local: LocalServer) -> list[str]:
    return [each["name"] for each in local.client().get("/api/datasets:deleted").json()["datasets"]]


@pytest.mark.parametrize("days", [30, 20_000, -30])
def test_a_clock_that_jumps_empties_no_trash_and_ends_no_lease(
    tmp_path: Path, days: int, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine()
    with local_server(tmp_path, clock=machine.clock()) as local:
        eva, ana, ben = (local.client(who) for who in ("eva", "ana", "ben"))
        furnish(eva)
        rule = {"users": ["ana", "ben"], "overlap": 1, "mode": "pull", "lease": 30}
        eva.post(
            "/api/datasets/reviews/assignments", params=SHARED, json={"rules": [rule], "seed": 1}
        ).raise_for_status()

        def claim(who: Client) -> set[str]:
            url = "/api/datasets/reviews/queue:claim"
            found = who.post(url, params=SHARED, json={"limit": 7}).raise_for_status().json()
            return {each["id"] for each in found["records"]}

        hers = claim(ana)
        assert hers
        eva.delete("/api/datasets/places", params=SHARED).raise_for_status()

        machine.set_ahead(days)
        assert claim(ben).isdisjoint(hers)  # before anybody has looked at the clock
        with caplog.at_level(logging.WARNING):
            look(local)
        assert "the clock of this machine jumped" in caplog.text
        assert local.app.state.app_state.clock.now() - machine.wall in range(100)
        assert claim(ben).isdisjoint(hers)
        assert trash(local) == ["places"]
        assert local.verify() == []

        machine.pass_minutes(31)
        assert claim(ben) & hers  # a lease runs out when its own time has passed
        machine.pass_minutes(WEEK - 60)
        look(local)
        assert trash(local) == ["places"]
        machine.pass_minutes(60)
        look(local)
        assert trash(local) == []


def test_a_jump_that_is_put_right_before_anybody_looked_changes_nothing(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.set_ahead(400)
    assert clock.now() - before < 100
    machine.set_ahead(-400)
    machine.pass_minutes(1)
    assert clock.jump() == 0
    assert clock.now() - machine.wall in range(10)


def test_a_start_after_weeks_or_on_a_wrong_clock_leaves_the_trash_its_time(tmp_path: Path) -> None:
    machine = Machine()
    with local_server(tmp_path, clock=machine.clock()) as local:
        local.store.lock()
        furnish(local.client())
        start(local)
        local.client().delete("/api/datasets/places", params=SHARED).raise_for_status()
        (reply,) = local.client().get("/api/datasets:deleted").json()["datasets"]
        machine.pass_minutes(2 * 24 * 60)
        local.app.state.app_state.store.record_heartbeat(machine.wall)  # as it does every hour
        for away in (15, 9_000, -9_000):
            machine.pass_minutes(60)
            machine.set_ahead(away)
            reopened(local, machine.clock())
            local.store.lock()
            start(local)
            assert trash(local) == ["places"]
        (now,) = local.client().get("/api/datasets:deleted").json()["datasets"]
        assert now["deleted_at"] == reply["deleted_at"]
        assert now["purged_at"] > reply["purged_at"]
        machine.pass_minutes(5 * 24 * 60 - 200)
        look(local)
        assert trash(local) == ["places"]
        machine.pass_minutes(300)
        look(local)
        assert trash(local) == []


def test_a_backup_that_is_restored_late_has_its_trash(tmp_path: Path) -> None:
    machine = Machine()
    backup, home = tmp_path / "old.db", tmp_path / "home"
    home.mkdir()
    with local_server(home, clock=machine.clock()) as local:
        furnish(local.client())
        local.client().delete("/api/datasets/places", params=SHARED).raise_for_status()
        SqliteUpkeep(local.path).backup(backup)
        local.store.lock()
        machine.pass_minutes(3 * WEEK)
        local.app.state.app_state.store.record_heartbeat(machine.wall)
    restore(home / "apportion.db", backup, force=True)
    store = SqliteStore(home / "apportion.db", hold=True)
    try:
        last = store.last_heartbeat()
        away = postpone_by_downtime(store, last=last, now=machine.wall, least=DAY)
        assert away > 20 * DAY
        assert mark_old_for_purge(store, before=machine.wall - 7 * DAY, now=machine.wall) == []
    finally:
        store.close()
