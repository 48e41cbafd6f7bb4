"""Plans and extensions that take several transactions: cut short they were never there, and nobody else is held up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.datasets import DatasetAddress
from apportion.services.assignments import apply_plan, compute_plan
from apportion.services.assignments.apply_plan import ApplyPlan
from apportion.services.background.recovery import OTHERS, recover, unfinished_operations
from apportion.services.operations import Step
from owners import alive, nobody
from upkeep import problems_in

Json = Any
PLAN = {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7, "standing": False}


@pytest.fixture(autouse=True)
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a handful of slots were very many."""
    monkeypatch.setattr(apply_plan, "AT_ONCE", 0)
    monkeypatch.setattr(apply_plan, "SLOTS_AT_ONCE", 3)
    monkeypatch.setattr(apply_plan, "_FORGOTTEN_AT_ONCE", 2)


class Talk:
    """Ten records in a dataset with a plan; ``extended`` is the way of extending it over ten more."""

    def __init__(self, client_as: Any, store: Any, clock: Any, **plan: Any) -> None:
        self.client_as, self.store, self.clock = client_as, store, clock
        self.log(10)
        self.plan = self.ask("max", "POST", "assignments", json={**PLAN, **plan}).json()["id"]

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        params = {"workspace": "shared", **options.pop("params", {})}
        sent = self.client_as(who).request(method, f"/api/datasets/talk/{path}", params=params, **options)
        sent.raise_for_status()
        return sent

    def log(self, stop: int, start: int = 0) -> None:
        records = [{"id": f"r{n}", "inputs": {"text": f"text {n}"}} for n in range(start, stop)]
        self.ask("eva", "POST", "TextClassification:bulk", json={"records": records})

    def extending(self) -> ApplyPlan:
        with self.store.read() as tx:
            dataset = tx.datasets.find("shared", "talk")
            planned = compute_plan.compute_extension(tx, dataset, tx.assignments.plan(dataset, self.plan))
        return ApplyPlan(planned, by="max", at=self.clock.now())

    def take(self, steps: Iterator[Step], count: int = 999) -> int:
        """Take some of the steps; how many."""
        taken = 0
        for taken, step in enumerate(steps, 1):
            self.store.write(step).result()
            if taken == count:
                break
        return taken

    def state(self) -> Json:
        plan = self.ask("max", "GET", f"assignments/{self.plan}").json()
        rows = self.ask("max", "GET", f"assignments/{self.plan}/rows", params={"limit": 100}).json()["rows"]
        queue = self.ask("ana", "GET", "queue", params={"limit": 20}).json()
        body = {"query": {"query_text": "assigned_to:ana"}}
        found = self.ask("ana", "POST", "TextClassification:search", json=body).json()["total"]
        del plan["changed_at"]
        offered = [each["id"] for each in queue["records"]], queue["left"]
        return plan, sorted((row["record"], row["annotator"], row["state"]) for row in rows), offered, found

    def sound(self) -> bool:
        assert list(problems_in(self.store)) == []
        return True


@pytest.fixture
def talk(client_as: Any, store: Any, clock: Any) -> Talk:
    return Talk(client_as, store, clock)


def test_rows_are_numbered_in_the_order_of_their_records(talk: Talk) -> None:
    """Slots in any other order made every transaction of a large plan write a thousand pages instead of fifty."""
    rows = talk.ask("max", "GET", f"assignments/{talk.plan}/rows", params={"limit": 100}).json()["rows"]
    assert [row["record"] for row in rows] == [f"r{n // 2}" for n in range(20)]


def test_an_extension_cut_short_was_never_there(talk: Talk) -> None:
    talk.log(20, start=10)
    before = talk.state()
    for stop in range(1, 14):
        assert talk.take(talk.extending().steps(), stop) == stop
        recover(talk.store, unfinished_operations(talk.store, talk.clock, nobody))
        assert talk.state() == before
    assert talk.take(talk.extending().steps()) > 14
    after = talk.state()
    assert (after[0]["records"], len(after[1]), len(after[2][0])) == (20, 40, 20)
    assert talk.sound()


def test_what_a_server_that_is_alive_is_at_is_not_taken_for_something_left(talk: Talk) -> None:
    talk.log(20, start=10)
    steps = talk.extending().steps()
    talk.take(steps, 5)
    assert unfinished_operations(talk.store, talk.clock, nobody, OTHERS)
    assert unfinished_operations(talk.store, talk.clock, alive(talk.store), OTHERS) == []
    talk.take(steps)
    plan, rows, _, _ = talk.state()
    assert (plan["records"], len(rows)) == (20, 40)
    assert talk.sound()


def test_an_extension_that_fails_is_taken_back_but_for_what_was_begun(talk: Talk) -> None:
    talk.log(20, start=10)
    making = talk.extending()
    talk.take(making.steps(), 12)
    mine = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}
    talk.ask("ana", "PUT", "records/r15/annotations/me", json=mine)
    talk.take(iter(making.give_up()))
    plan, rows, _, found = talk.state()
    assert [row for row in rows if row[0] not in {f"r{n}" for n in range(10)}] == [("r15", "ana", "done")]
    assert (plan["records"], found) == (10, 11)
    assert talk.sound()


def test_records_are_logged_and_shared_out_while_another_plan_is_written(
    client_as: Any, store: Any, clock: Any
) -> None:
    talk = Talk(client_as, store, clock, standing=True)
    with store.read() as tx:
        other = read_plan({"rules": [{"users": ["rita", "max"], "overlap": 2}], "seed": 3})
        planned = compute_plan.compute_plan(
            tx, tx.people.actor("max"), DatasetAddress("shared", "talk"), other
        )
    steps = ApplyPlan(planned, by="max", at=clock.now()).steps()
    talk.take(steps, 5)
    talk.log(14, start=10)
    talk.take(steps)
    plan, rows, _, _ = talk.state()
    assert (plan["records"], len(rows)) == (14, 28)
    states = [each["state"] for each in talk.ask("max", "GET", "assignments").json()["assignments"]]
    assert states == ["live", "live"]
    assert talk.sound()
