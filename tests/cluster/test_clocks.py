"""Servers whose machines' clocks differ by minutes: time is that of the database."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from benchmarks.cluster import Database, settings_of
from benchmarks.crowd import DATASET, Address, Caller
from benchmarks.gathering import MANAGERS, team_home
from benchmarks.server import WORKSPACE, Server

_SHIFTED = """
import runpy, time
ns, seconds = time.time_ns, time.time
time.time_ns = lambda: ns() + {minutes} * 60_000_000_000
time.time = lambda: seconds() + {minutes} * 60
runpy.run_module("apportion.cli.main", run_name="__main__", alter_sys=True)
"""


def lease_of(person: Caller) -> tuple[str, datetime]:
    """The record that somebody claims, and when it will not be theirs any more."""
    found = person.need("POST", f"/api/datasets/{DATASET}/queue:claim", {"limit": 1})
    given = found["records"][0]["assignment"]
    return given["id"], datetime.fromisoformat(given["lease_until"].replace("Z", "+00:00"))


@pytest.mark.timeout(300)
def test_leases_end_at_the_same_time_whichever_server_gave_them(postgres: Database) -> None:
    settings = settings_of(postgres)
    with ExitStack() as stack:
        home = stack.enter_context(team_home(3, **settings))

        def start(minutes: int) -> Server:
            program = (sys.executable, "-c", _SHIFTED.format(minutes=minutes))
            return stack.enter_context(closing(Server(home, command=program, **settings)))

        def caller(server: Server, name: str) -> Caller:
            return stack.enter_context(closing(Caller(Address([server.port], WORKSPACE), f"{name}.apikey")))

        early, late = start(-5), start(5)
        manager = caller(early, MANAGERS[0])
        records: Any = [{"id": f"r{n}", "inputs": {"text": "one"}} for n in range(4)]
        manager.need("POST", f"/api/datasets/{DATASET}/TextClassification:bulk", {"records": records})
        plan = {"rules": [{"users": ["person0", "person1", "person2"], "mode": "pull"}]}
        manager.need("POST", f"/api/datasets/{DATASET}/assignments", plan)

        first, until_first = lease_of(caller(early, "person0"))
        second, until_second = lease_of(caller(late, "person1"))
        third, until_third = lease_of(caller(early, "person2"))

        assert len({first, second, third}) == 3
        assert abs(until_second - until_first) < timedelta(minutes=1)
        assert abs(until_third - until_second) < timedelta(minutes=1)
