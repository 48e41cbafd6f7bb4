"""A store with a row in every table: the seeded data, and what is seldom there at the same time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from apportion.ports.plans import ExtensionInProgress, PlanPhase, StoredPlan
from apportion.ports.store import Transaction
from patience import patience, until
from seeded_data import seed_data
from servers import SHARED, TEXT, LocalServer

__all__ = ["fill_tables"]

ODD = "nothing \0 here \1, nor there: \x7f, ‏עברית‏ and 漢字 🌧"
GOOD = {"labels": [{"class": "good"}]}


def fill_tables(local: LocalServer) -> None:
    """Fill a store with plans in every phase, jobs, rules, a model, sessions, and a dataset that is purged."""
    _purge(local)
    seed_data(local)
    _odd_texts(local)
    _rules_and_people(local)
    _plans_in_every_phase(local)
    _jobs(local)


def _purge(local: LocalServer) -> None:
    eva = local.client("eva")
    records = {"records": [{"id": "x", "inputs": {"text": "long gone"}}]}
    eva.post(f"/api/datasets/purged/{TEXT}:bulk", params=SHARED, json=records).raise_for_status()
    eva.delete("/api/datasets/purged", params=SHARED).raise_for_status()

    def purge(tx: Transaction) -> None:
        (deleted,) = tx.datasets.deleted()
        tx.datasets.mark_for_purge(deleted.dataset)
        while not tx.datasets.purge(deleted.dataset.no, limit=1_000):
            pass

    local.store.write(purge).result()


def _odd_texts(local: LocalServer) -> None:
    record = {
        "id": "odd \1 id",
        "inputs": {"text": ODD},
        "metadata": {"k": "a\1b", "big": 2**53, "small": 5e-324},
        "prediction": {"agent": "m\1", "labels": [{"class": "good", "score": 0.1 + 0.2}]},
    }
    posted = local.client("eva").post(
        f"/api/datasets/reviews/{TEXT}:bulk", params=SHARED, json={"records": [record]}
    )
    posted.raise_for_status()


def _rules_and_people(local: LocalServer) -> None:
    eva = local.client("eva")
    rules = f"/api/datasets/reviews/{TEXT}/labeling/rules"
    eva.post(rules, params=SHARED, json={"query": "soup", "label": "good"}).raise_for_status()
    sam = {"username": "sam", "first_name": "Sam", "password": "long enough", "role": "annotator"}
    eva.post("/api/users", json=sam).raise_for_status()
    signed_in = local.client(None).post(
        "/api/session", json={"username": "sam", "password": "long enough"}, headers={"X-Apportion": "1"}
    )
    signed_in.raise_for_status()
    local.client("ana").put("/api/me/preferences", json={"theme": "dark"}).raise_for_status()


def _plans_in_every_phase(local: LocalServer) -> None:
    """Plans that are live, undone, being written, being undone, and being extended."""
    talk = "/api/datasets/plans"
    records = [
        {"id": f"p{n}", "inputs": {"text": f"text {n}"}, "metadata": {"part": n % 5}} for n in range(20)
    ]
    local.client("eva").post(
        f"{talk}/{TEXT}:bulk", params=SHARED, json={"records": records}
    ).raise_for_status()
    made = []
    for part in range(5):
        rule = {"where": f"metadata.part:{part}", "users": ["ana", "ben"], "overlap": 2}
        body = {"rules": [rule], "seed": part}
        plan = local.client("max").post(f"{talk}/assignments", params=SHARED, json=body)
        made.append(plan.raise_for_status().json()["id"])
    local.client("max").post(f"{talk}/assignments/{made[1]}:undo", params=SHARED, json={}).raise_for_status()

    def cut_short(tx: Transaction) -> None:
        dataset = next(each for each in tx.datasets.list() if each.name == "plans")

        def plan(place: int) -> StoredPlan:
            found = tx.assignments.plan(dataset, made[place])
            assert found is not None
            return found

        now = time.time_ns() // 1000
        tx.assignments.change_plan(plan(2), at=now, phase=PlanPhase.WRITING)
        tx.assignments.change_plan(plan(3), at=now, phase=PlanPhase.UNDOING)
        extended = plan(4)
        nos = [no for no, _ in tx.assignments.rows_of(extended, limit=100)]
        state = replace(tx.assignments.state_of(extended))
        extending = ExtensionInProgress(max(nos), max(nos) + 1, extended.figures, state)
        tx.assignments.begin_extending(extended, extending)

    local.store.write(cut_short).result()


def _jobs(local: LocalServer) -> None:
    """Jobs that are done and undone, and one that waits; a model's probabilities."""
    ana = local.client("ana")
    asked = {"query": "metadata.part:0", "value": GOOD}

    def ended(job: dict[str, Any]) -> dict[str, Any]:
        def state() -> Any:
            found = ana.get(f"/api/jobs/{job['id']}").json()
            return found if found["state"] not in ("waiting", "running") else None

        return until(state, 30)

    jobs = []
    for query in ("metadata.part:0", "metadata.part:1"):
        posted = ana.post(
            "/api/datasets/plans/annotations:apply",
            params=SHARED,
            json={**asked, "query": query},
            headers={"Idempotency-Key": query},
        )
        jobs.append(ended(posted.raise_for_status().json()))
    ended(ana.post(f"/api/jobs/{jobs[1]['id']}:undo").raise_for_status().json())

    def keep_input(tx: Any) -> None:
        tx.jobs.keep_input(tx.jobs.find(jobs[0]["id"]), 0, [("an item of an import",)])

    local.store.write(keep_input).result()
    eva = local.client("eva")
    model = {"annotation": "individual", "required": 2, "resolution": "dawid_skene"}
    eva.patch("/api/datasets/plans/policies", params=SHARED, json=model).raise_for_status()
    mine = "/api/datasets/plans/records/{}/annotations/me"
    for who, labels in (("rita", "gbbg"), ("ben", "gbgg")):
        for n, label in enumerate(labels):
            value = {"labels": [{"class": {"g": "good", "b": "bad"}[label]}]}
            sent = {"value": value, "state": "submitted", "version": 0}
            put = local.client(who).put(mine.format(f"p{n * 5}"), params=SHARED, json=sent)
            put.raise_for_status()
    jobs_of_app = local.app.state.app_state.jobs
    jobs_of_app._rest_until = 0.0
    jobs_of_app.look()
    jobs_of_app._thread.submit(lambda: None).result(patience(30))
