"""Eight people at a real server, each a process of its own, claim and submit as fast as they can.

5 seconds, or as many as ``LOAD_SECONDS`` says (a soak runs it for 60).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from patience import patience
from servers import SHARED, TEXT, local_server, problems, running_on

SECONDS = float(os.environ.get("LOAD_SECONDS", "5"))
PEOPLE = [f"p{n}" for n in range(8)]
RECORDS = max(2_000, int(SECONDS * 400))
WANTED = 2
WORKER = """
import json, sys, time
import httpx
url, key, seconds = sys.argv[1:]
dataset = "/api/datasets/talks"
acknowledged, extras, latencies = [], 0, []
headers, shared = {"X-Argilla-Api-Key": key}, {"workspace": "shared"}
with httpx.Client(base_url=url, headers=headers, params=shared, timeout=None) as http:
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        found = http.post(dataset + "/queue:claim", json={"limit": 5}).raise_for_status().json()["records"]
        if not found:
            break
        for item in found:
            label = f"{key}-{len(acknowledged)}"
            sent = {"value": {"labels": [{"class": label}]}, "state": "submitted", "version": 0,
                    "token": item["assignment"]["token"], "seconds": 1}
            before = time.monotonic()
            answer = http.put(f"{dataset}/records/{item['id']}/annotations/me", json=sent).raise_for_status().json()
            latencies.append(time.monotonic() - before)
            acknowledged.append([item["id"], label])
            extras += not answer["counted"]
print(json.dumps({"acknowledged": acknowledged, "extras": extras, "latencies": latencies}))
"""


def furnished(home: Path) -> None:
    """A team of eight and an open plan in which two of them answer each record."""
    with local_server(home) as local:
        admin = local.client()
        from apportion.services.people.users import NewUser, add_user
        from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
        from apportion.vocabulary import MembershipRole

        def set_up(tx: Any) -> None:
            shared = ensure_workspace(tx, "shared", now=1)
            for name in PEOPLE:
                add_user(tx, NewUser(name, name), key=f"{name}.apikey", now=1)
                join(tx, shared, MemberChange(name, MembershipRole.ANNOTATOR, 1))

        local.store.write(set_up).result()
        for start in range(0, RECORDS, 1_000):
            records = [
                {"id": f"r{n}", "inputs": {"text": f"text {n}"}}
                for n in range(start, min(start + 1_000, RECORDS))
            ]
            url = f"/api/datasets/talks/{TEXT}:bulk"
            admin.post(url, params=SHARED, json={"records": records}).raise_for_status()
        rule = {"users": PEOPLE, "overlap": WANTED, "mode": "pull"}
        plan = {"rules": [rule], "blind": True, "seed": 7}
        admin.post("/api/datasets/talks/assignments", params=SHARED, json=plan).raise_for_status()


@pytest.mark.timeout(120 + 3 * SECONDS)
def test_eight_people_at_once_collect_nothing_twice_and_lose_nothing(tmp_path: Path) -> None:
    furnished(tmp_path)
    with running_on(tmp_path) as server:
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, server.url, f"{name}.apikey", str(SECONDS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in PEOPLE
        ]
        shown: dict[str, Any] = {}
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        began = time.monotonic()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for name, worker in zip(PEOPLE, workers, strict=True):
            output, _ = worker.communicate(timeout=patience(SECONDS + 60))
            assert worker.returncode == 0
            shown[name] = json.loads(output)
        took = time.monotonic() - began
        check(server.client(), shown)
    assert problems(tmp_path) == []
    waits = sorted(each for person in shown.values() for each in person["latencies"])
    print(
        f"\n{len(waits) / took:.0f} claimed and submitted a second by {len(PEOPLE)} processes; submit p50 "
        f"{1000 * waits[len(waits) // 2]:.1f} ms, p95 {1000 * waits[len(waits) * 95 // 100]:.1f} ms"
    )


def check(client: httpx.Client, reply: dict[str, Any]) -> None:
    """Each acknowledged answer is there, counted, and no record has more than were wanted."""
    kept: dict[tuple[str, str], str] = {}
    body: dict[str, Any] = {"query": {"query_text": "status:(Validated OR Edited)"}}
    while True:
        url = "/api/datasets/talks/records/:search"
        page = client.post(url, params={**SHARED, "limit": 1000}, json=body).raise_for_status().json()
        if not page["records"]:
            break
        for record in page["records"]:
            for name, answer in (record["annotations"] or {}).items():
                kept[record["id"], name] = answer["labels"][0]["class_label"]
        body["next_page_cfg"] = page["next_page_cfg"]
    sent = {(id, name): label for name, each in reply.items() for id, label in each["acknowledged"]}
    assert len(sent) == sum(len(each["acknowledged"]) for each in reply.values()) > 0
    assert kept == sent
    assert sum(each["extras"] for each in reply.values()) == 0
    assert max(Counter(id for id, _ in kept).values()) <= WANTED
    progress = client.get("/api/datasets/talks/progress", params=SHARED).json()
    assert sum(each["done"] for each in progress["annotators"]) == len(sent)
