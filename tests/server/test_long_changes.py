"""Undoing and withdrawing in several transactions: cut short or failing, what people see is settled all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apportion.domain.datasets import DatasetAddress
from apportion.services.answers import reresolve
from apportion.services.assignments import apply_change, compute_change, deferred_resolution
from apportion.services.assignments.apply_change import ApplyPlanChange, UndoPlan
from apportion.services.assignments.compute_change import RowSelection
from apportion.services.background.recovery import recover, unfinished_operations
from apportion.services.background.worker import JobContext as Workroom
from apportion.services.background.worker import run_next
from owners import nobody
from upkeep import problems_in

Json = Any
IDS = [f"r{n}" for n in range(8)]
PLAN = {"rules": [{"users": ["ana", "ben"], "overlap": 2}], "seed": 7, "visibility": "dataset"}
GOOD = {"value": {"labels": [{"class": "good"}]}, "state": "submitted", "version": 0}


class Talk:
    """Eight records for two people each: ana has answered five of them, ben one."""

    def __init__(self, client_as: Any, store: Any, clock: Any, name: str = "talk") -> None:
        self.client_as, self.store, self.clock, self.name = client_as, store, clock, name
        self.talk = Workroom(store, clock, lambda task, json: None)
        records = [{"id": id, "inputs": {"text": f"text {id}"}} for id in IDS]
        self.ask("eva", "POST", "TextClassification:bulk", json={"records": records})
        self.plan = self.ask("max", "POST", "assignments", json=PLAN)["id"]
        for who, ids in (("ana", IDS[:5]), ("ben", IDS[:1])):
            for id in ids:
                self.ask(who, "PUT", f"records/{id}/annotations/me", json=GOOD)

    def ask(self, who: str, method: str, path: str, **options: Any) -> Json:
        params = {"workspace": "shared", **options.pop("params", {})}
        sent = self.client_as(who).request(
            method, f"/api/datasets/{self.name}/{path}", params=params, **options
        )
        sent.raise_for_status()
        return sent.json()

    def undo(self) -> UndoPlan:
        with self.store.read() as tx:
            plan = DatasetAddress("shared", self.name).plan(self.plan)
            planned = compute_change.compute_undo(tx, tx.people.actor("max"), plan, now=self.clock.now())
        return UndoPlan(planned, by="max", at=self.clock.now())

    def withdraw(self) -> ApplyPlanChange:
        with self.store.read() as tx:
            plan, rows = DatasetAddress("shared", self.name).plan(self.plan), RowSelection(None, "ben")
            planned = compute_change.compute_withdrawal(
                tx, tx.people.actor("max"), plan, rows, now=self.clock.now()
            )
        return ApplyPlanChange(planned, by="max", at=self.clock.now())

    def run(self, making: UndoPlan | ApplyPlanChange, stop: int = 999) -> int:
        """Take some of the steps; how many."""
        taken = 0
        for step in making.steps():
            if taken == stop:
                break
            self.store.write(step).result()
            taken += 1
        return taken

    def start_again(self) -> None:
        """Do what a server does when it starts."""
        recover(self.store, unfinished_operations(self.store, self.clock, nobody))
        self.work_off()

    def work_off(self) -> None:
        """Do what the worker of jobs does."""
        while run_next(self.talk):
            pass

    def seen(self) -> Json:
        """Return what leaders see of the records, and who has what."""
        found = self.ask("rita", "POST", "TextClassification:search", json={}, params={"limit": 100})
        rows = self.ask("max", "GET", f"assignments/{self.plan}/rows", params={"limit": 100})["rows"]
        records = sorted((each["id"], each["status"]) for each in found["records"])
        return records, found["aggregations"]["status"], [(row["record"], row["state"]) for row in rows]


@pytest.fixture
def talk(client_as: Any, store: Any, clock: Any) -> Callable[..., Talk]:
    return lambda name="talk": Talk(client_as, store, clock, name)


def in_small_steps(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """As if two slots were very many."""
    monkeypatch.setattr(apply_change, "WITHDRAWN_AT_ONCE", 2)
    monkeypatch.setattr(deferred_resolution, "WHOLE", 0)
    monkeypatch.setattr(deferred_resolution, "FEW", few)
    monkeypatch.setattr(reresolve, "AT_ONCE", 2)


def changed(talk: Talk, what: str) -> Json:
    talk.run(getattr(talk, what)())
    return talk.seen()


@pytest.mark.parametrize("few", [0, 500])
@pytest.mark.parametrize("what", ["undo", "withdraw"])
def test_cut_short_anywhere_all_that_was_touched_is_settled_after_the_next_start(
    talk: Callable[..., Talk], what: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = changed(talk("usual"), what)
    assert expected[1] == {"Validated": 5, "Default": 3}
    in_small_steps(monkeypatch, few)
    whole = talk("whole")
    steps = whole.run(getattr(whole, what)())
    assert steps > 4
    for stop in range(1, steps):
        cut = talk(f"talk{stop}")
        cut.run(getattr(cut, what)(), stop)
        cut.start_again()
        if what == "withdraw":
            statuses = cut.seen()[0]
            for id, state in cut.seen()[2]:  # what is half done is settled, before it is asked for again
                assert state != "withdrawn" or (id, "Validated" if id in IDS[:5] else "Default") in statuses
            changed(cut, what)
        assert cut.seen() == expected, f"stopped after step {stop} of {steps}"
    assert list(problems_in(whole.store)) == []


@pytest.mark.parametrize("few", [0, 500])
@pytest.mark.parametrize("what", ["undo", "withdraw"])
def test_failing_anywhere_it_can_be_asked_for_again_and_jobs_settle_what_was_touched(
    talk: Callable[..., Talk], what: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = changed(talk("usual"), what)
    in_small_steps(monkeypatch, few)
    whole = talk("whole")
    for stop in range(1, whole.run(getattr(whole, what)())):
        broken = talk(f"talk{stop}")
        making = getattr(broken, what)()
        broken.run(making, stop)
        for step in making.give_up():
            broken.store.write(step).result()
        broken.work_off()
        if broken.ask("max", "GET", f"assignments/{broken.plan}")["state"] == "live":
            changed(broken, what)
        assert broken.seen() == expected, f"failed after step {stop}"
    assert list(problems_in(whole.store)) == []
