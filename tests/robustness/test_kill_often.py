"""kill -9 again and again under everything a team does at once: a soak, 100 times unless ``KILLS`` says otherwise.

python -m pytest tests/robustness/test_kill_often.py -m soak
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from apportion.storage.sqlite.upkeep import SqliteUpkeep
from patience import patience
from servers import SHARED, TEXT, Running, local_server, problems, run, running_on, scan

KILLS = int(os.environ.get("KILLS", "100"))
DATASET = "/api/datasets/work"
PEOPLE = ("ana", "ben", "rita")
WANTED = 2
BATCH = 40


class Team:
    """A team whose acknowledged answers are stored, over all the servers they have seen."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.batches: set[int] = set()
        self.sent = 0
        self.answers: dict[tuple[str, str], str] = {}
        """Label last acknowledged, by record and person."""
        self.maybe: dict[tuple[str, str], str] = {}
        """Label sent without an answer: it may be there or not."""
        self.deleted: set[str] = set()
        self.lock = threading.Lock()

    # What they do, each until the server does not answer

    def log(self, client: httpx.Client) -> None:
        with self.lock:
            self.sent += 1
            batch = self.sent
        records = [
            {
                "id": f"b{batch}-{n}",
                "inputs": {"text": f"word{n % 7} of {batch}"},
                "metadata": {"batch": batch},
            }
            for n in range(BATCH)
        ]
        url = f"/api/datasets/log/{TEXT}:bulk"
        client.post(url, params=SHARED, json={"records": records}).raise_for_status()
        self.batches.add(batch)

    def annotate(self, who: str) -> Callable[[httpx.Client], None]:
        def once(client: httpx.Client) -> None:
            claimed = (
                client.post(f"{DATASET}/queue:claim", params=SHARED, json={"limit": 3})
                .raise_for_status()
                .json()
            )
            if not claimed["records"]:
                time.sleep(0.05)
            for item in claimed["records"]:
                self._answer(client, who, item)

        return once

    def _answer(self, client: httpx.Client, who: str, item: dict[str, Any]) -> None:
        key, label = (item["id"], who), f"c{self.chance.randrange(3)}"
        assigned = item["assignment"]
        sent = {
            "value": {"labels": [{"class": label}]}, "state": "submitted", "version": assigned["version"],
            "token": assigned["token"], "seconds": 1.0,
        }  # fmt: skip
        self.maybe[key] = label
        answer = client.put(f"{DATASET}/records/{item['id']}/annotations/me", params=SHARED, json=sent)
        answer.raise_for_status()
        self.answers[key] = label
        self.maybe.pop(key)

    def manage(self, client: httpx.Client) -> None:
        """Look, rebalance, copy, delete, restore: what takes longest."""
        what = self.chance.randrange(5)
        name = f"copy{self.chance.randrange(3)}"
        if what == 0:
            client.get(f"{DATASET}/progress", params=SHARED)
        elif what == 1:
            client.put(f"{DATASET}:copy", params=SHARED, json={"name": name})
        elif what == 2:
            client.delete(f"/api/datasets/{name}", params=SHARED)
        elif what == 3:
            client.post("/api/datasets:restore", params=SHARED, json={"name": name})
        else:
            client.post(
                f"{DATASET}/{TEXT}:search", params=SHARED, json={"query": {"query_text": "word1 OR word2"}}
            )


def at_work(team: Team, server: Running) -> list[threading.Thread]:
    works: list[tuple[str, Callable[[httpx.Client], None]]] = [(who, team.annotate(who)) for who in PEOPLE]
    works += [("eva", team.log), ("max", team.manage)]

    def repeat(client: httpx.Client, fn: Callable[[httpx.Client], None]) -> None:
        try:
            while True:
                fn(client)
        except httpx.TransportError:
            return

    threads = [threading.Thread(target=repeat, args=(server.client(who), work)) for who, work in works]
    for each in threads:
        each.start()
    return threads


@pytest.mark.soak
@pytest.mark.timeout(60 + 60 * KILLS)
def test_killed_again_and_again_nothing_that_was_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    chance = random.Random(int(os.environ.get("SEED", "9")))
    home = tmp_path / "home"
    home.mkdir()
    with local_server(home) as local:
        admin = local.client()
        records = [{"id": f"r{n}", "inputs": {"text": f"word{n % 5} and {n}"}} for n in range(40 * KILLS)]
        for start in range(0, len(records), 1_000):
            part = {"records": records[start : start + 1_000]}
            admin.post(f"{DATASET}/{TEXT}:bulk", params=SHARED, json=part).raise_for_status()
        rule = {"users": list(PEOPLE), "overlap": WANTED, "mode": "pull"}
        plan = {"rules": [rule], "blind": True, "seed": 7}
        admin.post(f"{DATASET}/assignments", params=SHARED, json=plan).raise_for_status()
    team = Team(chance)
    for turn in range(KILLS):
        with running_on(home) as server:
            threads = at_work(team, server)
            if turn % 10 == 9:  # and sometimes while a backup is being written
                SqliteUpkeep(home / "apportion.db").backup(tmp_path / "backup.db")
            time.sleep(chance.uniform(0.1, 1.5))
            server.process.send_signal(signal.SIGKILL)
            for each in threads:
                each.join(patience(30))
                assert not each.is_alive()
        assert problems(home) == [], f"after kill {turn + 1}"
    check(team, home)
    assert (
        run("restore", tmp_path / "backup.db", "--home", tmp_path / "restored").returncode == 0 or KILLS < 10
    )


def check(team: Team, home: Path) -> None:
    """Everything acknowledged is there once, nothing is half there, and no slot has too many answers."""
    with running_on(home) as server:
        client = server.client()
        counted: dict[int, int] = {}
        for each in scan(client, "log") if team.batches else []:
            counted[each["metadata"]["batch"]] = counted.get(each["metadata"]["batch"], 0) + 1
        assert set(counted.values()) <= {BATCH}
        assert team.batches <= counted.keys()
        found = client.post(f"{DATASET}/export", params=SHARED, json={}).raise_for_status().text
        answers = {}
        for line in found.splitlines():
            row = json.loads(line)
            answer = row.get("answers", {})
            assert sum(each["counted"] for each in answer.values() if each["state"] == "submitted") <= WANTED
            for who, each in answer.items():
                answers[row["id"], who] = each["value"]["labels"][0]["class_label"]
        assert team.answers
        for key, label in team.answers.items():
            assert answers[key] in (label, team.maybe.get(key, label)), key
        unknown = answers.keys() - team.answers.keys() - team.maybe.keys()
        assert not unknown
        print(
            f"{KILLS} kills, {len(team.batches)} batches and {len(team.answers)} answers acknowledged, all there"
        )
